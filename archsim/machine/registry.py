"""The matrix unit of a chip, by the kind that its tile names."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import cast

from archsim.chip import Chip
from archsim.chip.tile_kinds import tile_kinds
from archsim.errors import InputError
from archsim.machine.matrix_unit import MatrixUnit


@cache
def _serves(kind: Hashable) -> bool:
    """Whether all of a kind have the members of a MatrixUnit: looked at once, as that takes longer than making one."""
    return all(hasattr(kind, member) for member in vars(MatrixUnit) if not member.startswith("_"))


def matrix_unit(chip: Chip) -> MatrixUnit:
    """What multiplies in the tiles of a chip.

    Raises
    ------
    InputError
        If what is registered under its name makes no MatrixUnit.
    """
    unit: object = tile_kinds()[chip.tile.unit].unit(chip)
    if _serves(cast(Hashable, type(unit))) or isinstance(unit, MatrixUnit):
        return cast(MatrixUnit, unit)
    raise InputError(
        f"the matrix unit {chip.tile.unit!r} is a {type(unit).__name__}, which lacks members of a MatrixUnit",
        where=f"chip {chip.name!r}, tile.unit",
        remedy="Mend the package that offers it: see archsim.machine.MatrixUnit.",
    )
