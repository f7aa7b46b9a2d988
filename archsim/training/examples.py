"""What a network is trained and tested on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archsim.errors import InputError
from archsim.functional.array_files import read_arrays
from archsim.numeric.arrays import F32, Integers

_LABELS, _TEST, _CALIBRATION = "labels", "test.", "calibration."
_HOW = "Write it with numpy.savez: one array of inputs and 'labels'; 'test.NAME' and 'test.labels' for a test set."


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Inputs with their classes.

    Parameters
    ----------
    inputs : ndarray of float32 (or int64, for a model that looks them up), shape (examples, ...)
    labels : ndarray of int64, shape (examples,) or (examples, steps)
    """

    inputs: F32 | Integers
    labels: Integers

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, places: Integers) -> Examples:
        """Some of them."""
        return Examples(self.inputs[places], self.labels[places])


@dataclass(frozen=True, slots=True, eq=False)
class ExampleSets:
    """A data file.

    Parameters
    ----------
    training, test : Examples
    note : str
        How they were told apart, where the file does not.
    """

    training: Examples
    test: Examples
    note: str


def read_examples(path: Path, *, holdout: float, seed: int) -> ExampleSets:
    """Read an ``.npz`` file.

    Parameters
    ----------
    path : Path
    holdout : float
        Share of the examples that is kept for the test where the file has no test set of its own.
    seed : int
        Of the choice of these.

    Raises
    ------
    InputError
        If it cannot be read, or lacks inputs or labels that fit.
    """
    arrays = read_arrays(path, "data", _HOW)
    arrays = {name: value for name, value in arrays.items() if not name.startswith(_CALIBRATION)}
    own = {name.removeprefix(_TEST): arrays.pop(name) for name in list(arrays) if name.startswith(_TEST)}
    given = _examples(arrays, path.name)
    if own:
        return ExampleSets(given, _examples(own, f"{path.name}, arrays 'test.'"), "")
    return _split(given, holdout, seed, path.name)


def _examples(arrays: dict[str, NDArray[np.generic]], where: str) -> Examples:
    labels = arrays.pop(_LABELS, None)
    if labels is None or len(arrays) != 1:
        raise InputError(
            f"it holds {', '.join(map(repr, sorted(arrays))) or 'no inputs'}{'' if labels is None else ' and labels'}",
            where=where,
            remedy=_HOW,
        )
    (inputs,) = arrays.values()
    if not np.issubdtype(labels.dtype, np.integer) or len(labels) != len(inputs) or labels.ndim > 2:
        raise InputError(
            f"its labels are {labels.dtype} of the shape {labels.shape}, its inputs of the shape {inputs.shape}",
            where=where,
            remedy="Give a whole number, the class, for each example (or each of its steps).",
        )
    if not np.isfinite(inputs.astype(np.float64)).all():
        raise InputError("its inputs hold NaN or infinity", where=where, remedy="Replace them by finite numbers.")
    return Examples(inputs.astype(np.float32), labels.astype(np.int64))


def _split(given: Examples, holdout: float, seed: int, name: str) -> ExampleSets:
    kept = round(holdout * len(given)) if 0 < holdout < 1 else 0
    if not 0 < kept < len(given):
        raise InputError(
            f"a share of {holdout:g} of {len(given)} examples leaves none to train or none to test",
            where="--holdout",
            remedy="Give a share such as 0.2, or a file with a test set of its own ('test.NAME', 'test.labels').",
        )
    order = np.random.default_rng(seed).permutation(len(given))
    note = f"{kept} of the {len(given)} examples of {name}, chosen at random, are the test set."
    return ExampleSets(given.at(np.sort(order[kept:])), given.at(np.sort(order[:kept])), note)
