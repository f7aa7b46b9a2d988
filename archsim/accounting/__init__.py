"""Folding a Trace into a Ledger."""

import lazy_loader

# What __init__.pyi names is loaded when it is first used: a run's account needs neither its ladder nor its paths.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
