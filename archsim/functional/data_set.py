"""Data files: inputs of a model with what it should say about them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from archsim.errors import InputError
from archsim.functional.batches import Data
from archsim.functional.model import Model
from archsim.functional.runtime import Tensor

LABELS = "labels"
CALIBRATION = "calibration."
CALIBRATED_ON = 64
"""Samples of the data that serve for calibration where the file has none of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """A data file, checked against a model.

    Parameters
    ----------
    data : Data
    labels : ndarray or None
        What the metric compares the first output with.
    calibration : Data
        Samples by which converters' ranges are set.
    notes : tuple of str
        What the reader of results should know.
    """

    data: Data
    labels: Tensor | None
    calibration: Data
    notes: tuple[str, ...] = ()


def read_data_set(path: Path, model: Model) -> DataSet:
    """Read an ``.npz`` file: one array per input of the model, ``labels``, and ``calibration.INPUT`` for each input.

    Without calibration samples, the first of the data serve.

    Raises
    ------
    InputError
        If the file cannot be read, or its arrays do not fit the model.
    """
    arrays = _arrays(path)
    labels = arrays.pop(LABELS, None)
    own = {name.removeprefix(CALIBRATION): arrays.pop(name) for name in list(arrays) if name.startswith(CALIBRATION)}
    data = model.data(arrays)
    notes = (data.layout.note,) if data.layout.note else ()
    if own:
        return DataSet(data, labels, model.data(own), notes)
    few = data.first(CALIBRATED_ON)
    first = f"the first {few.samples} samples of the data"
    note = f"Ranges of converters were calibrated on {first}: {path.name} has no others."
    return DataSet(data, labels, few, (*notes, note))


def _arrays(path: Path) -> dict[str, Tensor]:
    try:
        with path.open("rb") as stored, np.load(stored, allow_pickle=False) as file:
            return {name: np.asarray(file[name]) for name in file.files}
    except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as fault:
        raise InputError(
            f"the file cannot be read as data: {fault}",
            where=str(path),
            remedy="Write it with numpy.savez: one array per input of the model, and 'labels'.",
        ) from fault
