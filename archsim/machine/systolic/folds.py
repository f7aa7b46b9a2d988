"""A product on an array of R rows and C columns: which of its three sizes lies along what, and how long a fold takes.

=================  ========  ==========  ========  ==========  ==========  ==========
dataflow           on rows   on columns  in time   stays       along rows  on columns
=================  ========  ==========  ========  ==========  ==========  ==========
weight-stationary  K         N           M         weights     inputs      sums
input-stationary   K         M           N         inputs      weights     sums
output-stationary  M         N           K         sums        inputs      weights
=================  ========  ==========  ========  ==========  ==========  ==========

M input vectors of K elements meet N columns. What stays is cut into *folds* of R x C. A fold's stream of length T is
skewed over rows and columns: T + R + C - 2 cycles; where operands stay, R cycles before it bring them in, while sums
that stay need none. SCALE-Sim (Samajdar et al., ISPASS 2020), whose convention this is, counts one cycle less for the
last fold of a layer, since none follows it. An array whose cells have a second register takes in the next fold
meanwhile: streams follow each other, and only the first fold is filled for and the last one drained.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from archsim.chip.stepped_tile import Dataflow
from archsim.machine.stepped import Product


class Operand(Enum):
    """The three matrices of a product."""

    INPUTS = "inputs"
    WEIGHTS = "weights"
    SUMS = "sums"


@dataclass(frozen=True, slots=True)
class Folded:
    """A product as an array sees it.

    Parameters
    ----------
    along_rows, along_columns, in_time : int
        Sizes of one matrix.
    stays, across, down : Operand
        What stays in the array, what enters along the rows, and what enters or leaves at the columns.
    """

    along_rows: int
    along_columns: int
    in_time: int
    stays: Operand
    across: Operand
    down: Operand

    @classmethod
    def of(cls, product: Product, dataflow: Dataflow) -> Folded:
        """Lay a product on an array."""
        vectors, rows, columns = product.vectors, product.rows, product.columns
        match dataflow:
            case Dataflow.WEIGHT_STATIONARY:
                return cls(rows, columns, vectors, Operand.WEIGHTS, Operand.INPUTS, Operand.SUMS)
            case Dataflow.INPUT_STATIONARY:
                return cls(rows, vectors, columns, Operand.INPUTS, Operand.WEIGHTS, Operand.SUMS)
            case Dataflow.OUTPUT_STATIONARY:
                return cls(vectors, columns, rows, Operand.SUMS, Operand.INPUTS, Operand.WEIGHTS)


def pieces(size: int, most: int) -> int:
    """Pieces of at most so much."""
    return -(-size // most)
