"""Training beside a device that works layer by layer: what it moves, when updates count, and what a comparison says."""

import numpy as np
import pytest

from archsim.comparison import compare, comparison, question
from archsim.errors import InputError
from archsim.network import Learning
from archsim.network.backward import training_network
from archsim.program import Role
from archsim.simulation import Engine, Settings, load_network, simulate

GPU, ANALOG = "v100", "nature2018-training"
WEIGHTS, BEHIND_THE_FIRST = 784 * 250 + 250 * 125 + 125 * 10, 250 * 125 + 125 * 10
FP16 = 16


def trained(batch, samples, engine=Engine.COMPILED, overrides=()):
    network = training_network(load_network("mlp-mnist"), Learning(batch))
    return simulate(network, GPU, Settings(samples, engine=engine), overrides=overrides)


@pytest.mark.parametrize("batch", [1, 4])
def test_each_mini_batch_reads_weights_for_every_pass_and_writes_them_once(batch):
    memory = trained(batch, 2 * batch).ledger.memory
    bits = memory.groupby("action").bits.sum() / 2
    # Forward and update read all weights, the transposed products those behind the first layer; activations stay.
    assert bits["read_bit"] == (2 * WEIGHTS + BEHIND_THE_FIRST) * FP16
    assert bits["write_bit"] == WEIGHTS * FP16


def test_multiplications_are_those_of_three_products():
    result = trained(8, 16)
    energy = result.ledger.energy
    count = energy[(energy.component == "processors") & (energy.action == "fp16")]["count"].sum()
    assert count == 16 * (2 * WEIGHTS + BEHIND_THE_FIRST)


def test_both_engines_agree():
    found = [trained(2, 6, engine).trace for engine in Engine]
    assert found[0].makespan == found[1].makespan
    for name in ("firings", "busy", "sample_in", "sample_out"):
        assert np.array_equal(getattr(found[0], name), getattr(found[1], name))


def test_the_next_mini_batch_waits_for_the_weights_to_be_written():
    from archsim.engine import run_reference
    from archsim.engine.window import LogWindow

    program = trained(1, 3).program
    trace = run_reference(program, log=LogWindow())
    actors, log, names = program.actors, trace.log, program.labels.layers

    def starts(layer, role):
        chosen = [a for a in range(len(actors)) if names[actors.layer[a]] == layer and actors.role[a] == role]
        return np.sort(log.start[np.isin(log.actor, chosen)]).reshape(3, -1)

    for layer in ("fc1", "fc2", "fc3"):
        written, fetched = starts(f"{layer}.update", Role.WRITE), starts(layer, Role.READ)
        assert (fetched[1:, 0] > written[:-1, -1]).all()


def test_small_fully_connected_layers_leave_a_gpu_idle():
    # Of 8 kernels, each takes its launch and start, 12.73 us at least; there is nothing for 125 TF in them.
    result = trained(1, 8)
    assert 1 / result.ledger.headline.throughput_per_s > 8 * 12.73e-6
    assert result.ledger.headline.peak_tops == pytest.approx(125.3, rel=1e-3)


def test_a_comparison_of_training_says_so():
    found = comparison(question(["mlp-nature"], [ANALOG, GPU], batch=[1, 16], training=True))
    frame = found.frame
    assert frame.training.all() and (frame.failure == "").all()
    assert (frame.operations_per_sample == 2 * (3 * 164_500 - 528 * 250)).all()
    told = " ".join(found.differences)
    assert "updates: pulses on the arrays, sample by sample on nature2018-training" in told
    assert "added to weights of 16 bits in memory on v100" in told
    # Two orders of magnitude are between the rated peaks; at these batches much more is between what is reached.
    assert (frame[frame.chip == GPU].energy_gain < 1e-3).all()


def test_inference_is_not_called_training():
    frame = compare(["mlp-nature"], [ANALOG, GPU])
    assert not frame.training.any()


def test_who_cannot_train_has_no_figures():
    frame = compare(["mlp-nature"], [ANALOG, "tpu-v1", "isaac"], training=True)
    failed = dict(zip(frame.chip, frame.failure, strict=True))
    assert failed[ANALOG] == ""
    assert "offers no transposed products" in failed["tpu-v1"] and "slices" in failed["isaac"]


@pytest.mark.parametrize(
    ("learning", "settings", "overrides", "said"),
    [
        (Learning(stale=1), Settings(4), (), "no weights older"),
        (Learning(batch=2), Settings(4, interleave=4), (), "4 samples go together"),
        (Learning(batch=2), Settings(3), (), "not made of so many"),
    ],
)
def test_what_a_gpu_cannot_do(learning, settings, overrides, said):
    network = training_network(load_network("mlp-nature"), learning)
    with pytest.raises(InputError, match=said) as caught:
        simulate(network, GPU, settings, overrides=overrides)
    assert caught.value.where and caught.value.remedy
