"""What changes in a value while it is trained: its arrays and numbers, in order, for a checkpoint.

Frozen dataclasses and tuples are gone through field by field; devices' own parameters, circuits and streams, which are
drawn again from the seed, are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from archsim.errors import InputError
from archsim.numeric import Crossbar, Stream
from archsim.numeric.update import Cells, PairCells

Leaf = NDArray[np.generic]
Value = TypeVar("Value")
_CONSTANT = (Cells, PairCells, Crossbar, Stream, Enum, bool, str, type(None))


def leaves(value: object) -> Iterator[Leaf]:
    """Arrays and numbers of a value, in the order of its fields."""
    if isinstance(value, _CONSTANT):
        return
    if isinstance(value, (np.ndarray, int, float, np.generic)):
        yield np.asarray(value)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from leaves(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name))


def with_leaves(value: Value, given: Iterator[Leaf]) -> Value:
    """The same value with other arrays and numbers, taken in order.

    Raises
    ------
    InputError
        If one of them has another shape or type.
    """
    return cast(Value, _rebuilt(value, given))


def _rebuilt(value: object, given: Iterator[Leaf]) -> object:
    if isinstance(value, _CONSTANT):
        return value
    if isinstance(value, (np.ndarray, int, float, np.generic)):
        return _like(value, next(given, None))
    if isinstance(value, tuple):
        return tuple(_rebuilt(item, given) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _rebuilt(getattr(value, field.name), given) for field in fields(value)})
    return value


def _like(value: object, leaf: Leaf | None) -> object:
    wanted = np.asarray(value)
    if leaf is None or leaf.shape != wanted.shape or leaf.dtype != wanted.dtype:
        raise InputError(
            "it holds arrays of other shapes than this training has",
            where="checkpoint",
            remedy="Resume with the model, the chip and the options that it was written with.",
        )
    return leaf if isinstance(value, np.ndarray) else leaf.item()
