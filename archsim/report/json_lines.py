"""Millions of lines of JSON from columns, without a string of Python's for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
CHUNK = 1 << 18
"""Rows that are written at once."""
_MICRO = 1_000_000


def lines(rows: int, pieces: Callable[[slice], Sequence[pa.Array | str]]) -> Iterator[bytes]:
    """Lines, each after a comma and a break, many at a time.

    Parameters
    ----------
    rows : int
    pieces : callable
        From a slice of the rows to what their lines are put together from: arrays of strings, or what is the same in
        all of them.
    """
    for first in range(0, rows, CHUNK):
        joined = pc.binary_join_element_wise(",\n", *pieces(slice(first, first + CHUNK)), "")
        yield _bytes(joined)


def _bytes(strings: pa.Array) -> bytes:
    """All strings of an array one after the other: they lie so already."""
    _, offsets, data = strings.buffers()
    ends = np.frombuffer(offsets, np.int32)
    first, last = int(ends[strings.offset]), int(ends[strings.offset + len(strings)])
    return bytes(memoryview(data)[first:last]) if data is not None else b""


def whole_numbers(values: Numbers) -> pa.Array:
    """Integers as strings."""
    return pa.array(values).cast(pa.string())


def microseconds(picoseconds: Numbers) -> pa.Array:
    """Picoseconds as microseconds with six places, exactly.

    Examples
    --------
    >>> microseconds(np.array([1_500_000, 7])).to_pylist()
    ['1.500000', '0.000007']
    """
    whole, rest = np.divmod(picoseconds, _MICRO)
    padded = pc.utf8_lpad(whole_numbers(rest), 6, padding="0")
    return pc.binary_join_element_wise(whole_numbers(whole), padded, ".")


class Picked:
    """Strings that many rows share: each row has the number of its own.

    Parameters
    ----------
    texts : sequence of str
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = pa.array(texts, pa.string())

    def __call__(self, numbers: Numbers) -> pa.Array:
        """The rows' strings."""
        return self._texts.take(pa.array(numbers))
