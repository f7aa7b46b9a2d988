"""What can be seen to be wrong with a study before anything runs, its words and paths aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from archsim.chip import load_chip
from archsim.chip.files import find
from archsim.chip.mapping_rules import Order
from archsim.chip.nearness import nearest
from archsim.errors import ArchsimError, InputError
from archsim.exploration.evaluation import Question, network_of
from archsim.exploration.figures import GENERATION, Figure
from archsim.exploration.parameters import Interval, Parameter
from archsim.exploration.schema import AccuracyPart, Scalar
from archsim.exploration.space import Space
from archsim.functional import load_metric
from archsim.mapping import Replication
from archsim.mapping.replication import named_layers
from archsim.network import Network
from archsim.studies.accuracy import model_files
from archsim.units import quantity

_WORDS = {"replicate": ("none", "balanced"), "schedule": tuple(order.value for order in Order)}
"""What settings of a run may say; copies by layer are no word."""
_COUNTS = ("batch", "interleave")
_CHIP = "chip"


def check_runs(space: Space) -> None:
    """See that chips can be loaded, and that runs are asked for in words and numbers that mean something.

    Raises
    ------
    InputError
    """
    study, where = space.study, space.where
    with at(f"{where}: chip"):
        find(study.chip)
    with at(f"{where}: {'set' if study.set else 'chip'}"):
        load_chip(study.chip, study.set)
    for field, given in (("replicate", study.run.replicate), ("schedule", study.run.schedule)):
        if isinstance(given, str):
            _check_word(field, given, f"{where}: run.{field}")
    for one in space.parameters:
        if one.of_run:
            _check_setting(one, f"{where}: parameters.{one.name}")
    with at(f"{where}: parameters.{_CHIP}"):
        for chip in space.chips:
            if chip != study.chip:
                load_chip(chip)


def _check_setting(one: Parameter, place: str) -> None:
    if isinstance(one.domain, Interval):
        if one.name not in _COUNTS or not one.domain.whole or one.domain.unit:
            raise InputError(
                f"{one.name} takes no values of a range", where=place, remedy="Write its values as a list."
            )
        _check_count(one.name, round(one.domain.low), place)
        return
    for value in one.domain.values:
        if one.name in _COUNTS:
            _check_count(one.name, value, place)
        elif one.name in _WORDS and value not in one.copies:
            _check_word(one.name, value, place)


def _check_word(field: str, given: Scalar, place: str) -> None:
    known = _WORDS[field]
    if given not in known:
        near = nearest(str(given), known)
        hint = f"Did you mean {near!r}? " if near else ""
        more = ", or copies by layer, as {choices: {more: {conv1: 8}}}" if field == "replicate" else ""
        raise InputError(
            f"{given!r} is no way to {field}", where=place, remedy=f"{hint}Known: {', '.join(known)}{more}."
        )


def _check_count(field: str, given: Scalar, place: str) -> None:
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise InputError(f"{given!r} is no {field}", where=place, remedy="Give whole numbers of at least 1.")


def check_question(question: Question, space: Space) -> None:
    """See that networks, the model of the accuracy and the baseline are there, and are what figures are asked of.

    Raises
    ------
    ArchsimError
    """
    networks, where = {}, space.where
    for name, part in question.networks.items():
        with at(f"{where}: networks.{name}"):
            networks[name] = network_of(name, part)
    _check_copies(space, networks)
    for figure, kind in (
        *((one.figure, "objectives") for one in question.objectives),
        *((limit.figure, "constraints") for limit in question.limits),
    ):
        _check_measured(figure, networks, f"{where}: {kind}")
    if question.accuracy is not None:
        _check_accuracy(question.accuracy, f"{where}: accuracy")
    if question.baseline is not None:
        with at(f"{where}: baseline"):
            load_chip(question.baseline.chip)


def _check_copies(space: Space, networks: Mapping[str, Network]) -> None:
    """Whether every layer that is to have copies is one of some network."""
    given: dict[str, Replication] = {"run.replicate": space.study.run.replicate}
    for one in space.parameters:
        given |= {f"parameters.{one.name}.choices.{choice}": copies for choice, copies in one.copies.items()}
    names = [layer.name for network in networks.values() for layer in network.matrices]
    for place, copies in given.items():
        with at(f"{space.where}: {place}"):
            for layer in () if isinstance(copies, str) else copies:
                named_layers(layer, names)


def _check_measured(figure: Figure, networks: Mapping[str, Network], place: str) -> None:
    """Whether every network has a figure that only decoders have."""
    if figure.name not in GENERATION:
        return
    decoders = [name for name, network in networks.items() if network.generation is not None]
    for name, network in networks.items():
        if figure.network not in ("", name):
            continue
        if network.generation is None:
            raise InputError(
                f"{name} generates no tokens: it has no {figure.name}",
                where=place,
                remedy=f"Write '{figure.name} of {decoders[0]}'." if decoders else "Take a figure of every network.",
            )
        if figure.name == "time_per_token_s" and network.generation.generated < 2:
            raise InputError(
                f"{name} generates one token: there is no time between tokens",
                where=place,
                remedy=f"Let it generate more: networks: {{{name}: {{generate: 16}}}}.",
            )


def _check_accuracy(part: AccuracyPart, place: str) -> None:
    data = None if part.data is None else Path(part.data)
    with at(f"{place}.model"):
        model_files(part.model, data)
    if data is not None and not data.is_file():
        raise InputError(f"there is no file {part.data!r}", where=f"{place}.data", remedy="Give an .npz file.")
    with at(f"{place}.at"):
        quantity(part.at, "s")
    if part.metric is not None:
        with at(f"{place}.metric"):
            load_metric(part.metric)


@contextmanager
def at(place: str) -> Iterator[None]:
    """Say of every error that it is at a place of the study."""
    try:
        yield
    except ArchsimError as error:
        raise type(error)(error.what, where=f"{place}{_within(error.where)}", remedy=error.remedy) from None


def _within(where: str) -> str:
    """Where it is within that place, unless it is called as on the command line."""
    return f": {where}" if "." in where or where.startswith("--set") else ""
