"""Every algorithm, by name: the built-in ones, and those that packages offer."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache

from archsim.errors import InputError
from archsim.registration import refuse_taken, registered
from archsim.training.algorithms.agad import AGAD
from archsim.training.algorithms.chopped import CHOPPED
from archsim.training.algorithms.complex_cell import COMPLEX_CELL
from archsim.training.algorithms.contract import Method
from archsim.training.algorithms.mixed_precision import MIXED_PRECISION
from archsim.training.algorithms.sgd import SGD
from archsim.training.algorithms.tiki_taka import TIKI_TAKA
from archsim.training.algorithms.tiki_taka_2 import TIKI_TAKA_2

GROUP = "archsim.training_algorithms"
_BUILT_IN = (SGD, TIKI_TAKA, TIKI_TAKA_2, CHOPPED, AGAD, MIXED_PRECISION, COMPLEX_CELL)


@lru_cache(maxsize=1)
def methods() -> tuple[Method, ...]:
    """Every algorithm: the built-in ones, then those of the entry point group ``archsim.training_algorithms``.

    Raises
    ------
    InputError
        If a package's entry point cannot be loaded, is no Method, or takes a name that exists.
    """
    found = list(_BUILT_IN)
    for where, method in registered(GROUP, Method, "training algorithm"):
        refuse_taken(method.name, [other.name for other in found], f"training algorithm {method.name!r}", where)
        found.append(method)
    return tuple(found)


def method(name: str, where: str) -> Method:
    """An algorithm by its name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    known = {entry.name: entry for entry in methods()}
    if name not in known:
        near = get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise InputError(
            f"there is no training algorithm {name!r}",
            where=where,
            remedy=f"{hint}Choose one of {', '.join(known)}.",
        )
    return known[name]
