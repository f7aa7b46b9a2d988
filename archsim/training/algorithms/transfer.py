"""Readings of single rows of the fast matrix, which all of the Tiki-Taka family take, and streams for its parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from archsim.numeric import FixedRange, InputCircuit, OutputCircuit, Stream, UnitScale, multiply_whole
from archsim.numeric.arrays import F32
from archsim.numeric.state import Crossbar
from archsim.numeric.update import Circuits, forward_crossbar

FAST, SLOW, READER, CHOPPER = range(4)
"""Numbers of an array's own streams."""
_CIRCUITS = Circuits(InputCircuit(bits=7, scale=UnitScale()), OutputCircuit(bits=9, range=FixedRange(20.0), noise=0.1))
"""A transfer's reading: one row at full scale, without noise or bound management (AIHWKIT's presets)."""


def own_stream(stream: Stream, number: int) -> Stream:
    """A stream of one part of an array."""
    return Stream(stream.seed, (*stream.block, number))


@dataclass(frozen=True, slots=True, eq=False)
class RowReader:
    """Reads single rows with the noise and the resolution of a transfer.

    Parameters
    ----------
    crossbar : Crossbar
        One row, whatever its weights.
    """

    crossbar: Crossbar

    def read(self, row: F32, turn: int) -> F32:
        """A row as it is read, shape (columns,); ``turn`` names the draws."""
        one = replace(self.crossbar, weights=row[None, :])
        found: F32 = multiply_whole(one, np.ones((1, 1), np.float32), first_sample=turn).outputs[0]
        return found


def row_reader(columns: int, stream: Stream) -> RowReader:
    """A reader of rows of some length."""
    return RowReader(forward_crossbar(np.zeros((1, columns), np.float32), _CIRCUITS, own_stream(stream, READER)))
