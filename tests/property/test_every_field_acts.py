"""Whatever field of a chip a user changes, something changes: what is computed, a note, or the change is refused.

Every field of a preset is given other values, one at a time. The bill (with its notes), the settings of the arrays'
numerics, the Programs of a few networks and the notes of a run are compared with those of the preset. A field may need
company to matter (a memory matters where something spills), so that it is tried in several situations.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import get_args

import numpy as np
import pytest

from archsim.accounting.scope import scope_of
from archsim.chip import Chip, chip_names, load_chip
from archsim.chip.roofline_tile import RooflineTile
from archsim.chip.section import Section
from archsim.cost import price
from archsim.errors import ArchsimError
from archsim.functional import crossbar_settings
from archsim.lowering import lower
from archsim.lowering.learning import samples_to_run
from archsim.mapping import place
from archsim.network import Digital, Matrix, Network, Primitive, Weights
from archsim.network.backward import training_network
from archsim.simulation import Settings, load_network, simulate
from archsim.training.settings import array_settings
from tests.networks import line

ORDINARY = ("pcm-mesh-14nm", "tpu-v1", "a100-80gb", "truenorth")

EXCEPTIONS = {
    r"name|description": "words for the reader",
    r"mapping\.dealing": "it chooses among balanced copies, of which tests/unit/mapping/test_rows.py has some",
    r"other\.[^.]+\.energy\..*": "parts that only draw power and take area have no actions",
}
"""Fields, as patterns of their paths, that may change nothing, and why."""


@dataclass(frozen=True)
class Situation:
    """Overrides under which a field is tried, the network that is placed, and whether it is run and accounted, too."""

    network: str
    overrides: tuple[str, ...] = ()
    run: bool = False


@cache
def network(name: str) -> Network:
    if name == "training":
        return training_network(load_network("mlp-hermes"))
    if name != "all-primitives":
        return load_network(name)
    every = Digital("all", tuple((primitive, 4096) for primitive in Primitive), whole_token=True)
    full, depthwise = Matrix(Weights(64, 64)), Matrix(Weights(9, 1, groups=64), taps=9)
    return line(("a", full), ("d", depthwise), ("n", every), tokens=16, width=64)


def situations(chip: Chip) -> Iterator[Situation]:
    """From the preset as it is to what makes memories, links and other laws matter."""
    return _stepped(chip) if chip.alone else _analog(chip)


def _stepped(chip: Chip) -> Iterator[Situation]:
    """Of devices that work layer by layer: room that is short, samples one by one, several devices, other widths."""
    yield from (Situation(name) for name in ("digits-cnn", "digits-transformer", "all-primitives", "digits-lstm"))
    yield Situation("digits-cnn", ("tile.buffer.capacity=1024 bit",))
    yield Situation("mlp-hermes", ("mapping.schedule.samples=1",), run=True)
    if chip.system.link is not None:
        yield Situation("digits-cnn", ("system.chips=3",))
    yield Situation("digits-cnn", (f"precision.activations={chip.tile.input_bits + 4}",))
    formats = chip.tile.formats if isinstance(chip.tile, RooflineTile) else {}
    yield from (Situation("mlp-hermes", (f"tile.format={name}",)) for name in formats)


def _analog(chip: Chip) -> Iterator[Situation]:
    yield from (Situation(name) for name in ("digits-cnn", "digits-transformer", "all-primitives"))
    small_units = [
        f"units.{name}.buffer.capacity=1 KiB" for name, unit in chip.units.items() if unit.buffer is not None
    ]
    for bits in (4096, 1024):
        yield Situation("digits-cnn", (f"tile.buffer.capacity={bits} bit", *small_units))
    one_array = ("tile.arrays=1",) if chip.analog.arrays > 1 else ()
    if one_array:
        yield Situation("digits-transformer", one_array)
    everywhere = [f"units.{name}.every=1" for name, unit in chip.units.items() if unit.where == "router"]
    small = ("fabric.rows=1", "fabric.columns=1", "fabric.tiles=null", *one_array, *everywhere)
    mesh = ("fabric.topology=mesh", "fabric.concentration=1")
    if chip.system.link is not None:
        yield Situation("digits-transformer", (*small, *mesh, "system.chips=as needed"))
    turns = ("fabric.rows=1", "fabric.columns=2", "fabric.tiles=null", *mesh, *one_array, *everywhere, "system.chips=1")
    yield Situation("digits-cnn", (*turns, "mapping.schedule.order=grouped"), run=True)
    yield Situation("digits-cnn", ("mapping.schedule.order=sequential",))
    bits = chip.analog.input.bits - 1 if chip.analog.input.bits > 2 else chip.analog.input.bits + 1
    yield Situation("digits-cnn", (f"tile.input.bits={bits}", f"tile.adc.bits={chip.analog.adc.bits - 1}"))
    yield Situation("digits-cnn", ("tile.input.sign_phases=2",))
    if chip.analog.training is not None and chip.analog.training.timed:
        yield Situation("training")
        backward = "tile.training.backward"
        bits = chip.analog.training.backward.adc_bits - 1
        yield Situation("training", (f"{backward}.adc_bits={bits}", f"{backward}.adc.bits={bits}"))
        yield Situation("training", (f"{backward}.driver.sign_phases=2",))


def alternatives(value: object, words: tuple[str, ...]) -> tuple[str, ...]:
    """Other values of a field, nearest first."""
    if isinstance(value, bool):
        return (str(not value).lower(),)
    if isinstance(value, int):
        others = (value + 1, value * 2, value - 1, value // 2, value * 100, max(1, value // 100))
        return tuple(str(other) for other in others if other >= 1 and other != value)
    if isinstance(value, float):
        return tuple(repr(other) for other in (value / 2, min(1.0, value * 1.1 + 0.01), value * 2 or 0.1))
    found = re.fullmatch(r"([-+\d.e]+) (.+)", str(value))
    if found:
        factors = (2, 0.5, 1.3, 50, 0.02, 1e4, 1e-4, 1e-8)
        return tuple(f"{float(found[1]) * factor or 1.0!r} {found[2]}" for factor in factors)
    return tuple(word for word in words if word != value) or (f"{value}x",)


def known_words(node: object, path: str) -> tuple[str, ...]:
    """The words that a field may have, where the schema has a list of them."""
    *above, last = path.split(".")
    for key in above:
        node = node.get(key) if isinstance(node, dict) else getattr(node, key, None)
    kind = type(node).model_fields[last].annotation if isinstance(node, Section) else None
    return tuple(str(word) for word in (kind if isinstance(kind, type) and issubclass(kind, Enum) else get_args(kind)))


def fields(node: dict[str, object], above: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """Every field of a chip that has a value, by its path."""
    for key, value in node.items():
        if isinstance(value, dict):
            yield from fields(value, (*above, key))
        elif value is not None:
            yield ".".join((*above, key)), value


def fingerprint(value: object) -> object:
    """A value that equals another's exactly where all that it holds does."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if dataclasses.is_dataclass(value):
        return type(value).__name__, *(fingerprint(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, dict):
        return tuple((key, fingerprint(item)) for key, item in value.items())
    if isinstance(value, (tuple, list)):
        return tuple(fingerprint(item) for item in value)
    return value if isinstance(value, (str, int, float, Enum, type(None))) else type(value).__name__


def outcome(compute: Callable[[], object]) -> object:
    """What is computed, or the words in which it is refused."""
    try:
        return hash(fingerprint(compute()))
    except ArchsimError as error:
        return str(error)


def results(preset: str, changes: tuple[str, ...]) -> Iterator[object]:
    """All that follows from a chip, the quickest first."""
    chip = load_chip(preset, changes)
    yield outcome(lambda: price(chip))
    yield outcome(lambda: scope_of(chip, price(chip)))
    yield outcome(lambda: crossbar_settings(chip))
    if not chip.alone and chip.analog.training is not None:
        yield outcome(lambda: array_settings(chip))
    for situation in situations(load_chip(preset)):
        yield outcome(lambda situation=situation: program(preset, situation, changes))


def program(preset: str, situation: Situation, changes: tuple[str, ...]) -> object:
    chip = load_chip(preset, (*situation.overrides, *changes))
    if situation.run:
        ran = simulate(network(situation.network), chip, Settings(batch=2))
        return ran.program, ran.ledger.notes
    placed = place(network(situation.network), chip)
    learning = placed.network.learning
    return lower(placed, batch=2 if learning is None else samples_to_run(learning, chip))


@cache
def unchanged(preset: str) -> tuple[object, ...]:
    return tuple(results(preset, ()))


def acts(preset: str, path: str, value: str) -> bool:
    """Whether another value of a field changes anything."""
    try:
        changed = results(preset, (f"{path}={value}",))
        return any(one != other for one, other in zip(unchanged(preset), changed, strict=True))
    except ArchsimError:
        # Refused where the chip is read: by the field's own rules, which name it.
        return True


def named(preset: str, path: str) -> bool:
    """Whether a note of the preset says of a field that it is without effect."""
    words = {word.strip(",()") for note in price(load_chip(preset)).notes for word in note.split()}
    return path in words


def numeric_only(preset: str, path: str) -> bool:
    """Whether a field acts on values alone, on a chip whose cells have no numeric model: accuracy refuses it whole."""
    try:
        crossbar_settings(load_chip(preset))
    except ArchsimError:
        return re.match(r"tile\.array\.(weight|imperfections|cell)\.", path) is not None
    return False


def dead(preset: str) -> list[str]:
    """Fields of a preset that change nothing and are no exception."""
    chip = load_chip(preset)
    return [
        path
        for path, value in fields(chip.model_dump(mode="json"))
        if not any(re.fullmatch(pattern, path) for pattern in EXCEPTIONS)
        and not any(acts(preset, path, other) for other in alternatives(value, known_words(chip, path)))
        and not named(preset, path)
        and not numeric_only(preset, path)
    ]


@pytest.mark.parametrize("preset", ORDINARY)
def test_every_field_acts(preset: str) -> None:
    assert dead(preset) == []


@pytest.mark.slow
@pytest.mark.parametrize("preset", sorted(set(chip_names()) - set(ORDINARY)))
def test_every_field_of_every_preset_acts(preset: str) -> None:
    assert dead(preset) == []
