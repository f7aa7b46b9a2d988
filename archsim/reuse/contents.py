"""Names of values by their contents: equal names mean equal contents, in any process."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

BYTES = 16
"""Of a name: two contents meet by chance once in 2^64 names."""


class Nameless(TypeError):
    """A value of a kind whose contents cannot be told."""


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
    told: list[bytes] = []
    _tell(value, told)
    return hashlib.blake2b(b"".join(told), digest_size=BYTES).hexdigest()


def _tell(value: object, into: list[bytes]) -> None:
    """Add a value's text, of which no other value's is the beginning."""
    if value is None or isinstance(value, str | bytes | int | float | Enum):
        text = repr(value).encode()
        into += (b"%d:" % len(text), text)
    elif isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise Nameless("an array of objects has no name")
        into += (f"{value.dtype.str}{value.shape}".encode(), np.ascontiguousarray(value).tobytes())
    elif isinstance(value, np.generic):
        into += (f"{value.dtype.str}.".encode(), value.tobytes())
    else:
        kind, parts = type(value), _parts(value)
        into.append(f"{kind.__module__}.{kind.__qualname__}({len(parts)})".encode())
        for part in parts:
            _tell(part, into)


def _parts(value: object) -> Sequence[object]:
    names = _fields_of(value)
    if names is not None:
        return [getattr(value, name) for name in names]
    if isinstance(value, Mapping):
        return [part for item in value.items() for part in item]
    if isinstance(value, tuple | list):
        return value
    if isinstance(value, frozenset | set):
        return sorted(value, key=repr)
    raise Nameless(f"a {type(value).__name__} has no name")


def _fields_of(value: object) -> tuple[str, ...] | None:
    """Names of a dataclass's fields, looked up once; nothing of another value."""
    kind = type(value)
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None
    return _FIELDS[kind]


_FIELDS: dict[type, tuple[str, ...] | None] = {}


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
    elif _fields_of(value) is not None or isinstance(value, Mapping | tuple | list):
        for part in _parts(value):
            yield from arrays_of(part)
