"""Engines that run a Program: the SimPy reference and the compiled one, equal to the picosecond."""

import lazy_loader

# What __init__.pyi names is loaded when it is first used: who finds a run that was done before need not wait for numba.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
