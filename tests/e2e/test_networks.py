"""Real networks on the default chip, from the model to the Ledger."""

from pathlib import Path

import numpy as np
import onnx
import pytest

import archsim
from archsim import workloads
from archsim.engine import run_reference
from archsim.machine import product_period

LIGHT = sorted((Path(onnx.__file__).parent / "backend" / "test" / "data" / "light").glob("*.onnx"))
BIG = {"llama3-8b", "gpt2-xl", "big-lstm", "lstm-2048", "whisper-small", "nmt-l5", "bert-large"}
SMALL = [name for name in workloads.names() if name not in BIG]
CHIP = "pcm-mesh-14nm"


@pytest.fixture(scope="module")
def chip() -> archsim.Chip:
    return archsim.load_chip(CHIP)


def test_all_nine_light_models_are_there() -> None:
    assert len(LIGHT) == 9


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_light_models_run(path: Path, chip: archsim.Chip) -> None:
    check(archsim.simulate(path, chip))


@pytest.mark.parametrize("name", SMALL)
def test_named_networks_run(name: str, chip: archsim.Chip) -> None:
    check(archsim.simulate(name, chip))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(BIG))
def test_big_networks_run(name: str, chip: archsim.Chip) -> None:
    check(archsim.simulate(name, chip))


def check(result: archsim.Result) -> None:
    """Laws that hold for every run."""
    trace, placement, ledger = result.trace, result.placement, result.ledger
    spent = trace.busy + trace.starved + trace.blocked + trace.contended + trace.done
    assert (spent == trace.makespan).all()
    assert (trace.firings == result.program.actors.firings).all()
    assert trace.makespan >= slowest_layer(result)
    table = ledger.energy
    assert table["energy_j"].sum() == pytest.approx(energy_of_the_firings(result), rel=1e-9)
    # One sample: its energy is that of the whole run.
    assert ledger.headline.energy_per_sample_j == pytest.approx(table["energy_j"].sum(), rel=1e-9)
    assert ledger.headline.operations_per_sample == 2 * result.network.macs
    assert ledger.headline.gops_per_w < ledger.headline.peak_gops_per_w
    assert placement.blocks.weights.sum() == sum(
        layer.operator.macs * placement.replicas[placement.index[layer.name]] for layer in placement.network.matrices
    )


def energy_of_the_firings(result: archsim.Result) -> float:
    """Joules: every firing's actions at the bill's prices, and each part's leakage for as long as the run takes."""
    actions, labels, bill = result.program.actions, result.program.labels, result.bill
    price = [bill.component(part).energy_of(action).value for part, action in map(split_action, labels.actions)]
    times = actions.count * result.trace.firings[actions.actor]
    watts = sum(part.count * part.leakage_w.value for part in bill.components) * result.placement.chips
    return float((times * np.array(price)[actions.action]).sum()) + watts * result.trace.makespan * 1e-12


def split_action(name: str) -> tuple[str, str]:
    part, _, action = name.rpartition(".")
    return part, action


def slowest_layer(result: archsim.Result) -> int:
    """Picoseconds that the arrays of the slowest matrix layer take at least."""
    interval = int(product_period(result.placement.products, summed=False).min())
    return max(layer.tokens for layer in result.placement.network.matrices) * interval


@pytest.mark.parametrize("name", ["mlp-l5", "vgg8", "resnet32", "lstm-ptb"])
def test_the_compiled_engine_agrees_with_the_reference(name: str, chip: archsim.Chip) -> None:
    agree(archsim.simulate(name, chip, archsim.Settings(batch=2)))


@pytest.mark.slow
@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_the_engines_agree_on_the_light_models(path: Path, chip: archsim.Chip) -> None:
    agree(archsim.simulate(path, chip))


def agree(result: archsim.Result) -> None:
    judge = run_reference(result.program)
    assert judge.makespan == result.trace.makespan
    for column in ("firings", "busy", "starved", "blocked", "contended", "first_start", "last_end"):
        assert np.array_equal(getattr(judge, column), getattr(result.trace, column)), column
    assert np.array_equal(judge.sample_in, result.trace.sample_in)
    assert np.array_equal(judge.sample_out, result.trace.sample_out)


def test_decoding_waits_for_every_token(chip: archsim.Chip) -> None:
    def makespan(generate: int) -> int:
        options = workloads.WorkloadOptions(seq=16, generate=generate)
        return archsim.simulate(archsim.load_network("gpt2", options), chip).trace.makespan

    one, five, nine = makespan(1), makespan(5), makespan(9)
    # Each generated token passes through the whole network after the one before it.
    assert five > 2 * one
    assert (nine - five) == pytest.approx(five - one, rel=0.1)
