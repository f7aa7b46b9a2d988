"""What a model still knows when it is coded as rates of spikes, tick by tick."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archsim.chip import Chip, load_chip
from archsim.chip.spiking_tile import SpikingTile
from archsim.errors import InputError
from archsim.functional import Compensation, Fired, RateModel, accuracy, calibrated, fire, load_metric, rate_model
from archsim.functional.array_files import read_arrays
from archsim.functional.data_set import CALIBRATED_ON, CALIBRATION, LABELS
from archsim.network import layer_macs
from archsim.simulation import load_network
from archsim.studies.accuracy import AccuracyQuestion, model_files

if TYPE_CHECKING:
    import pandas as pd

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, eq=False)
class RateStudy:
    """A model on spiking neurons.

    Parameters
    ----------
    question : AccuracyQuestion
    chip : Chip
    samples : int
    exact : float
        The metric in floating point.
    scores : DataFrame
        ``ticks, seed, score``, after 1, 2, 4 ... ticks and the last.
    rates : DataFrame
        ``layer, rate, reads``: spikes per neuron and tick of each input and layer of neurons over all ticks of the
        first seed, and the multiplications per sample that read them.
    """

    question: AccuracyQuestion
    chip: Chip
    samples: int
    exact: float
    scores: pd.DataFrame
    rates: pd.DataFrame

    @property
    def mean_rate(self) -> float:
        """Spikes per input of a product and tick, weighted by the products that read it: ``tile.mean_rate``."""
        return float((self.rates.rate * self.rates.reads).sum() / self.rates.reads.sum())


def spikes(question: AccuracyQuestion) -> bool:
    """Whether a question is about a chip of spiking neurons."""
    return isinstance(load_chip(question.chip, question.overrides).tile, SpikingTile)


def rate_study(question: AccuracyQuestion, progress: Callable[[], None] = lambda: None) -> RateStudy:
    """Run a model on spiking neurons.

    Parameters
    ----------
    question : AccuracyQuestion
        Its times mean nothing here; a seed is one of the inputs' random spikes.
    progress : callable, optional
        Told after each seed.

    Raises
    ------
    InputError
        If the model, the data or the chip cannot be used, or something is asked that means nothing here.
    """
    import pandas as pd  # late: a third of a start

    _refuse_meaningless(question)
    chip = load_chip(question.chip, question.overrides)
    assert isinstance(chip.tile, SpikingTile)
    path, data = model_files(question.model, question.data)
    model = rate_model(path)
    given = _arrays(data, model)
    metric = load_metric(question.metric) if question.metric else accuracy
    scale = calibrated(model, given.calibration)
    scores: list[tuple[int, int, float]] = []
    rates: dict[str, float] = {}
    for seed in range(question.plan.first_seed, question.plan.first_seed + question.plan.seeds):
        for fired in _shown(fire(model, given.inputs, scale, chip.tile.ticks, seed=seed), chip.tile.ticks):
            scores.append((fired.ticks, seed, metric(fired.outputs, given.labels)))
        rates = rates or fired.rates
        progress()
    exact = metric(model.in_floating_point(given.inputs), given.labels)
    table = pd.DataFrame(scores, columns=["ticks", "seed", "score"])
    return RateStudy(question, chip, given.samples, exact, table, _rates(model, rates, path, question))


def _refuse_meaningless(question: AccuracyQuestion) -> None:
    asked = (
        (question.compensation is not Compensation.NONE, "--compensation", "nothing drifts"),
        (question.replicate != "none", "--replicate", "every position has neurons of its own"),
        (question.sweep is not None, "--sweep", "all ticks of one run are shown"),
    )
    for given, option, why in asked:
        if given:
            raise InputError(f"on spiking neurons {why}", where=option, remedy="Leave it out.")


def _shown(run: Iterator[Fired], ticks: int) -> Iterator[Fired]:
    """After a power of two of ticks, and the last."""
    for fired in run:
        if fired.ticks & (fired.ticks - 1) == 0 or fired.ticks == ticks:
            yield fired


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    inputs: Arrays
    calibration: Arrays
    labels: NDArray[np.generic] | None

    @property
    def samples(self) -> int:
        return len(next(iter(self.inputs.values())))


def _arrays(path: Path, model: RateModel) -> _Given:
    arrays = read_arrays(path, "data", "Write it with numpy.savez: one array per input of the model, and 'labels'.")
    missing = [name for name in model.inputs if name not in arrays]
    if missing:
        raise InputError(
            f"there is no array {missing[0]!r}", where=str(path), remedy="Write one per input of the model."
        )
    inputs = {name: arrays[name] for name in model.inputs}
    own = {name: arrays.get(f"{CALIBRATION}{name}", array[:CALIBRATED_ON]) for name, array in inputs.items()}
    return _Given(inputs, own, arrays.get(LABELS))


def _rates(model: RateModel, rates: Mapping[str, float], path: Path, question: AccuracyQuestion) -> pd.DataFrame:
    """Rates, and the multiplications that read each."""
    import pandas as pd  # late: a third of a start

    network = load_network(path, shapes=question.shapes)
    macs = {layer.name: layer_macs(network, layer) for layer in network.matrices}
    reads = dict.fromkeys(rates, 0)
    for stage in model.stages:
        for source in stage.sources:
            reads[source] += sum(macs.get(node, 0) for node in stage.nodes)
    rows = [(name, rate, reads[name]) for name, rate in rates.items()]
    return pd.DataFrame(rows, columns=["layer", "rate", "reads"])
