"""The network that trains another one: which layers, what they read, what they cost, and what is refused."""

import numpy as np
import pytest

from archsim.errors import InputError
from archsim.network import (
    NOTHING,
    Digital,
    Edge,
    Layer,
    Learning,
    Matrix,
    Mirrored,
    Network,
    Phase,
    Previous,
    Primitive,
    Same,
    Sink,
    Source,
    Use,
    Weights,
    Whole,
    Window,
)
from archsim.network.backward import training_network
from archsim.network.recurrent import CellShape, fed, rnn
from archsim.network.work import Reduction, activation_work, pool_work
from archsim.simulation import load_network
from tests.networks import additions, decoder, line, lstm


def relu(width):
    return Digital("relu", activation_work("relu", width))


def trained(*operators, **shape):
    return training_network(line(*operators, **shape))


def uses(network):
    return {layer.name: layer.operator.use for layer in network.matrices}


def inputs(network, name):
    return [(edge.source, edge.port) for edge in network.inputs_of(name)]


def test_weights_are_used_three_times_and_the_first_ones_twice():
    network = trained(("a", Matrix(Weights(8, 6))), ("b", Matrix(Weights(6, 4))))
    assert uses(network) == {
        "a": Use.FORWARD,
        "b": Use.FORWARD,
        "a.update": Use.UPDATE,
        "b.update": Use.UPDATE,
        "b.backward": Use.TRANSPOSED,
    }
    assert network.weights == 8 * 6 + 6 * 4
    assert [layer.name for layer in network.users[Weights(6, 4, name="b")]] == ["b", "b.backward", "b.update"]


def test_an_update_reads_what_the_product_read_and_the_error_of_what_it_made():
    network = trained(("a", Matrix(Weights(8, 6))), ("r", relu(6)), ("b", Matrix(Weights(6, 4))))
    assert inputs(network, "a.update") == [("in", 0), ("r.backward", 1)]
    assert inputs(network, "b.update") == [("r", 0), ("loss", 1)]
    assert inputs(network, "r.backward") == [("b.backward", 0), ("r", 1)]
    assert inputs(network, "loss") == [("b", 0), ("targets", 1)]


def test_transposed_products_are_as_wide_as_the_inputs_and_count_as_the_same_macs():
    network = trained(("a", Matrix(Weights(8, 6))), ("b", Matrix(Weights(6, 4))))
    backward = network.by_name["b.backward"]
    assert (backward.width, backward.operator.inputs, backward.operator.macs) == (6, 4, 6 * 4)


def test_phases_are_forward_backward_and_update():
    network = trained(("a", Matrix(Weights(8, 6), bias=True)), ("r", relu(6)), ("b", Matrix(Weights(6, 4))))
    by_phase = {phase: {layer.name for layer in network.layers if layer.phase is phase} for phase in Phase}
    assert by_phase[Phase.FORWARD] == {"in", "a", "r", "b"}
    assert by_phase[Phase.BACKWARD] == {"targets", "loss", "b.backward", "r.backward"}
    assert by_phase[Phase.UPDATE] == {"a.update", "b.update", "a.bias"}


def test_tokens_come_back_in_the_reverse_order():
    network = trained(("a", Matrix(Weights(8, 6))), ("r", relu(6)), ("b", Matrix(Weights(6, 4))), tokens=5)
    kept = {edge.source: edge.access for edge in network.inputs_of("a.update")}
    assert isinstance(kept["in"], Mirrored) and isinstance(kept["r.backward"], Same)
    first, last = kept["in"].reach(5, 5)
    assert first.tolist() == last.tolist() == [4, 3, 2, 1, 0]


def convolution(tokens=6, kernel=3, learning=None):
    window = Window((tokens,), (tokens,), (kernel,), (1,), (1,), (1,))
    layers = (
        Layer("in", Source(), tokens, 2),
        Layer("first", Matrix(Weights(2, 4)), tokens, 4),
        Layer("conv", Matrix(Weights(4 * kernel, 5), taps=kernel), tokens, 5),
        Layer("head", Matrix(Weights(5 * tokens, 3), taps=tokens), 1, 3),
        Layer("out", Sink(), 1, 3),
    )
    edges = (
        Edge("in", "first", Same(), 2),
        Edge("first", "conv", window, 4),
        Edge("conv", "head", Whole(), 5),
        Edge("head", "out", Same(), 3),
    )
    return training_network(Network("cnn", layers, edges), learning)


def test_a_convolutions_errors_are_folded_onto_the_positions_that_its_windows_saw():
    network = convolution()
    fold, backward = network.by_name["conv.fold"], network.by_name["conv.backward"]
    assert (backward.tokens, backward.width) == (6, 12)
    # Of three taps, two or three windows see each position: 16 over 6 positions, one addition less than that each.
    assert (fold.tokens, fold.width, fold.operator.work) == (6, 4, ((Primitive.ADD, 2 * 4),))
    (edge,) = network.inputs_of("conv.fold")
    first, last = edge.access.reach(6, 6)
    # In reverse order: the last position is seen by the last two windows, those in the middle by three.
    assert first.tolist() == [0, 0, 1, 2, 3, 4] and last.tolist() == [1, 2, 3, 4, 5, 5]


def test_summed_gradients_are_one_product_of_all_inputs_and_errors():
    network = convolution(learning=Learning(summed=True))
    sums, update = network.by_name["conv.sums"], network.by_name["conv.update"]
    # Row by row of the 4 x 3 weights' rows: 6 positions times 5 columns each; as many MACs as 6 updates of 60 weights.
    assert (sums.tokens, sums.width, dict(sums.operator.work)) == (12, 5, {Primitive.MAC: 30})
    assert (update.tokens, update.operator.use, update.operator.macs) == (1, Use.WRITE, 0)
    assert network.macs == convolution().macs
    kept, errors = network.inputs_of("conv.sums")
    # All rows together read every window once: 16 tokens of 4 elements; each reads all 6 errors.
    assert (kept.source, kept.access.taps.sum(), kept.elements) == ("first", 16, 4)
    assert errors.access == Whole()


def test_layers_of_one_token_are_updated_by_outer_products_all_the_same():
    network = convolution(learning=Learning(summed=True))
    assert network.by_name["head.update"].operator.use is Use.UPDATE


def test_what_a_fold_reads_is_what_the_transposed_products_made():
    network = convolution()
    (edge,) = network.inputs_of("conv.fold")
    assert edge.access.taps.sum() * edge.elements == network.by_name["conv.backward"].tokens * 12


def test_a_flattened_map_gets_its_errors_back_position_by_position():
    fold = convolution().by_name["head.fold"]
    assert (fold.tokens, fold.width, fold.operator.contract) == (6, 5, 6)


def test_a_layer_that_two_read_gets_the_sum_of_their_errors():
    layers = (
        Layer("in", Source(), 1, 4),
        Layer("a", Matrix(Weights(4, 4)), 1, 4),
        Layer("b", Matrix(Weights(4, 4)), 1, 4),
        Layer("sum", additions(4), 1, 4),
        Layer("out", Sink(), 1, 4),
    )
    edges = (
        Edge("in", "a", Same(), 4),
        Edge("a", "b", Same(), 4),
        Edge("b", "sum", Same(), 4),
        Edge("a", "sum", Same(), 4, port=1),
        Edge("sum", "out", Same(), 4),
    )
    network = training_network(Network("residual", layers, edges))
    assert sorted(inputs(network, "a.gradient")) == [("b.backward", 1), ("loss", 0)]
    assert network.by_name["a.gradient"].operator.work == ((Primitive.ADD, 4),)
    assert inputs(network, "a.update") == [("in", 0), ("a.gradient", 1)]


def test_concatenated_layers_get_their_own_part_of_the_error():
    layers = (
        Layer("in", Source(), 1, 4),
        Layer("a", Matrix(Weights(4, 3)), 1, 3),
        Layer("b", Matrix(Weights(4, 2)), 1, 2),
        Layer("c", Matrix(Weights(5, 2)), 1, 2),
        Layer("out", Sink(), 1, 2),
    )
    edges = (
        Edge("in", "a", Same(), 4),
        Edge("in", "b", Same(), 4),
        Edge("a", "c", Same(), 3),
        Edge("b", "c", Same(), 2, target_start=3),
        Edge("c", "out", Same(), 2),
    )
    network = training_network(Network("join", layers, edges))
    (error,) = [edge for edge in network.inputs_of("b.update") if edge.port == 1]
    assert (error.source, error.source_start, error.elements, error.target_start) == ("c.backward", 3, 2, 0)


def test_a_softmax_and_the_loss_are_differentiated_together():
    softmax = Digital("softmax", activation_work("exp", 8), whole_token=True)
    network = trained(("a", Matrix(Weights(8, 8))), ("s", softmax))
    assert network.by_name["loss"].operator.work == ((Primitive.ADD, 8),)
    assert inputs(network, "a.update") == [("in", 0), ("loss", 1)]


def test_what_comes_before_all_weights_has_no_gradient():
    network = trained(("r", relu(8)), ("a", Matrix(Weights(8, 8))))
    assert not [layer.name for layer in network.layers if layer.name.startswith("r.")]


def test_a_largest_element_gets_the_error_of_every_window_that_it_was_in():
    pool = Digital("max-pool", pool_work(Reduction.MAX, 2, 4))
    layers = (
        Layer("in", Source(), 4, 4),
        Layer("a", Matrix(Weights(4, 4)), 4, 4),
        Layer("pool", pool, 2, 4),
        Layer("head", Matrix(Weights(8, 2), taps=2), 1, 2),
        Layer("out", Sink(), 1, 2),
    )
    halves = Window((4,), (2,), (2,), (2,), (0,), (1,))
    edges = (
        Edge("in", "a", Same(), 4),
        Edge("a", "pool", halves, 4),
        Edge("pool", "head", Whole(), 4),
        Edge("head", "out", Same(), 2),
    )
    network = training_network(Network("pooled", layers, edges))
    assert inputs(network, "pool.backward") == [("head.fold", 0), ("a", 1)]
    first, last = network.inputs_of("pool.backward")[0].access.reach(2, 4)
    assert first.tolist() == last.tolist() == [0, 0, 1, 1]


def test_of_vgg_8_the_macs_are_those_of_three_products_but_for_the_first_layer():
    # 615.92 M MACs, as DNN+NeuroSim counts them, and 3 x 3 x 3 x 128 weights at 1024 positions.
    first = 27 * 128 * 1024
    assert load_network("vgg8").macs == pytest.approx(615.92e6, rel=1e-5)
    assert training_network(load_network("vgg8")).macs == 3 * load_network("vgg8").macs - first


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (trained(("a", Matrix(Weights(8, 8)))), "trains already"),
        (line(("r", relu(8))), "has no weights"),
        (decoder(4, 2), "has a recurrence"),
        (line(("a", Matrix(Weights(8, 8))), ("m", Digital("argmax")), ("b", Matrix(Weights(8, 8)))), "no gradient"),
    ],
)
def test_networks_that_cannot_train_are_refused(network, said):
    with pytest.raises(InputError, match=said) as caught:
        training_network(network)
    assert caught.value.where and caught.value.remedy


@pytest.mark.parametrize(("batch", "stale"), [(0, 0), (1, -1)])
def test_updates_that_cannot_be(batch, stale):
    with pytest.raises(InputError, match="mini-batches"):
        Learning(batch, stale)


def test_mirrored_reads_from_the_end():
    assert np.array_equal(Mirrored().reach(3, 3)[0], [2, 1, 0])


def test_errors_of_a_recurrence_come_around_to_the_step_before():
    network = training_network(lstm(4, width=6))
    gradient = {edge.source: edge for edge in network.inputs_of("lstm.cell.gradient")}
    around = gradient["lstm.gates.backward"]
    # In the reverse order, too, a step takes what the one before it made: of the later step, forward.
    assert around.access == Previous(1) and around.elements == 6
    first, _ = around.access.reach(4, 4)
    assert first.tolist() == [NOTHING, 0, 1, 2]
    assert network.by_name["lstm.cell.backward"].width == 4 * 6
    assert network.macs == 3 * lstm(4, width=6).macs


def test_an_update_reads_the_state_of_the_step_before():
    network = training_network(lstm(3, width=6))
    (edge,) = [edge for edge in network.inputs_of("lstm.gates.update") if edge.source == "lstm.cell"]
    first, last = edge.access.reach(3, 3)
    # The last step comes first, and read the state of the second; the first step, which comes last, read none.
    assert first.tolist() == last.tolist() == [1, 0, NOTHING]


@pytest.mark.parametrize(
    ("activation", "work"),
    [("tanh", ((Primitive.ADD, 5), (Primitive.MULTIPLY, 10))), ("relu", ((Primitive.COMPARE, 5),))],
)
def test_a_plain_cells_gradient_is_its_activations(activation, work):
    cell = rnn("rnn", CellShape(3, 4, 5), activation=activation)
    ends = (Layer("in", Source(), 3, 4), Layer("out", Sink(), 3, 5))
    edges = (*cell.edges, *fed(cell, "in", 4), Edge("rnn.cell", "out", Same(), 5))
    network = Network("rnn", (*ends, *cell.layers), edges)
    assert training_network(network).by_name["rnn.cell.backward"].operator.work == work
