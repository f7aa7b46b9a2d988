"""How randomness is keyed: (seed, block, purpose) name a stream; rows and pages address draws inside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np

from archsim.numeric.guards import require
from archsim.numeric.philox import Key


class Purpose(IntEnum):
    """What the draws of a stream are for; the numbers are part of every result and never change."""

    PROGRAMMING = 0
    VERIFY = 1
    DRIFT = 2
    LOW_FREQUENCY = 3
    FAULT = 4
    FAULT_LEVEL = 5
    READ = 6
    REFERENCE_READ = 7
    INPUT = 8
    COLUMN_GAIN = 9
    COLUMN_NOISE = 10
    COMPENSATION = 11
    DEVICE = 12
    PULSE = 13
    ROW_TRAIN = 14
    COLUMN_TRAIN = 15
    WRITE_NOISE = 16
    DIFFUSION = 17
    RESET = 18


@dataclass(frozen=True, slots=True)
class Stream:
    """The randomness of one programmed array.

    Parameters
    ----------
    seed : int
        Seed of the run, not negative.
    block : tuple of int
        Which array: layer, row block, column block, replica, or however the caller numbers its arrays. Streams of
        different blocks are independent, in whatever order the arrays are programmed or read. Numbers are below 2^64.
    """

    seed: int
    block: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        require(
            self.seed >= 0 and all(index >= 0 for index in self.block),
            f"is seed {self.seed}, block {self.block}",
            where="random stream",
            remedy="Give a seed and block numbers of at least 0.",
        )

    def key(self, purpose: Purpose, *indices: int) -> Key:
        """Philox key of one purpose; ``indices`` tell apart repetitions (reading times, steps), each at least 0."""
        return _key(self.seed, self.block, int(purpose), indices)


@lru_cache(maxsize=4096)
def _key(seed: int, block: tuple[int, ...], purpose: int, indices: tuple[int, ...]) -> Key:
    # Lengths come first and numbers take two words each, so that no two names run together.
    numbers = (purpose, *block, *indices)
    halves = (half for number in numbers for half in (number & 0xFFFFFFFF, number >> 32))
    sequence = np.random.SeedSequence(seed, spawn_key=(len(block), len(indices), *halves))
    first, second = sequence.generate_state(2, np.uint32)
    return int(first), int(second)


def time_index(time_s: float) -> int:
    """An integer that tells reading times apart: the bits of the float64, so that a time always has the same draws."""
    return int(np.float64(time_s).view(np.uint64))
