"""How the compiled engine's functions are compiled: once per machine, then from a cache on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile a function that may make arrays of its own."""
    return cast(Function, njit(cache=True)(function))


def kernel(function: Function) -> Function:
    """Compile a function that makes no arrays.

    Reference counting is off: otherwise every array would be counted, atomically, at every use, which takes half of a
    tight loop's time.
    """
    return cast(Function, njit(cache=True, _nrt=False)(function))  # type: ignore[call-overload]


def inlined(function: Function) -> Function:
    """Merge a function into its callers before they are compiled, as calls cost more than small functions do."""
    return cast(Function, njit(cache=True, inline="always", _nrt=False)(function))  # type: ignore[call-overload]
