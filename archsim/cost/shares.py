"""Parts that draw a share of what others do: clock distribution, control, power conversion by measured fractions.

What is published of them is a fraction of a chip's or a router's power, itself included: x = s (sum of the others + x).
Several shares may include each other, so that they are solved together: x = s (M x + E), where M says which shares each
one counts (itself always) and E are the joules of the other parts that it counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from archsim.chip import Chip
from archsim.chip.other_part import OtherPart
from archsim.cost.model import nearest
from archsim.errors import InputError
from archsim.machine import Part

Along = Mapping[str, tuple[tuple[str, float], ...]]


@dataclass(frozen=True, slots=True)
class _Share:
    """A part that draws a share, and what it counts, itself aside."""

    name: str
    share: float
    of: frozenset[str]


def along_of(chip: Chip, listed: Sequence[Part]) -> Along:
    """Joules of each part that draws a share with each joule of the other parts, by its name.

    Parameters
    ----------
    chip : Chip
    listed : sequence of Part
        All of its parts.

    Raises
    ------
    InputError
        If a share counts what is not there, has a policy of its own, or all shares together leave nothing to others.
    """
    shares = [found for part in listed if (found := _share(part, chip, listed))]
    if not shares:
        return {}
    names = [share.name for share in shares]
    others = [part.name for part in listed if part.name not in names]
    each = _solved(shares, others, chip)
    return {
        name: tuple((other, value) for other, value in zip(others, row.tolist(), strict=True) if value)
        for name, row in zip(names, each, strict=True)
    }


def _share(part: Part, chip: Chip, listed: Sequence[Part]) -> _Share | None:
    choice = part.choice
    if not isinstance(choice, OtherPart) or choice.share is None or choice.of is None:
        return None
    where = f"chip {chip.name!r}, {part.where}"
    if part.name in chip.power.parts:
        raise InputError(
            f"{part.name!r} has a policy, and draws a share of what other parts do",
            where=f"chip {chip.name!r}, power.parts.{part.name}",
            remedy="Remove it: the share goes with the states of the parts that it counts.",
        )
    counted = [name for pattern in choice.of for name in _matching(pattern, listed, where)]
    return _Share(part.name, choice.share, frozenset(counted) - {part.name})


def _matching(pattern: str, listed: Sequence[Part], where: str) -> list[str]:
    here = tuple(part.name for part in listed if part.on_die)
    found = [name for name in here if fnmatchcase(name, pattern)]
    if not found:
        raise InputError(f"{pattern!r} names no part on the die", where=f"{where}.of", remedy=nearest(pattern, here))
    return found


def _solved(shares: Sequence[_Share], others: Sequence[str], chip: Chip) -> NDArray[np.float64]:
    """Joules of each share per joule of each other part, shape ``(shares, others)``."""
    size = np.array([share.share for share in shares])[:, None]
    mutual = size * np.array([[one is two or two.name in one.of for two in shares] for one in shares], np.float64)
    counted = size * np.array([[name in share.of for name in others] for share in shares], np.float64)
    if np.abs(np.linalg.eigvals(mutual)).max() >= 1.0:
        raise InputError(
            f"the shares of {', '.join(share.name for share in shares)} leave nothing for what they are shares of",
            where=f"chip {chip.name!r}, other",
            remedy="Shares that count each other must be less than 1 together.",
        )
    return np.asarray(np.linalg.solve(np.eye(len(shares)) - mutual, counted), np.float64)
