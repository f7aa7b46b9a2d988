"""What zeros in operands save on a systolic array.

Skipped zeros shorten what lies along the array: those of the operand that stays shorten the rows of its folds, those of
the operand that flows along the rows shorten the stream, and where sums stay, both shorten the stream. With a pattern
(two of every four), that is exact. Without one, the lines of an array have different numbers of zeros and wait for the
one with fewest: of n independent elements, each kept with probability d, the longest of L lines is about
n d + sqrt(2 ln L n d (1 - d)), the extreme of L normal variables.

In memory, an element that is kept takes its bits and, with a pattern, its place in its group; without one there is a
bit for every element, kept or not. Gated zeros save the energy of multiplications, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil, log, log2, sqrt

from archsim.chip.stepped_tile import Zeros, ZeroUse
from archsim.machine.systolic.folds import Folded, Operand, pieces


def thinned(folded: Folded, zeros: Mapping[Operand, Zeros | None], array: tuple[int, int]) -> Folded:
    """The sizes that are left to work on, on an array of so many rows and columns."""
    rows, columns = array
    across = shortened(folded.in_time, zeros[folded.across], rows)
    if folded.stays is Operand.SUMS:
        return replace(folded, in_time=shortened(across, zeros[folded.down], columns))
    return replace(folded, along_rows=shortened(folded.along_rows, zeros[folded.stays], columns), in_time=across)


def shortened(size: int, zeros: Zeros | None, lines: int) -> int:
    """Elements that the longest of so many lines keeps, of so many that it has."""
    if zeros is None or zeros.use is ZeroUse.GATED:
        return size
    kept = 1.0 - zeros.share
    if zeros.group is not None:
        return max(1, min(size, pieces(size, zeros.group) * round(zeros.group * kept)))
    longest = size * kept + sqrt(2.0 * log(lines) * size * kept * zeros.share)
    return max(1, min(size, ceil(longest - 1e-9)))


def stored_share(bits: int, zeros: Zeros | None) -> float:
    """Bits of an operand in memory, of those that it has with all its zeros, for elements of so many bits."""
    if zeros is None or zeros.use is ZeroUse.GATED:
        return 1.0
    kept = 1.0 - zeros.share
    place = kept * ceil(log2(zeros.group)) if zeros.group is not None else 1.0
    return min(1.0, kept + place / bits)


def multiplied_share(zeros: Mapping[Operand, Zeros | None]) -> float:
    """Multiplications that are made, of all: those with no zero in them."""
    share = 1.0
    for found in zeros.values():
        share *= 1.0 if found is None else 1.0 - found.share
    return share
