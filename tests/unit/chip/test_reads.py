"""What is read of a chip is recorded, whichever way it is read."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from archsim.chip import Chip, load_chip
from archsim.chip.reads import ASKED, MISSING, Description, Reads, Unreadable, spelled
from archsim.chip.section import Section
from archsim.chip.tile import AnalogTile
from archsim.errors import InputError

CHIP = load_chip("pcm-mesh-14nm")


def places(node: object, above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Every field of a section and of those below it, found without what is tested."""
    if isinstance(node, Section):
        pairs = list(dict(node).items())
        own = {(*above, name) for name, _ in pairs}
    elif isinstance(node, dict):
        pairs, own = list(node.items()), set()
    else:
        return set()
    return own.union(*(places(child, (*above, str(name))) for name, child in pairs))


def test_only_what_is_asked_for_is_noted() -> None:
    reads = Reads(CHIP)
    assert reads.chip.tile.array.rows == CHIP.analog.array.rows  # type: ignore[attr-defined]
    assert set(reads.values) == {("tile",), ("tile", "array"), ("tile", "array", "rows")}
    assert "tile.array.rows" in reads
    assert "tile.array.columns" not in reads
    assert "tile.array.cost.energy.cell" not in reads


def test_properties_and_kinds_are_those_of_the_chip() -> None:
    reads = Reads(CHIP)
    assert isinstance(reads.chip.tile, AnalogTile)
    assert reads.chip.activation_bits == CHIP.activation_bits
    assert reads.chip.fabric.tile_count == CHIP.fabric.tile_count
    assert {"precision.activations", "fabric.tiles", "fabric.rows"} <= {".".join(place) for place in reads.values}


def test_a_mapping_is_read_by_its_keys_and_its_sections_one_by_one() -> None:
    reads = Reads(CHIP)
    name, unit = next(iter(reads.chip.units.items()))
    assert "units" in reads
    assert f"units.{name}.lanes" not in reads
    assert unit.lanes == CHIP.units[name].lanes
    assert f"units.{name}.lanes" in reads
    assert list(reads.chip.units) == list(CHIP.units)


def test_a_plain_mapping_is_read_as_a_whole() -> None:
    reads = Reads(CHIP)
    assert reads.chip.tile.array.cost.energy == CHIP.analog.array.cost.energy  # type: ignore[attr-defined]
    assert "tile.array.cost.energy.cell" in reads


WHOLES: dict[str, Callable[[Chip], object]] = {
    "dumped": lambda chip: chip.model_dump(),
    "as JSON": lambda chip: chip.model_dump_json(),
    "compared": lambda chip: chip == CHIP,
    "compared from the other side": lambda chip: CHIP == chip,  # noqa: SIM300 - this order is the case
    "shown": repr,
    "its variables": vars,
    "listed": dict,
    "pickled": lambda chip: pickle.loads(pickle.dumps(chip)),
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
    "changed in a copy": lambda chip: chip.model_copy(update={"name": "other"}),
}


@pytest.mark.parametrize("way", WHOLES)
def test_whoever_takes_the_whole_has_read_all(way: str) -> None:
    """An empty description would otherwise be written out, compared or copied as it is."""
    reads = Reads(CHIP)
    found, expected = WHOLES[way](reads.chip), WHOLES[way](CHIP)
    assert str(found) == str(expected)
    assert type(found) is type(expected)
    assert set(reads.values) == places(CHIP)


def test_what_a_chip_does_not_have_it_does_not_have_either() -> None:
    with pytest.raises(AttributeError, match="'Chip' object has no attribute 'nothing'"):
        _ = Reads(CHIP).chip.nothing  # type: ignore[attr-defined]


def test_a_description_says_at_each_place_what_reading_found() -> None:
    reads, description = Reads(CHIP), Description(CHIP)
    _ = vars(reads.chip)
    assert {place: description.at(place) for place in reads.values} == reads.values
    assert description.at(("tile", "array", "rows")) == repr(CHIP.analog.array.rows)
    assert description.at(("units", "no such", "lanes")) == MISSING
    assert description.at(("tile", "array", "rows", "deeper")) == MISSING


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0), (1, True), (0.0, -0.0), ("1", 1), (None, "None"), (0.1 + 0.2, 0.3),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ((1,), [1]), ({}, None),
        (CHIP.tile, CHIP.fabric), ({"a": CHIP.tile}, {"b": CHIP.tile}),
    ],
)  # fmt: skip
def test_no_two_values_are_spelled_alike(one: object, other: object) -> None:
    assert spelled(one) != spelled(other)
    assert spelled(one) == spelled(copy.deepcopy(one))


def test_a_value_without_an_exact_text_makes_a_reading_unusable() -> None:
    with pytest.raises(Unreadable):
        spelled(object())
    reads = Reads(CHIP.model_copy(update={"description": object()}))
    assert reads.chip.name == CHIP.name
    assert reads.readable
    _ = reads.chip.description
    assert not reads.readable


def test_questions_are_noted_with_their_answers() -> None:
    asked: list[tuple[str, ...]] = []

    def answer(*question: str) -> int:
        asked.append(question)
        return len(question)

    reads, description = Reads(CHIP, answer), Description(CHIP).beside(answer)
    assert reads.ask("room", "3") == 2
    assert reads.values == {(ASKED, "room", "3"): "2"}
    assert description.at((ASKED, "room", "3")) == description.at((ASKED, "room", "3")) == "2"
    assert asked == [("room", "3")] * 2
    with pytest.raises(LookupError, match="nobody answers"):
        Reads(CHIP).ask("room")


def test_what_a_part_has_read_the_whole_has_read_too() -> None:
    whole, part, description = Reads(CHIP), Reads(CHIP, lambda: 7), Description(CHIP, lambda: 7)
    _ = whole.chip.name, part.chip.tile, part.ask()
    whole.read_too(part.values, description)
    assert list(whole.values) == [("name",), ("tile",)]
    assert whole.values["tile",] == spelled(CHIP.tile)


def test_what_has_no_text_equals_nothing_that_was_read() -> None:
    description = Description(CHIP.model_copy(update={"description": object()}))
    assert description.at(("description",)) == ""


def test_a_refused_answer_is_none_that_could_be_noted() -> None:
    def answer(*_: str) -> object:
        raise InputError("no such layer", where="mapping.digital", remedy="Name another.")

    with pytest.raises(InputError):
        Reads(CHIP, answer).ask("pace")
    texts = {spelled(value) for value in ("", None, 0, 0.0, False, (), {})}
    assert Description(CHIP).beside(answer).at(("?", "pace")) not in texts
