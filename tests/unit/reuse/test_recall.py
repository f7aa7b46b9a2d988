"""Names by contents, a memory of bounded size, and verbs that are not done twice."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pytest

from archsim.chip import load_chip
from archsim.chip.reads import Description, Reads
from archsim.reuse import Form, Memory, Recall, name_of
from archsim.reuse.contents import Nameless, Names
from archsim.reuse.memory import LEAST_BYTES

FORM: Form[object] = Form(lambda value: value)


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Pair:
    left: object
    right: object


@dataclass(frozen=True)
class Other:
    left: object
    right: object


DIFFERENT: list[object] = [
    1, 1.0, True, "1", b"1", None, 0.0, -0.0, (), (1,), [1], ((1,),), (1, 1), "", ("a", "b"), ("ab",), ("", "ab"),
    {"a": 1}, {"a": 2}, {"a": 1, "b": 2}, {"b": 2, "a": 1}, frozenset({1, 2}), Colour.RED, Colour.BLUE,
    Pair(1, 2), Pair(2, 1), Pair(1, (2,)), Other(1, 2),
    np.array([1, 2]), np.array([1.0, 2.0]), np.array([[1, 2]]), np.array([1, 2], np.int32), np.array([2, 1]),
    np.int64(1), np.float64(1), Pair(np.array([1]), np.array([2, 3])), Pair(np.array([1, 2]), np.array([3])),
]  # fmt: skip


def test_no_two_contents_share_a_name() -> None:
    names = [name_of(value) for value in DIFFERENT]
    assert len(set(names)) == len(DIFFERENT)


def test_equal_contents_share_a_name_whatever_their_layout() -> None:
    grid = np.arange(12).reshape(3, 4)
    assert name_of(grid.T) == name_of(np.ascontiguousarray(grid.T))
    assert name_of(frozenset({"a", "b", "c"})) == name_of(frozenset({"c", "b", "a"}))
    assert name_of(Pair(1, {"a": (2,)})) == name_of(Pair(1, {"a": (2,)}))


def test_names_are_the_same_in_another_process() -> None:
    code = "from archsim.reuse import name_of; print(name_of((1, 'a', frozenset({'x', 'y', 'z'}))))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, text=True, capture_output=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert found == {name_of((1, "a", frozenset({"x", "y", "z"})))}


@pytest.mark.parametrize("value", [object(), len, np.array([object()]), (1, object())])
def test_what_cannot_be_told_has_no_name(value: object) -> None:
    with pytest.raises(Nameless):
        name_of(value)


def test_an_objects_name_goes_with_it() -> None:
    names, pair = Names(), Pair(1, 2)
    assert names.of(pair) == names.of(pair) == name_of(pair)
    assert len(names._known) == 1
    del pair
    gc.collect()
    assert not names._known


def test_memory_forgets_what_was_asked_for_longest_ago() -> None:
    memory = Memory(4 * LEAST_BYTES)
    for name in "abcd":
        memory.put(name, name.upper(), 0)
    assert memory.get("a") == "A"
    memory.put("e", "E", 0)
    assert [memory.get(name) for name in "abcde"] == ["A", None, "C", "D", "E"]
    assert (len(memory), memory.used) == (4, 4 * LEAST_BYTES)


def test_memory_counts_bytes_and_keeps_nothing_that_takes_half_of_it() -> None:
    memory = Memory(4 * LEAST_BYTES)
    memory.put("huge", 1, 2 * LEAST_BYTES)
    assert memory.get("huge") is None
    memory.put("large", 1, LEAST_BYTES)
    memory.put("large", 2, LEAST_BYTES)
    assert (memory.get("large"), memory.used) == (2, 2 * LEAST_BYTES)
    memory.put("more", 3, LEAST_BYTES)
    memory.put("most", 4, LEAST_BYTES)
    assert [memory.get(name) for name in ("large", "more", "most")] == [None, 3, 4]
    memory.clear()
    assert (len(memory), memory.used) == (0, 0)


class Verb:
    """Reads one field, and another one where the first is above a threshold."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, reads: Reads) -> tuple[int, float | None]:
        self.times += 1
        chip = reads.chip
        bits = chip.analog.adc.bits
        return bits, chip.technology.supply if bits > 8 else None


def described(bits: int, supply: str = "0.8 V") -> Description:
    return Description(load_chip("pcm-mesh-14nm", [f"tile.adc.bits={bits}", f"technology.supply={supply}"]))


def test_a_verb_is_found_again_by_what_it_has_read_on_its_way() -> None:
    recall, verb = Recall(Memory()), Verb()

    def made(bits: int, supply: str) -> tuple[int, float | None]:
        return recall.read("verb", ("net",), described(bits, supply), verb, FORM).value

    assert made(7, "0.8 V") == made(7, "0.7 V") == (7, None)
    assert verb.times == 1
    assert made(9, "0.8 V") == (9, 0.8)
    assert made(9, "0.7 V") == (9, 0.7)
    assert verb.times == 3
    assert made(9, "0.8 V") == (9, 0.8)
    assert made(7, "0.6 V") == (7, None)
    assert verb.times == 3


def test_other_inputs_and_other_verbs_are_told_apart() -> None:
    recall, verb = Recall(Memory()), Verb()
    for asked in (("verb", ("net",)), ("verb", ("n", "et")), ("verb", ("other",)), ("verbn", ("et",))):
        recall.read(*asked, described(7), verb, FORM)
    assert verb.times == 4


def test_a_part_is_found_again_by_answers_and_the_whole_by_what_they_came_from() -> None:
    """The part asks whether there are more than 8 bits; the whole reads how many, as the answer came from there."""
    recall, made = Recall(Memory()), {"whole": 0, "part": 0}

    def part(reads: Reads) -> tuple[object, float]:
        made["part"] += 1
        return reads.ask("many"), reads.chip.technology.supply

    def of(chip: Description) -> tuple[object, ...]:
        def whole(reads: Reads) -> tuple[object, ...]:
            made["whole"] += 1
            asked = chip.beside(lambda _: reads.chip.analog.adc.bits > 8)
            return recall.read("part", ("",) if unnamed else ("net",), asked, part, FORM, reads).value

        return recall.read("whole", ("net",), chip, whole, FORM).value

    unnamed = False
    assert of(described(6)) == of(described(7)) == of(described(6)) == (False, 0.8)
    assert made == {"whole": 2, "part": 1}
    assert of(described(9)) == (True, 0.8)
    assert of(described(7, "0.7 V")) == (False, 0.7)
    assert made == {"whole": 4, "part": 3}
    assert of(described(6, "0.7 V")) == (False, 0.7)
    assert made == {"whole": 5, "part": 3}
    # Without a name the part is made anew, and the whole knows all the same what was read for it.
    recall, unnamed = Recall(Memory()), True
    assert [of(described(7, supply)) for supply in ("0.8 V", "0.7 V")] == [(False, 0.8), (False, 0.7)]


def test_without_a_name_for_an_input_nothing_is_kept() -> None:
    recall, verb = Recall(Memory()), Verb()
    for _ in range(2):
        found = recall.read("verb", ("",), described(7), verb, FORM)
        assert (found.value, found.name) == ((7, None), "")
        assert recall.made("verb", ("a", ""), lambda: 3, FORM).name == ""
    assert verb.times == 2
    assert len(recall.memory) == 0


def test_what_a_verb_raises_is_raised_again() -> None:
    recall, times = Recall(Memory()), []

    def fails(reads: Reads) -> int:
        times.append(reads.chip.name)
        raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError):
            recall.read("verb", ("net",), described(7), fails, FORM)
    assert len(times) == 2


def test_a_switch_turns_reuse_off() -> None:
    code = (
        "import archsim, archsim.verbs as verbs; times = []; plain = verbs.place\n"
        "verbs.place = lambda *given, **more: times.append(1) or plain(*given, **more)\n"
        "for _ in range(2): archsim.simulate('digits-cnn', 'pcm-mesh-14nm')\n"
        "print(len(times))"
    )
    for switch, expected in (("off", "2"), ("memory", "1")):
        ran = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "ARCHSIM_CACHE": switch}, text=True, capture_output=True,
            check=True,
        )  # fmt: skip
        assert ran.stdout.strip() == expected, switch
