"""A chip that is told what zeros a model and its data have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archsim.chip import Chip
from archsim.functional import LayerZeros, measured_zeros, prepare, read_data_set, shapes_in_data, with_zeros
from archsim.mapping import place
from archsim.simulation import load_network
from archsim.studies.accuracy import model_files

OWN = "own"
"""In the place of a data file: that of a trained model."""


@dataclass(frozen=True, slots=True)
class ZeroStudy:
    """Zeros of a model and its data.

    Parameters
    ----------
    chip : Chip
        That knows of them.
    samples : int
        In the data.
    layers : tuple of LayerZeros
    """

    chip: Chip
    samples: int
    layers: tuple[LayerZeros, ...]

    @property
    def note(self) -> str:
        """What was found, in words."""
        inputs, weights = ([getattr(layer, name) for layer in self.layers] for name in ("inputs", "weights"))
        return (
            f"zeros counted on {self.samples:,} samples: {min(inputs):.1%} to {max(inputs):.1%} of the layers' inputs, "
            f"{min(weights):.1%} to {max(weights):.1%} of their weights, each layer its own"
        )


def zero_study(model: str, chip: Chip, data: str) -> ZeroStudy:
    """Count the zeros of a model's weights, and of its layers' inputs on data.

    Parameters
    ----------
    model : str
        A trained model's name, or an ONNX file.
    chip : Chip
        That makes use of zeros.
    data : str
        An .npz file with one array per input, or ``own`` for a trained model's own.

    Raises
    ------
    ArchsimError
        If the model, the data or the chip cannot be used.
    """
    with_zeros(chip, ())
    path, file = model_files(model, None if data == OWN else Path(data))
    placed = prepare(path, place(load_network(path, shapes=shapes_in_data(file, path)), chip))
    data_set = read_data_set(file, placed)
    layers = measured_zeros(placed, data_set.data)
    return ZeroStudy(with_zeros(chip, layers), data_set.data.samples, layers)
