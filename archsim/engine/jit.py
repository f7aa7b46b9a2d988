"""How the compiled engine's functions are compiled: once per machine, then from a cache on disk."""

from __future__ import annotations

from archsim.compiled import Function, jit


def compiled(function: Function) -> Function:
    """Compile a function that may make arrays of its own."""
    return jit()(function)


def kernel(function: Function) -> Function:
    """Compile a function that makes no arrays.

    Reference counting is off: otherwise every array would be counted, atomically, at every use, which takes half of a
    tight loop's time.
    """
    return jit(_nrt=False)(function)


def inlined(function: Function) -> Function:
    """Merge a function into its callers before they are compiled, as calls cost more than small functions do."""
    return jit(inline="always", _nrt=False)(function)
