"""What is found again equals what would be made afresh, bit by bit, whatever was made in between.

Fresh results come from the plain verbs, one after the other, which keep nothing. Every field of a preset is changed,
one at a time and in random company, and `simulate`, which by then has seen all other variants, has to give the same.
"""

from __future__ import annotations

import gc
import random
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest

import archsim.lowering
import archsim.simulation
import archsim.verbs
from archsim.accounting import Ledger, account
from archsim.chip import Chip, load_chip
from archsim.chip.reads import Reads
from archsim.chip.section import Section
from archsim.cost import price
from archsim.errors import ArchsimError
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Network
from archsim.reuse import the_recall
from archsim.simulation import Result, Settings, load_network, run, simulate
from archsim.workloads import build
from tests.property.test_every_field_acts import alternatives, fields, fingerprint, known_words

PRESETS = ("pcm-mesh-14nm", "isaac")
TABLES = ("energy", "area", "states", "resources", "layers", "memory")
COMPANY = (
    (),
    ("tile.buffer.capacity=4096 bit",),
    ("fabric.rows=1", "fabric.columns=2", "fabric.tiles=null", "mapping.schedule.order=grouped"),
    ("fabric.rows=2", "fabric.columns=2", "fabric.tiles=null", "system.chips=as needed"),
    ("tile.input.bits=6",),
)
"""Situations in which other fields matter; some do not apply to every preset."""
NETWORKS = ("digits-cnn", "digits-transformer", "mlp-hermes")
SETTINGS = (Settings(), Settings(batch=2), Settings(batch=4, replicate="balanced"))


@cache
def network(name: str) -> Network:
    return load_network(name)


def frame_print(frame: pd.DataFrame) -> object:
    """Columns with their kinds and exact values."""
    return tuple((name, str(frame[name].dtype), repr(frame[name].tolist())) for name in frame.columns)


def ledger_print(ledger: Ledger) -> object:
    tables = tuple(frame_print(getattr(ledger, table)) for table in TABLES)
    return fingerprint((ledger.headline, ledger.bottleneck, ledger.notes, ledger.scope)), tables


def made_afresh(name: str, chip: Chip, settings: Settings) -> object:
    """All values of a simulation, or the words in which it is refused."""
    try:
        bill = price(chip)
        placement = place(network(name), chip, replicate=settings.replicate, batch=settings.batch)
        program = lower(placement, batch=settings.batch)
        trace = run(program)
        return values_print(Result(
            network(name), chip, placement, program, trace, bill, account(trace, placement, bill)
        ))  # fmt: skip
    except ArchsimError as error:
        return str(error)


def values_print(result: Result) -> object:
    placement = result.placement
    places = (placement.blocks, placement.homes, placement.turns, placement.replicas, placement.chips)
    followed = (placement.interleave, placement.products, placement.writing, placement.arrays_used)
    return (
        hash(fingerprint((places, followed, result.program, result.trace, result.bill))),
        ledger_print(result.ledger),
        result.chip.model_dump_json(),
        placement.chip is result.chip,
    )


def found_again(name: str, chip: Chip, settings: Settings) -> object:
    try:
        return values_print(simulate(network(name), chip, settings))
    except ArchsimError as error:
        return str(error)


def check(name: str, preset: str, changes: tuple[str, ...], settings: Settings) -> bool:
    """Compare one point; False if there is no such chip."""
    try:
        chip = load_chip(preset, changes)
    except ArchsimError:
        return False
    assert found_again(name, chip, settings) == made_afresh(name, load_chip(preset, changes), settings), changes
    return True


@cache
def changes(preset: str) -> tuple[str, ...]:
    """Every field of a preset with every other value that the test of every field gives it."""
    chip = load_chip(preset)
    return tuple(
        f"{path}={value}"
        for path, given in fields(chip.model_dump(mode="json"))
        for value in alternatives(given, known_words(chip, path))
    )


def points(seed: int) -> Iterator[tuple[str, str, tuple[str, ...], Settings]]:
    """Random points, many of them neighbours: each changes up to three fields of one of a few situations."""
    drawn = random.Random(seed)
    while True:
        preset = drawn.choice(PRESETS)
        changed = drawn.choice(COMPANY) + tuple(drawn.sample(changes(preset), drawn.choice((1, 1, 2, 3))))
        yield drawn.choice(NETWORKS), preset, changed, drawn.choice(SETTINGS)


@pytest.fixture(autouse=True)
def reusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As a user has it, but no test finds what another has left."""
    monkeypatch.setenv("ARCHSIM_CACHE", "memory")
    the_recall.cache_clear()
    yield
    the_recall.cache_clear()


def test_one_value_of_every_field_is_found_again_as_it_is_made() -> None:
    preset, seen, done = PRESETS[0], set(), 0
    for change in changes(preset):
        path = change.partition("=")[0]
        if path not in seen and check("digits-cnn", preset, (change,), SETTINGS[1]):
            seen.add(path)
            done += 1
    assert done > 100


def test_random_points_are_found_again_as_they_are_made() -> None:
    drawn = points(1)
    assert sum(check(*next(drawn)) for _ in range(40)) > 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_thousands_of_random_points_are_found_again_as_they_are_made(seed: int) -> None:
    drawn = points(seed)
    assert sum(check(*next(drawn)) for _ in range(500)) > 150


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("company", COMPANY)
def test_every_value_of_every_field_is_found_again_as_it_is_made(preset: str, company: tuple[str, ...]) -> None:
    assert sum(check("digits-cnn", preset, (*company, change), SETTINGS[1]) for change in changes(preset)) > 0


def made(verb: str, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows by one whenever a verb is really done."""
    homes = {"run": archsim.simulation, "lower": archsim.lowering, "frame": archsim.lowering}
    home = homes.get(verb, archsim.verbs)
    plain, times = getattr(home, verb), list[None]()

    def counted(*args: object, **options: object) -> object:
        times.append(None)
        return plain(*args, **options)

    monkeypatch.setattr(home, verb, counted)
    return times


KEPT = {
    "tile.array.cell.read_voltage=0.123 V": {"place", "settle", "lower", "frame", "run"},
    "technology.temperature=310 K": {"place", "settle", "lower", "frame", "run"},
    "tile.adc.conversion_time=333 ns": {"place", "settle", "frame"},
    "tile.buffer.capacity=300 KiB": {"run"},
    "fabric.link_delay=3": {"place", "settle"},
    "tile.array.rows=64": set(),
}
"""A change, and the verbs whose results stand, by what each is for: a voltage is a matter of price alone; links' delays
are no matter of places; converters' times are, but where they change no comparison with digital units and no room on
an edge, places stay, and so does everything of a Program but the times of its products."""


@pytest.mark.parametrize("change", KEPT)
def test_what_a_verb_has_not_read_leaves_its_result(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    verbs = {verb: made(verb, monkeypatch) for verb in ("place", "settle", "lower", "frame", "run")}
    simulate("digits-cnn", PRESETS[0])
    assert {len(times) for times in verbs.values()} == {1}
    simulate("digits-cnn", PRESETS[0])
    assert {len(times) for times in verbs.values()} == {1}
    simulate("digits-cnn", PRESETS[0], overrides=[change])
    assert {verb for verb, times in verbs.items() if len(times) == 1} == KEPT[change]
    simulate("digits-cnn", PRESETS[0])
    simulate("digits-cnn", PRESETS[0], overrides=[change])
    assert all(len(times) <= 2 for times in verbs.values())


def test_what_times_of_products_decide_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attention waits for slow products, and its edges take more room."""
    verbs = {verb: made(verb, monkeypatch) for verb in ("settle", "frame")}
    for time in ("2 ns", "333 ns", "3 ns", "334 ns"):
        simulate("digits-transformer", PRESETS[0], overrides=[f"tile.adc.conversion_time={time}"])
    assert {verb: len(times) for verb, times in verbs.items()} == {"settle": 1, "frame": 2}


def test_networks_are_told_apart_by_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    placed = made("place", monkeypatch)
    for _ in range(2):
        for name in ("mlp-hermes", "vgg8"):
            # Another object each time, with the same contents.
            simulate(build(name), PRESETS[0])
    assert len(placed) == 2


def test_a_model_file_is_found_again_by_its_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read once however often it is asked for, and anew when something else is there; weights make no difference."""
    placed, file = made("place", monkeypatch), tmp_path / "net.onnx"
    for width, times in ((24, 1), (40, 2), (24, 2)):
        file.write_bytes(dense(width).SerializeToString())
        for _ in range(2):
            found = simulate(file, PRESETS[0])
            assert found.network.weights == 16 * width
            assert simulate(str(file), PRESETS[0]).network is found.network
        assert len(placed) == times
    file.write_bytes(dense(24, weight=0.5).SerializeToString())
    assert simulate(file, PRESETS[0]).network is not found.network
    assert len(placed) == 2


def dense(width: int, weight: float = 1.0) -> onnx.ModelProto:
    """A matrix product of 16 inputs."""
    ends = [onnx.helper.make_tensor_value_info(*end) for end in (("x", 1, [1, 16]), ("y", 1, [1, width]))]
    weights = onnx.numpy_helper.from_array(np.full((16, width), weight, np.float32), "w")
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"], "product")
    graph = onnx.helper.make_graph([node], "dense", ends[:1], ends[1:], [weights])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])


def test_settings_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    placed = made("place", monkeypatch)
    name = network("digits-cnn").matrices[0].name
    chosen = (*SETTINGS, Settings(replicate={name: 2}), Settings(replicate={name: 3}))
    for _ in range(2):
        for settings in chosen:
            simulate("digits-cnn", PRESETS[0], settings)
    assert len(placed) == len(chosen)


def test_nothing_keeps_a_recording_chip() -> None:
    """It would go on noting, and hold the values of another chip."""
    result = simulate("digits-cnn", PRESETS[0], Settings(batch=2))
    _ = result.ledger.bottleneck, result.ledger.notes
    gc.collect()
    kinds = [type(one) for one in gc.get_objects() if issubclass(type(one), Section)]
    assert kinds
    assert not [kind for kind in kinds if hasattr(kind, "_origin")]
    # Were one held, it would be seen.
    held = Reads(result.chip).chip
    assert [one for one in gc.get_objects() if hasattr(type(one), "_origin")] == [held]


def test_nobody_can_change_what_others_find() -> None:
    result = simulate("digits-cnn", PRESETS[0])
    for array in (result.trace.busy, result.program.actors.interval, result.placement.blocks.node):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7
    for table in TABLES:
        getattr(result.ledger, table).iloc[:, -1] = -1
    again = simulate("digits-cnn", PRESETS[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for table in TABLES:
            column = getattr(again.ledger, table).iloc[:, -1]
            assert not len(column) or not np.all(column.to_numpy() == -1), table
