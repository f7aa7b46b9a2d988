"""Which memory serves what, and how long it takes."""

from __future__ import annotations

from enum import Enum

from archsim.chip.schema import Chip
from archsim.chip.system import Memory
from archsim.errors import CapacityError
from archsim.machine.service import Service
from archsim.units import picoseconds


class Stored(Enum):
    """What is kept in a memory, in words, and where it is best kept, as ``Memory.where`` says it."""

    TABLES = ("look-up tables", "system")
    """Large, and read once per token."""
    WEIGHTS = ("weights that are written anew", "system")
    """Larger still, and read once per turn."""
    ACTIVATIONS = ("tokens that no buffer can hold", "chip")
    """Smaller, and written as often as they are read."""

    def __init__(self, words: str, where: str) -> None:
        self.words = words
        self.where = where


def memory_for(chip: Chip, stored: Stored, layer: str = "") -> tuple[str, Memory]:
    """The memory for something: the first that the chip describes where that is best kept, else the first of all.

    Parameters
    ----------
    chip : Chip
    stored : Stored
    layer : str
        Who needs it, for the error.

    Returns
    -------
    tuple of str and Memory
        Its name and its description.

    Raises
    ------
    CapacityError
        If the chip describes none.
    """
    described = sorted(chip.memory.items(), key=lambda item: item[1].where != stored.where)
    if described:
        return described[0]
    raise CapacityError(
        f"{stored.words} need a memory and the chip has none",
        where=f"chip {chip.name!r}, layer {layer!r}",
        remedy="Describe one in the chip file (memory: NAME: ...), or enlarge the buffers.",
    )


def memory_service(memory: Memory, bits: float) -> Service:
    """One access to a memory: its channels hold a stripe of it each, and move it side by side."""
    interval = picoseconds(max(bits, 1.0) / memory.bandwidth)
    return Service(interval, interval + picoseconds(memory.latency))
