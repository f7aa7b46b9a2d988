"""Small trained models with their test data, made by ``scripts/train_models.py``.

Three classifiers of scikit-learn's 8 x 8 digits (a copy of the UCI test set of Alpaydin and Kaynak, 1998) and a
character LSTM on the text of Python's language reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that comes with archsim.

    Parameters
    ----------
    name : str
    summary : str
        What it is.
    model, data : Path
        The ONNX file, and the ``.npz`` file of its test data.
    """

    name: str
    summary: str
    model: Path
    data: Path


def _of(name: str, data: str, summary: str) -> TrainedModel:
    return TrainedModel(name, summary, _HERE / f"{name}.onnx", _HERE / f"{data}.npz")


TRAINED = (
    _of("digits-cnn", "digits", "three convolutions, 8 x 8 digits"),
    _of("digits-lstm", "digits", "an LSTM over the rows of 8 x 8 digits"),
    _of("digits-transformer", "digits", "two transformer layers over the rows of 8 x 8 digits"),
    _of("characters-lstm", "characters", "a character LSTM on Python's language reference"),
)


def trained(name: str) -> TrainedModel | None:
    """The trained model of this name, or None."""
    return next((model for model in TRAINED if model.name == name), None)
