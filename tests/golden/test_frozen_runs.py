"""Runs and chips are as they were when ``frozen.json`` was made (from commit 4e64f63), but for named exceptions.

``python scripts/freeze_runs.py`` prints all differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product

import pytest

from archsim.chip import load_chip
from archsim.cost import price
from scripts.freeze_runs import NETWORKS, chip_record, differences, frozen_table, run_record

FAST = ("mlp-hermes", "digits-cnn", "digits-transformer")


@dataclass(frozen=True, slots=True)
class Deviation:
    """What a change was meant to change: ``CHIP: NETWORK/VALUE`` or ``CHIP/COMPONENT/VALUE``, with wildcards."""

    paths: tuple[str, ...]
    reason: str


EMBEDDED = ("bert-base", "characters-lstm", "gpt2", "lstm-ptb", "rnnt")
SPILLING = (
    "isaac: mobilenet-v2/*", "isaac: resnet18/*", "isaac: resnet50/*", "hermes-*: resnet18/*", "hermes-*: resnet50/*",
    "puma: resnet18/*", "puma: resnet50/*", "puma: bert-base/*", "puma: gpt2/*", "hermes-*: gpt2/*",
    "hermes-core: bert-base/*",
)  # fmt: skip

READ_IN_PART = (
    "bert-base", "characters-lstm", "digits-cnn, balanced", "digits-lstm", "gpt2", "lstm-ptb", "mobilenet-v2",
    "resnet*", "rnnt", "vgg8, balanced",
)  # fmt: skip
MOVED = (
    "firings", "busy", "starved", "blocked", "contended", "makespan", "sample_out", "energy_j/*buffer", "energy_j/wire",
    "energy_j/*link",
)  # fmt: skip

MEANT: tuple[Deviation, ...] = (
    Deviation(
        ("*/router/leakage_w", "*/wire/leakage_w", "*/*buffer/leakage_w", "sram-charge-22nm/array/leakage_w"),
        "logic, routers, repeaters and SRAM leak by one density, that of the chip's transistors",
    ),
    Deviation(
        tuple(f"isaac/{part}/leakage_w" for part in ("buffer", "bus", "router", "post", "*register*")),
        "ISAAC's power at full activity is told apart into what works and what leaks",
    ),
    Deviation(
        ("ibm-14nm-34tile*/static",),
        "the 34-tile chip draws without work what another 14 nm chip does",
    ),
    Deviation(
        ("*/router/area_m2", "*: */energy_j/router"),
        "a router has an SRAM for the packets that it holds, and flits pay for their way through it",
    ),
    Deviation(
        tuple(f"{chip}: */energy_j/adc" for chip in ("hermes-*", "pcm-mesh-*", "ibm-mesh-*", "ecram-*", "capacitor-*")),
        "an oscillator's energy is what the other parts, each as any chip is charged, leave of a published total",
    ),
    Deviation(
        ("sram-charge-22nm: */energy_j/array",),
        "the energy of inputs that are voltages goes with the mean of their squares",
    ),
    Deviation(
        tuple(f"*: {network}/[!ef]*" for network in EMBEDDED),
        "an embedding's row is striped over the memory's channels: times change, firings and energy do not",
    ),
    Deviation(SPILLING, "a tensor in memory is written once, and fetched once into a window"),
    Deviation(
        ("ibm-14nm-34tile-x5: mobilenet-v2/*", "ibm-14nm-34tile-x5: bert-base/*"),
        "what was refused for want of tiles takes turns on them",
    ),
    Deviation(
        tuple(
            f"nature2018-training/{part}*" for part in ("column-driver", "row-adc", "row-sample-hold", "pulse-driver")
        ),
        "arrays that train have drivers and converters on their other sides, and pulse generators",
    ),
    Deviation(
        ("sram-charge-22nm: *, balanced/*",),
        "balanced copies stop where samples cannot enter faster, which a chip as fast as this meets",
    ),
    Deviation(
        ("*: *, balanced/*",),
        "copies take rows where links are slower than arrays, and tokens go only to those who read them",
    ),
    Deviation(
        ("photonic-mesh-7nm: *",),
        "the pace of products with partial sums, from which buffers and copies follow, counts the affine pipeline: "
        "two tokens fit between that stage and the additions, which makes 2.5 ns and not 2",
    ),
    Deviation(
        tuple(f"*: {network}/{value}" for network in READ_IN_PART for value in MOVED),
        "a token goes only where somebody reads it: not to every copy, and none that a stride, a last step or a pooler "
        "passes over",
    ),
)


FROZEN = tuple(frozen_table()["chips"])
"""Presets that there were when the runs were frozen."""


def _unmeant(name: str, frozen: object, now: object) -> list[str]:
    return [
        f"{where}: {what}"
        for where, what in differences(frozen, now, name)
        if not any(fnmatchcase(where, path) for deviation in MEANT for path in deviation.paths)
    ]


@pytest.mark.parametrize("chip", FROZEN)
def test_area_and_leakage_of_every_component_are_as_frozen(chip):
    assert not _unmeant(chip, frozen_table()["chips"][chip], chip_record(price(load_chip(chip))))


def _check(chip: str, network: str) -> None:
    name = f"{chip}: {network}"
    assert not _unmeant(name, frozen_table()["runs"][name], run_record(chip, network))


@pytest.mark.parametrize(("chip", "network"), list(product(FROZEN, FAST)))
def test_small_runs_are_as_frozen(chip, network):
    _check(chip, network)


@pytest.mark.slow
@pytest.mark.parametrize(("chip", "network"), list(product(FROZEN, NETWORKS)))
def test_runs_are_as_frozen(chip, network):
    _check(chip, network)
