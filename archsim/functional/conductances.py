"""Conductance maps of all arrays as a file, so that measured ones can be put in the place of programmed ones.

The file is an ``.npz`` with one array per plane of cells, in siemens, named
``LAYER/REPLICA/ROW/COLUMN/PLANE``: the layer's name, the copy, the row block, the column block, and the plane in the
encoding's order (positive before negative side of a pair).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archsim.errors import InputError
from archsim.functional.array_files import read_arrays
from archsim.functional.arrays import Arrays, Block
from archsim.functional.model import Model
from archsim.numeric import ProgrammedArray, program_measured


def save_conductances(path: Path, model: Model, arrays: Arrays) -> None:
    """Write the conductances just after programming.

    Parameters
    ----------
    path : Path
        Ends in ``.npz``.
    model : Model
    arrays : Arrays

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    maps = {
        _name(model, block, plane): cells.programmed_s
        for block, array in zip(arrays.blocks, arrays.arrays, strict=True)
        for plane, cells in enumerate(array.planes)
    }
    part = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    try:
        np.savez_compressed(part, **maps)  # type: ignore[arg-type]
        part.replace(path)
    except OSError as fault:
        raise InputError(
            f"the file cannot be written: {fault.strerror or fault}",
            where=str(path),
            remedy="Give a path that you may write to.",
        ) from fault


def load_conductances(path: Path, model: Model, arrays: Arrays) -> Arrays:
    """The arrays with the conductances of a file; their converters are to be calibrated again.

    Drift starts from the new conductances; targets, scales and randomness stay.

    Parameters
    ----------
    path : Path
        As ``save_conductances`` writes it.
    model : Model
    arrays : Arrays
        Programmed with the same settings.

    Raises
    ------
    InputError
        If the file cannot be read, or a map is missing, unknown, of a wrong shape or not finite.
    """
    maps = _maps(path)
    wanted = {
        _name(model, block, plane)
        for block, array in zip(arrays.blocks, arrays.arrays, strict=True)
        for plane in range(len(array.planes))
    }
    _check_names(path, wanted, set(maps))

    def measured(block: Block, array: ProgrammedArray) -> ProgrammedArray:
        planes = tuple(maps[_name(model, block, plane)] for plane in range(len(array.planes)))
        return _placed(path, _name(model, block, 0), planes, array)

    return arrays.mapped(measured)


def _placed(path: Path, name: str, planes: tuple[NDArray[np.float64], ...], array: ProgrammedArray) -> ProgrammedArray:
    try:
        return program_measured(planes, array)
    except InputError as fault:
        raise InputError(fault.what, where=f"{path}, {name}", remedy=fault.remedy) from fault


def _name(model: Model, block: Block, plane: int) -> str:
    key = block.key
    return f"{model.layer(key.layer).name}/{key.replica}/{key.row}/{key.column}/{plane}"


def _maps(path: Path) -> dict[str, NDArray[np.float64]]:
    return read_arrays(path, "conductances", "Give a file of save_conductances.")


def _check_names(path: Path, wanted: set[str], found: set[str]) -> None:
    if wanted != found:
        wrong = [f"lacks {name}" for name in sorted(wanted - found)[:3]]
        wrong += [f"holds {name}, which is no plane of this model" for name in sorted(found - wanted)[:3]]
        raise InputError(
            f"the file {'; '.join(wrong)} ({len(wanted ^ found)} in all)",
            where=str(path),
            remedy="Save the conductances of the same model, chip and placement, and change only the values.",
        )
