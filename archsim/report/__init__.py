"""What was found, as documents, and documents as text, tables, JSON and files. Nothing here prints."""

import lazy_loader

# What __init__.pyi names is loaded when it is first used: who only lists names need not wait for all of it.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
