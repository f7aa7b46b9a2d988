"""Libraries that are loaded when something of them is first asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType


def load_late(name: str) -> None:
    """Let ``import NAME`` cost nothing until an attribute of it is asked for.

    For a process of our own: pandas alone takes a third of a start, and many commands make no table. Stands in for
    `importlib.util.LazyLoader`, which in Python 3.11 loads at the second ``import``.

    Parameters
    ----------
    name : str
        A package that nobody has imported yet.
    """
    if name in sys.modules:
        return
    stand_in = ModuleType(name)

    def ask(attribute: str) -> object:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]
        whole = import_module(name)
        stand_in.__dict__.pop("__getattr__", None)
        stand_in.__dict__.update(vars(whole))
        return getattr(whole, attribute)

    stand_in.__dict__["__getattr__"] = ask
    sys.modules[name] = stand_in
