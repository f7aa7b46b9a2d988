"""Both engines on real networks, lowered with their fabric: the same trace to the picosecond."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from archsim import workloads
from archsim.chip import load_chip
from archsim.engine import run_compiled, run_reference
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Network
from archsim.network.onnx_import import read_onnx
from archsim.program import Program, actor_name
from scripts.synthetic_programs import mesh

LIGHT = sorted((Path(onnx.__file__).parent / "backend" / "test" / "data" / "light").glob("*.onnx"))
COLUMNS = ("firings", "busy", "starved", "blocked", "contended", "first_start", "last_end", "sample_in", "sample_out")


def lowered(network: Network, batch: int) -> Program:
    return lower(place(network, load_chip("pcm-mesh-14nm"), batch=batch), batch=batch)


def assert_engines_agree(program: Program) -> None:
    truth, other = run_reference(program), run_compiled(program)
    assert other.makespan == truth.makespan
    for column in COLUMNS:
        expected, found = getattr(truth, column), getattr(other, column)
        rows = np.flatnonzero(expected != found)
        where = actor_name(program, int(rows[0])) if len(rows) and len(expected) == len(program.actors) else ""
        np.testing.assert_array_equal(found, expected, err_msg=f"{column} {where}")


@pytest.mark.parametrize(
    ("name", "batch"),
    [("mlp-l4", 40), ("mlp-l5", 3), ("mlp-hermes", 200), ("lstm-ptb", 1), ("vgg8", 1), ("vgg8", 3), ("resnet32", 1)],
)
def test_named_networks(name: str, batch: int) -> None:
    assert_engines_agree(lowered(workloads.build(name), batch))


@pytest.mark.parametrize("sharing", [1, 3])
def test_random_meshes(sharing: int) -> None:
    assert_engines_agree(mesh(900, firings=20, sharing=sharing))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["resnet18", "resnet34", "resnet50", "resnet101", "mobilenet-v2", "rnnt", "nmt-l3", "bert-base", "gpt2", "vit-b16"],
)
def test_large_named_networks(name: str) -> None:
    assert_engines_agree(lowered(workloads.build(name), 1))


@pytest.mark.slow
@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_onnx_networks(path: Path) -> None:
    assert_engines_agree(lowered(read_onnx(path), 1))


@pytest.mark.parametrize(("name", "batch"), [("resnet32", 40), ("mlp-l5", 500), ("vgg8", 40)])
def test_a_batch_by_fast_forward_is_the_whole_run(name: str, batch: int) -> None:
    program = lowered(workloads.build(name), batch)
    whole, skipped = run_compiled(program, fast_forward=False), run_compiled(program)
    assert skipped.period is not None
    assert skipped.makespan == whole.makespan
    for column in COLUMNS:
        np.testing.assert_array_equal(getattr(skipped, column), getattr(whole, column), err_msg=column)


def test_a_million_images_take_the_period_each() -> None:
    short = run_compiled(lowered(workloads.build("resnet32"), 100), fast_forward=False)
    long = run_compiled(lowered(workloads.build("resnet32"), 1_000_000))
    assert long.period is not None
    time, samples = long.period
    np.testing.assert_array_equal(long.sample_out[:80], short.sample_out[:80])
    np.testing.assert_array_equal(long.sample_out[50 + samples : -50] - long.sample_out[50 : -50 - samples], time)
