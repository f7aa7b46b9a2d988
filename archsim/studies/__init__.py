"""Studies: several evaluations that answer one question."""

import lazy_loader

# What __init__.pyi names is loaded when it is first used: only a study of accuracy needs what computes outputs.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
