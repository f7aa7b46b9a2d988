"""Which known word somebody meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like the given one, if any is; one that it abbreviates comes first."""
    asked, offered = word.lower(), tuple(known)
    full = tuple(one for one in offered if _abbreviates(asked, one))
    return next(iter(get_close_matches(asked, full or offered, n=1, cutoff=0.0 if full else 0.5)), None)


def _abbreviates(short: str, word: str) -> bool:
    """Whether a word's letters stand in another, in order and from its beginning, as ``cols`` in ``columns``."""
    letters = iter(word)
    return len(short) > 1 and word.startswith(short[0]) and all(letter in letters for letter in short)
