"""Comparisons, as ``area_m2 <= 400 mm^2`` or ``tile.array.rows <= tile.array.columns``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from archsim.errors import InputError

_FORM = re.compile(r"\s*(?P<left>.+?)\s*(?P<sign><=|>=|==|!=|<|>)\s*(?P<right>.+?)\s*")


class Sign(StrEnum):
    """How two sides stand to each other."""

    AT_MOST = "<="
    AT_LEAST = ">="
    BELOW = "<"
    ABOVE = ">"
    SAME = "=="
    OTHER = "!="

    @property
    def holds(self) -> Callable[[object, object], bool]:
        """Whether it is so of two values."""
        return _HOLDS[self]


_HOLDS: dict[Sign, Callable[..., bool]] = {
    Sign.AT_MOST: operator.le,
    Sign.AT_LEAST: operator.ge,
    Sign.BELOW: operator.lt,
    Sign.ABOVE: operator.gt,
    Sign.SAME: operator.eq,
    Sign.OTHER: operator.ne,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides as they are written, and the sign between them."""

    left: str
    sign: Sign
    right: str

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


def read_comparison(text: str, where: str) -> Comparison:
    """Read a comparison.

    Raises
    ------
    InputError
        If it is of another form.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise InputError(
            f"{text!r} compares nothing", where=where, remedy="Write two sides and <=, >=, <, >, == or != between them."
        )
    return Comparison(found["left"], Sign(found["sign"]), found["right"])
