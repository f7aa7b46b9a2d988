"""Training in time, against sums that are worked out by hand from the chip's numbers.

The chip is that of ``test_timing_closed_forms``: a product takes 108 ns (100 of integration, 5 of conversion, 3 behind
the converters) and holds its array for 105; a transposed product takes the same. An update is a train of 10 slots of
2 ns. The loss of 8 outputs is 39 operations on 16 lanes, 3 cycles of 1 ns and one more through the pipeline.
"""

import numpy as np
import pytest

from archsim.engine import run_compiled, run_reference
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Digital, Learning, Matrix, Weights
from archsim.network.backward import training_network
from archsim.network.work import layer_norm_work
from archsim.simulation import load_network
from tests.chips import NS, make_adc, make_array, make_chip, make_rewriting, make_training
from tests.networks import line

HOST, PRODUCT, HELD, LOSS, UPDATE = 8, 108, 105, 4, 20
HERE, NEAR = 4, 7
"""Nanoseconds of a token of one flit from the host to tile 0, and to the tile beside it."""
SQUARE = Matrix(Weights(8, 8))


def chain(layers):
    return line(*((f"l{number}", SQUARE) for number in range(layers)))


def makespan_ns(network, chip, samples, *, batch=1, stale=0, summed=False):
    trained = training_network(network, Learning(batch, stale, summed))
    program = lower(place(trained, chip), batch=samples)
    makespan = run_reference(program).makespan
    assert run_compiled(program).makespan == makespan
    return makespan / NS


def period_ns(network, chip, **learning):
    """Between samples, far from the beginning and the end."""
    few, many = (makespan_ns(network, chip, samples, **learning) for samples in (48, 96))
    return (many - few) / 48


def around(layers):
    """From the start of a first product to the end of the first layer's update: forward, loss, backward, update."""
    return layers * PRODUCT + (layers - 1) * NEAR + LOSS + (layers - 1) * (PRODUCT + NEAR) + UPDATE


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_one_sample_goes_forward_and_back(layers):
    found = makespan_ns(chain(layers), make_chip(training=make_training()), 1)
    assert found == HOST + HERE + around(layers)


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("samples", [2, 5])
def test_each_sample_waits_for_the_updates_of_the_one_before(layers, samples):
    found = makespan_ns(chain(layers), make_chip(training=make_training()), samples)
    assert found == HOST + HERE + samples * around(layers)


@pytest.mark.parametrize("slots", [1, 10, 40])
def test_samples_that_see_old_weights_are_as_fast_as_the_busiest_array(slots):
    # Forward, transposed and update hold the array of the second layer one after the other.
    chip = make_chip(training=make_training(slots=slots))
    assert period_ns(chain(2), chip, stale=12) == 2 * HELD + 2 * slots


def test_a_sample_and_hold_on_both_sides_frees_the_array_during_conversion():
    chip = make_chip(adc=make_adc(held=True), training=make_training(adc=make_adc(held=True)))
    assert period_ns(chain(2), chip, stale=12) == 2 * 100 + UPDATE


def test_weights_one_sample_old_let_two_samples_share_the_time():
    # Both go around in turn, and meet on no array: the second starts when the update before the first's is made.
    chip = make_chip(training=make_training())
    assert period_ns(chain(3), chip, stale=1) >= around(3) / 2
    assert period_ns(chain(3), chip, stale=1) < around(3) / 2 + HELD


@pytest.mark.parametrize("batch", [2, 4, 8])
@pytest.mark.parametrize("slots", [1, 10, 80])
def test_a_mini_batch_of_one_layer(batch, slots):
    # Products follow each other; updates begin when the last one has left the array, each when its error is there.
    ready = [max(batch * HELD, number * HELD + PRODUCT + LOSS) for number in range(batch)]
    expected = max(there + (batch - number) * 2 * slots for number, there in enumerate(ready))
    found = [
        makespan_ns(chain(1), make_chip(training=make_training(slots=slots)), n * batch, batch=batch) for n in (1, 4)
    ]
    assert found == [HOST + HERE + n * expected for n in (1, 4)]


def test_transposed_sums_travel_from_column_block_to_column_block():
    # 64 outputs on two arrays of 32 columns: the second adds the first's sums, which come over the fabric. Behind the
    # first layer of 8 and before the loss; the loss of 64 outputs is 319 operations: 20 cycles and one more.
    network = line(("a", SQUARE), ("b", Matrix(Weights(8, 64))))
    chip = make_chip(array=make_array(64, 32), training=make_training())
    trained = training_network(network)
    placement = place(trained, chip)
    assert len(placement.blocks) == 3
    trace = run_reference(lower(placement))
    roles = [trace.program.labels.layers[layer] for layer in trace.program.actors.layer[trace.program.actors.role == 4]]
    assert roles == ["b.backward"]
    assert trace.makespan / NS == HOST + HERE + PRODUCT + B_FORWARD + B_LOSS + B_BACKWARD + UPDATE


# Of the network above, with a on tile 0 and b on tiles 4 and 8, one and two hops away, and the loss beside tile 4. The
# later half of the outputs comes from tile 8: 32 bytes are 4 flits.
B_FORWARD = 10 + PRODUCT + (3 + 4 + 3)
B_LOSS = 21
# Half of the errors goes back to tile 8, as it came; the sums of tile 4, 16 bytes, come 2 ns before. Then two hops.
B_BACKWARD = (3 + 4 + 3) + PRODUCT + 3 + 10


def test_a_transfer_holds_the_array_every_so_many_samples():
    # 8 rows of 30 ns behind every fourth sample's update; the other samples take the 1 ps of a turn that has not come.
    training = make_training(transfer=make_rewriting(every=4, row_ns=30))
    found = makespan_ns(chain(1), make_chip(training=training), 8)
    each = around(1)
    assert found == pytest.approx(HOST + HERE + 8 * each + 2 * 8 * 30 + 6 * 0.001, abs=1e-9)


def test_rows_that_are_rewritten_side_by_side_take_one_time():
    training = make_training(refresh=make_rewriting(every=2, row_ns=30, rows_at_once=4, rows=6))
    found = makespan_ns(chain(1), make_chip(training=training), 4)
    assert found == pytest.approx(HOST + HERE + 4 * around(1) + 2 * 2 * 30 + 2 * 0.001, abs=1e-9)


def test_the_operations_of_training_are_three_products_but_for_the_first_layers_errors():
    network = line(("a", Matrix(Weights(8, 16))), ("b", Matrix(Weights(16, 4))))
    assert training_network(network).macs == 3 * (8 * 16 + 16 * 4) - 8 * 16


@pytest.mark.parametrize("slots", [1, 10])
@pytest.mark.parametrize("samples", [1, 3])
def test_summed_gradients_are_written_row_by_row_once_per_sample(slots, samples):
    # Two tokens: products follow each other, two losses on one unit (3 cycles each, and one more), then 8 rows of sums
    # of 2 x 8 MACs (a cycle each, and one more), and 8 trains.
    network = line(("a", SQUARE), tokens=2)
    found = makespan_ns(network, make_chip(training=make_training(slots=slots)), samples, summed=True)
    assert found == HOST + HERE + samples * (HELD + PRODUCT + (3 + LOSS) + (8 + 1) + 8 * 2 * slots)


def test_a_normalisation_takes_its_own_operations_both_ways():
    # Forward statistics of 8 elements (16 sums, 8 squares, 1 root) and a product and a sum each: 41 operations on 16
    # lanes, 3 cycles and one more. Backward 40 + 40 + 32 + 1: 8 cycles and one more. Both beside the first array.
    norm = Digital("layer-norm", layer_norm_work(8), whole_token=True)
    found = makespan_ns(line(("a", SQUARE), ("n", norm), ("b", SQUARE)), make_chip(training=make_training()), 1)
    assert found == HOST + HERE + around(2) + 4 + 9


@pytest.mark.parametrize(("name", "image"), [("digits-cnn", (1, 1, 8, 8)), ("digits-transformer", (1, 8, 8))])
def test_macs_are_what_pytorch_counts(name, image):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    from archsim.training.models import builder

    module = builder(name, relu=False, keep_weights=True)(0)
    with FlopCounterMode(display=False) as counter:
        scores = module(torch.rand(image))
        torch.nn.functional.cross_entropy(scores, torch.zeros(1, dtype=torch.long)).backward()
    assert counter.get_total_flops() == 2 * training_network(load_network(name)).macs


def test_weights_are_placed_once():
    trained = place(training_network(chain(3)), make_chip(training=make_training()))
    untrained = place(chain(3), make_chip())
    for name in ("node", "array", "row_start", "column_start"):
        assert np.array_equal(getattr(trained.blocks, name), getattr(untrained.blocks, name))
    assert len(trained.uses) == 3 + 2 + 3
