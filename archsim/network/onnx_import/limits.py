"""Sizes up to which a model is followed, checked before anything of that size is allocated."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from archsim.network.graph import MOST_TOKENS

MOST_ENTRIES = 2**26
"""Entries of a tensor whose places in the streams differ from each other, each of which is followed on its own."""
LARGEST_VALUE = 2**16
"""Elements up to which a constant's value is read and computed; larger ones are weights, of which the shape counts."""
MOST_ELEMENTS = 2**40
"""Elements of any tensor, weights included."""


class TooLarge(Exception):
    """Something would be larger than is followed; the text says how large, and what would fit."""


def check_shape(shape: Iterable[int]) -> tuple[int, ...]:
    """A shape whose sizes are not negative and whose elements can be counted.

    Raises
    ------
    ValueError
        If a size is negative.
    TooLarge
        If it has more than ``MOST_ELEMENTS``.
    """
    sizes = tuple(shape)
    if any(size < 0 for size in sizes):
        raise ValueError(f"the shape {sizes} has a negative size")
    # NumPy counts as if no size were 0.
    count = prod(max(1, size) for size in sizes)
    if count > MOST_ELEMENTS:
        raise TooLarge(f"a tensor of shape {sizes} has {count:.3g} elements; at most {MOST_ELEMENTS:.3g} fit")
    return sizes


def check_entries(shape: Iterable[int]) -> None:
    """Refuse an array of more than ``MOST_ENTRIES``."""
    sizes = tuple(shape)
    if prod(sizes) > MOST_ENTRIES:
        raise TooLarge(f"has {prod(sizes):.3g} entries to be followed; at most {MOST_ENTRIES:.3g} fit")


def check_stream(tokens: int, width: int) -> None:
    """Refuse a layer's stream of too many tokens, or of too wide ones."""
    if tokens > MOST_TOKENS:
        raise TooLarge(f"makes {tokens:.3g} tokens per sample; at most {MOST_TOKENS:.3g} fit")
    if width > MOST_ENTRIES:
        raise TooLarge(f"makes tokens of {width:.3g} elements; at most {MOST_ENTRIES:.3g} fit")
