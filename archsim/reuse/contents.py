"""Names of values by their contents: equal names mean equal contents, in any process."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

BYTES = 16
"""Of a name: two contents meet by chance once in 2^64 names."""


class Nameless(TypeError):
    """A value of a kind whose contents cannot be told."""


class _Sink(Protocol):
    def update(self, data: bytes, /) -> None: ...


def name_of(value: object) -> str:
    """A text that only values with the same contents share.

    Parameters
    ----------
    value
        Frozen dataclasses, arrays, mappings, rows, sets, numbers, texts, choices.

    Raises
    ------
    Nameless
        If it holds anything else.
    """
    digest = hashlib.blake2b(digest_size=BYTES)
    _feed(value, digest)
    return digest.hexdigest()


def _feed(value: object, into: _Sink) -> None:
    if value is None or isinstance(value, str | bytes | int | float | Enum):
        text = repr(value).encode()
        into.update(b"%d:" % len(text) + text)
    elif isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise Nameless("an array of objects has no name")
        _feed((value.dtype.str, *value.shape), into)
        into.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, np.generic):
        _feed((value.dtype.str, value.tobytes()), into)
    else:
        kind, parts = type(value), list(_parts(value))
        into.update(f"{kind.__module__}.{kind.__qualname__}({len(parts)}".encode())
        for part in parts:
            _feed(part, into)


def _parts(value: object) -> Iterator[object]:
    if is_dataclass(value) and not isinstance(value, type):
        yield from (getattr(value, field.name) for field in fields(value))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield item
    elif isinstance(value, tuple | list):
        yield from value
    elif isinstance(value, frozenset | set):
        yield from sorted(value, key=repr)
    else:
        raise Nameless(f"a {type(value).__name__} has no name")


class Names:
    """Names of objects that are asked for again and again, each made once as long as the object lives."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[object], str]] = {}

    def of(self, value: object) -> str:
        """As `name_of`.

        Parameters
        ----------
        value
            Frozen, and of a kind that can be referred to weakly.
        """
        known = self._known.get(id(value))
        if known is not None and known[0]() is value:
            return known[1]
        name, number = name_of(value), id(value)
        self._known[number] = weakref.ref(value, lambda _: self._known.pop(number, None)), name
        return name


def arrays_of(value: object) -> Iterator[NDArray[np.generic]]:
    """All arrays in frozen dataclasses, mappings and rows."""
    if isinstance(value, np.ndarray):
        yield value
    elif (is_dataclass(value) and not isinstance(value, type)) or isinstance(value, Mapping | tuple | list):
        for part in _parts(value):
            yield from arrays_of(part)
