"""Studies that run changes: each against runs made by hand."""

from __future__ import annotations

import pytest

from archsim.chip import load_chip, sources
from archsim.chip.reads import Reads
from archsim.errors import InputError
from archsim.lowering import lower
from archsim.mapping import place
from archsim.simulation import Settings, simulate
from archsim.studies import neighbours, sensitivity, what_ifs
from archsim.studies.sensitivity import same_timing
from archsim.workloads import build

CHIP = "pcm-mesh-14nm"


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2 ns", "1.8 ns", "2.2 ns"),
        ("8", "7", "9"),
        ("256", "230", "282"),
        ("0.5", "0.45", "0.55"),
        ("1e-3 m", "0.0009 m", "0.0011 m"),
    ],
)
def test_neighbours_of_a_number(text: str, low: str, high: str) -> None:
    assert neighbours(text) == (low, high)


def test_each_change_is_a_run() -> None:
    settings = Settings(batch=2)
    base = simulate("resnet18", CHIP, settings)
    found = {one.change.name: one.headline for one in what_ifs(CHIP, (), settings, base)}
    wide = ["fabric.link_width=64 B", "system.link.bandwidth=64 GB/s"]
    fast = ["tile.adc.conversion_time=1 ns", "tile.input.phase_time=64 ns"]
    runs = {
        "a copy more of conv1": simulate("resnet18", CHIP, Settings(batch=2, replicate={"conv1": 2})),
        "links twice as wide": simulate("resnet18", CHIP, settings, overrides=wide),
        "converters twice as fast": simulate("resnet18", CHIP, settings, overrides=fast),
    }
    assert found == {name: run.ledger.headline for name, run in runs.items()}


def test_a_change_that_is_not_possible_says_why() -> None:
    # A perceptron's layers have one token, which two copies cannot share.
    found, *_ = what_ifs(CHIP, (), Settings(), simulate("mlp-hermes", CHIP))
    assert found.headline is None
    assert "more copies than tokens" in found.fault


def test_numbers_are_ranked_by_runs() -> None:
    base = simulate("mlp-hermes", CHIP)
    found = sensitivity(CHIP, (), Settings(), base)
    assumed = [source for source in sources(CHIP) if source.is_number and source.assumed]
    frame = found.frame
    assert len(frame) == len(assumed)
    assert frame["effect"].is_monotonic_decreasing
    # One that changes a time, and one that only changes a price.
    for field in ("fabric.router_delay", "tile.array.cell.mean_conductance"):
        row = frame.set_index("field").loc[field]
        for side in ("low", "high"):
            changed = simulate("mlp-hermes", CHIP, overrides=[f"{field}={row[side]}"]).ledger.headline
            for figure in ("gops_per_w", "latency_s"):
                expected = getattr(changed, figure) / getattr(base.ledger.headline, figure) - 1
                assert row[f"{figure}_{side}"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("chip", [CHIP, "isaac"])
def test_what_is_not_read_changes_no_timing(chip: str) -> None:
    network = build("mlp-hermes")
    reads = Reads(load_chip(chip))
    program = lower(place(network, reads.chip), batch=2)
    numbers = [source for source in sources(chip) if source.is_number]
    unread = [source for source in numbers if source.path not in reads]
    assert 0 < len(unread) < len(numbers)
    for source in unread:
        for value in neighbours(source.value):
            try:
                changed = load_chip(chip, [f"{source.path}={value}"])
            except InputError:
                continue
            assert same_timing(program, lower(place(network, changed), batch=2)), source.path
