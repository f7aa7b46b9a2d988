"""Making Programs from Placements."""

import lazy_loader

# What __init__.pyi names is loaded when it is first used: who finds a Program that was made before needs none of it.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
