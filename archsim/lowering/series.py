"""Periodic sequences under construction: curves of channels, durations of firings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from archsim.columns import Ids
from archsim.program import Series


@dataclass(frozen=True, slots=True)
class Sequence:
    """A periodic sequence in its shortest form: straight lines are one entry.

    Parameters
    ----------
    values : int64, shape (entries,)
        One period.
    advance : int
        From one period to the next.
    text : bytes
        The values', to find it again by.
    """

    values: Ids
    advance: int
    text: bytes

    @classmethod
    def of(cls, values: Ids, advance: int) -> Sequence:
        """A sequence given by one period and its advance."""
        values, advance = _shortest(values, advance)
        return cls(values, advance, values.tobytes())


@dataclass
class SeriesBook:
    """Periodic sequences, each kept once."""

    rows: dict[tuple[bytes, int], int] = field(default_factory=dict)
    values: list[Ids] = field(default_factory=list)
    advance: list[int] = field(default_factory=list)

    def add(self, values: Ids, advance: int) -> int:
        """Row of a sequence given by one period and its advance; straight lines are kept as one entry."""
        return self.take(Sequence.of(values, advance))

    def take(self, sequence: Sequence) -> int:
        """Row of a sequence."""
        key = (sequence.text, sequence.advance)
        if key not in self.rows:
            self.rows[key] = len(self.values)
            self.values.append(sequence.values)
            self.advance.append(sequence.advance)
        return self.rows[key]

    def one_by_one(self) -> int:
        """Row of the curve by which firing n takes token n."""
        return self.add(np.array([1], np.int64), 1)

    def finish(self) -> Series:
        """All rows as arrays."""
        length = np.array([len(values) for values in self.values], np.int64)
        return Series(
            start=np.cumsum(length) - length,
            length=length,
            advance=np.array(self.advance, np.int64),
            values=np.concatenate(self.values) if self.values else np.zeros(0, np.int64),
        )


def _shortest(values: Ids, advance: int) -> tuple[Ids, int]:
    steps = np.diff(values, append=values[0] + advance)
    return (values[:1], int(steps[0])) if (steps == steps[0]).all() else (values, advance)
