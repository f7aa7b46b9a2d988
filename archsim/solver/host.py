"""The processor beside the chip, which holds the exact numbers: how long its work takes, and what energy."""

from __future__ import annotations

from dataclasses import dataclass

from archsim.errors import InputError

BYTES = 8
"""Of a number in double precision."""


@dataclass(frozen=True, slots=True)
class Work:
    """Work in double precision.

    Parameters
    ----------
    operations : float
        Additions and multiplications.
    numbers : float
        Read from memory or written to it.
    """

    operations: float = 0.0
    numbers: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(self.operations + other.operations, self.numbers + other.numbers)

    def times(self, count: int) -> Work:
        """So many times."""
        return Work(self.operations * count, self.numbers * count)


def product_work(size: int) -> Work:
    """A dense matrix times a vector: every entry is read once and takes a multiplication and an addition."""
    return Work(2.0 * size**2, float(size**2 + 2 * size))


def step_work(size: int) -> Work:
    """A step of conjugate gradients but for its product: two inner products and three sums of vectors."""
    return Work(10.0 * size, 13.0 * size)


def factor_work(size: int) -> Work:
    """A Cholesky factorisation and two triangular solutions; the matrix and its factor pass memory once."""
    return Work(size**3 / 3 + 2.0 * size**2, 2.0 * size**2)


@dataclass(frozen=True, slots=True)
class Host:
    """A processor by its roofline. Nobody's figures are the default.

    Parameters
    ----------
    operations_per_s : float
        In double precision, as it reaches them.
    bytes_per_s : float
        From memory.
    power_w, idle_power_w : float
        At work, and while it waits for the chip.
    source : str
        Where the figures come from.
    """

    operations_per_s: float
    bytes_per_s: float
    power_w: float
    idle_power_w: float
    source: str

    def __post_init__(self) -> None:
        for name in ("operations_per_s", "bytes_per_s", "power_w"):
            if not getattr(self, name) > 0:
                raise InputError(f"{getattr(self, name)} is no {name}", where="host", remedy="Give a number above 0.")
        if self.idle_power_w < 0:
            raise InputError(f"{self.idle_power_w} W when idle", where="host", remedy="Give a number of at least 0.")

    def time_s(self, work: Work) -> float:
        """Seconds: those of the operations or of the numbers, whichever take longer."""
        return max(work.operations / self.operations_per_s, work.numbers * BYTES / self.bytes_per_s)
