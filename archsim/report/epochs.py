"""What an epoch of a training takes on its chip, where the chip file says what training takes."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from pydantic import JsonValue

from archsim.accounting import Headline
from archsim.chip import Chip, load_chip
from archsim.chip.tile import AnalogTile
from archsim.errors import ArchsimError
from archsim.lowering.learning import samples_to_run
from archsim.network import Learning, Network
from archsim.network.backward import training_network
from archsim.report.document import Paragraph, Remark
from archsim.report.quantities import counted, engineering, significant
from archsim.simulation import Settings, load_network, simulate
from archsim.training.study import TrainingStudy
from archsim.workloads.mlp import perceptron

_WIDTHS = re.compile(r"\d+(-\d+)+")


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch, in the steady state of its mini-batches.

    Parameters
    ----------
    examples : int
    time_s, energy_j : float
    gops_per_w : float
    """

    examples: int
    time_s: float
    energy_j: float
    gops_per_w: float


def epoch_cost(study: TrainingStudy) -> Epoch | str | None:
    """What an epoch takes; a sentence why that is not known; or nothing, where the chip file does not say.

    Parameters
    ----------
    study : TrainingStudy
    """
    question = study.question
    chip = load_chip(question.chip, question.overrides)
    if not _timed(chip) or question.aware_s is not None:
        return None
    if question.choice is not None:
        return "what an epoch takes follows from the chip file's own algorithm, and another one was asked for"
    try:
        learning = Learning(question.plan.batch)
        trained = training_network(_network(study), learning)
        head = simulate(trained, chip, Settings(samples_to_run(learning, chip))).ledger.headline
    except ArchsimError as error:
        return f"what an epoch takes is not known: {error.what}"
    return _epoch(head, len(study.task.sets.training))


def epoch_part(cost: Epoch | str) -> Paragraph | Remark:
    """A line for readers."""
    if isinstance(cost, str):
        return Remark(f"Note: {cost}")
    return Paragraph(
        "An epoch",
        f" of {counted(cost.examples, 'example')} takes {engineering(cost.time_s, 's')} and "
        f"{engineering(cost.energy_j, 'J')}: {significant(cost.gops_per_w)} GOP/s/W (archsim run --training)",
    )


def epoch_data(cost: Epoch | str | None) -> JsonValue:
    """The same for programs, in SI units; nothing where it is not known."""
    data: JsonValue = asdict(cost) if isinstance(cost, Epoch) else None
    return data


def _epoch(head: Headline, examples: int) -> Epoch:
    return Epoch(examples, examples / head.throughput_per_s, examples * head.energy_per_sample_j, head.gops_per_w)


def _timed(chip: Chip) -> bool:
    training = chip.tile.training if isinstance(chip.tile, AnalogTile) else None
    return training is not None and training.timed


def _network(study: TrainingStudy) -> Network:
    """The network that was trained, as layers: a module of the user's has none."""
    question = study.question
    if not _WIDTHS.fullmatch(question.model):
        return load_network(question.model)
    widths = tuple(map(int, question.model.split("-")))
    network: Network = perceptron(question.model, widths, "relu" if question.relu else "sigmoid")
    return network
