"""A function of the user's own, named ``module:function`` at the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from archsim.errors import InputError


def named_function(text: str, *, where: str, remedy: str) -> Callable[..., object]:
    """The function that ``module:function`` names; modules of the current directory are found.

    Raises
    ------
    InputError
        If there is no such function, or its module fails while it is imported.
    """
    module, _, name = text.partition(":")
    if not module or not name or module.startswith("."):
        raise InputError(f"{text!r} names no function", where=where, remedy=remedy)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)  # and stays there: the function may import its neighbours when it is called
    try:
        found: object = getattr(import_module(module), name)
    except Exception as fault:  # the user's file runs, and may fail in any way
        what = f"{text!r} cannot be loaded ({type(fault).__name__}: {fault})"
        raise InputError(what, where=where, remedy=remedy) from fault
    if not callable(found):
        raise InputError(f"{text!r} is no function", where=where, remedy=remedy)
    return found
