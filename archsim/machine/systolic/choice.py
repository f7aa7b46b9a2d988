"""The loops that a product is run with: of all ways, the one that takes least time.

Time is the longer of computing and of what passes between memory and chip. Where several ways take as long, the one
that moves least is taken; where these move alike, the first: one part, folds of one column after each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil

from archsim.machine.stepped import Product
from archsim.machine.systolic.folds import Operand
from archsim.machine.systolic.loops import Loops, Shares


def shares_of(arrays: int, loops: Loops) -> Iterator[Shares]:
    """All ways to let so many arrays work side by side on one product, none on what there is not."""
    sums_stay = loops.folded.stays is Operand.SUMS
    for groups in _divisors(arrays):
        for columns in _divisors(arrays // groups):
            rest = arrays // groups // columns
            # Arrays of one column of folds would have to add each other's sums, where they leave the array.
            yield Shares(groups, rest, columns, 1) if sums_stay else Shares(groups, 1, columns, rest)


def _divisors(count: int) -> Iterator[int]:
    return (divisor for divisor in range(1, count + 1) if count % divisor == 0)


def parts_of(loops: Loops) -> Iterator[int]:
    """Cuts of the stream that are worth a look: none, and the fewest that let sums or a slab of inputs fit."""
    yield 1
    if loops.folded.stays is Operand.SUMS:
        return
    for operand, slabs in ((loops.folded.down, loops.column_folds), (loops.folded.across, 1)):
        size = loops.sizes[operand]
        needed = ceil(size.bits * loops.shares.groups / slabs / size.room) if size.room else 1
        if 1 < needed <= loops.folded.in_time:
            yield needed


def best_loops(one: Loops, arrays: int, product: Product, *, cycle_ps: int, bits_per_ps: float) -> Loops:
    """The loops that take least time.

    Parameters
    ----------
    one : Loops
        With one array, one part.
    arrays : int
    product : Product
    cycle_ps : int
        Picoseconds of a clock cycle.
    bits_per_ps : float
        Of the memory; infinite where nothing is fetched.
    """

    def cost(loops: Loops) -> tuple[float, float]:
        bits = moved_bits(loops, product)
        return max(float(loops.total_cycles * cycle_ps), bits / bits_per_ps), bits

    return min(_ways(one, arrays), key=cost)


def _ways(one: Loops, arrays: int) -> Iterator[Loops]:
    for shares in shares_of(arrays, one):
        shared = replace(one, shares=shares)
        for parts in parts_of(shared):
            for by_columns in (True, False):
                yield replace(shared, parts=parts, by_columns=by_columns)


def moved_bits(loops: Loops, product: Product) -> float:
    """Bits that pass between memory and chip."""
    operands = product.operands
    moved = loops.visits(Operand.INPUTS) * operands.inputs_fetched
    moved += loops.visits(Operand.WEIGHTS) * operands.weights_fetched
    spilt = 2.0 * (loops.visits(Operand.SUMS) - 1.0) * loops.sizes[Operand.SUMS].bits * loops.groups
    return float(moved + spilt + operands.outputs_written)
