"""The matrix unit of a chip, by the kind that its tile names."""

from __future__ import annotations

from archsim.chip import Chip
from archsim.chip.tile_kinds import tile_kinds
from archsim.errors import InputError
from archsim.machine.matrix_unit import MatrixUnit


def matrix_unit(chip: Chip) -> MatrixUnit:
    """What multiplies in the tiles of a chip.

    Raises
    ------
    InputError
        If what is registered under its name makes no MatrixUnit.
    """
    unit = tile_kinds()[chip.tile.unit].unit(chip)
    if isinstance(unit, MatrixUnit):
        return unit
    raise InputError(
        f"the matrix unit {chip.tile.unit!r} is a {type(unit).__name__}, which lacks members of a MatrixUnit",
        where=f"chip {chip.name!r}, tile.unit",
        remedy="Mend the package that offers it: see archsim.machine.MatrixUnit.",
    )
