"""Exploration: many chips for some networks, and which of them are best."""

import lazy_loader

# What __init__.pyi names is loaded when it is first used: workers need neither samplers nor databases.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
