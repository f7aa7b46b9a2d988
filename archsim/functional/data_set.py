"""Data files: inputs of a model with what it should say about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archsim.functional.array_files import read_arrays
from archsim.functional.batches import Data
from archsim.functional.graph_inputs import GraphInput, graph_inputs
from archsim.functional.model import Model
from archsim.functional.runtime import Tensor
from archsim.network.onnx_import.model_file import load

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


def shapes_in_data(path: Path, model: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of one sample of the inputs whose sizes a model's file leaves open, beyond the first, as data have them.

    Parameters
    ----------
    path : Path
        The data's file.
    model : Path
        The model's.

    Raises
    ------
    InputError
        If one of the files cannot be read.
    """
    entries = [entry for entry in graph_inputs(load(model).graph) if None in entry.sizes[1:]]
    arrays = _arrays(path) if entries else {}
    return {e.name: _of_one_sample(arrays[e.name].shape, e) for e in entries if _has_rank(arrays.get(e.name), e)}


def _has_rank(value: Tensor | None, entry: GraphInput) -> bool:
    return value is not None and value.ndim >= len(entry.sizes)


def _of_one_sample(shape: tuple[int, ...], entry: GraphInput) -> tuple[int, ...]:
    own = shape[len(shape) - len(entry.sizes) :]
    return (1, *own[1:]) if entry.sizes[0] is None else own


def _arrays(path: Path) -> dict[str, Tensor]:
    return read_arrays(path, "data", "Write it with numpy.savez: one array per input of the model, and 'labels'.")
