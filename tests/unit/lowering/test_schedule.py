"""Paced schedules and the room they ask for, worked out by hand for layers of given pace."""

import numpy as np
import pytest

from archsim.lowering.curves import Demands
from archsim.lowering.passing import Selections
from archsim.lowering.schedule import (
    SLACK,
    Pace,
    Tempo,
    edge_capacity,
    learning_time,
    paced_schedule,
    recurrence_times,
    sample_time,
    window_capacity,
)
from archsim.lowering.series import SeriesBook
from archsim.network import Edge, Layer, Learning, Matrix, Network, Previous, Same, Sink, Source, Weights, Whole, Window
from archsim.network.backward import training_network
from tests.networks import decoder, line, lstm

PACES = {"in": Tempo(10, 10, 10), "a": Tempo(20, 20, 25), "out": Tempo(5, 5, 5)}


def four_tokens():
    return line(("a", Matrix(Weights(8, 8))), tokens=4)


def demands(network, group=1):
    return Demands(network, group, Selections(SeriesBook()))


def edge(network, source, target):
    return next(edge for edge in network.edges if (edge.source, edge.target) == (source, target))


def test_the_slowest_layer_sets_the_time_of_a_sample():
    assert sample_time(four_tokens(), PACES, 1) == 4 * 20
    assert sample_time(four_tokens(), {**PACES, "out": Tempo(50, 1, 1)}, 3) == 200


def test_nothing_takes_less_than_a_picosecond():
    assert sample_time(four_tokens(), dict.fromkeys(PACES, Tempo(0, 0, 0)), 1) == 1


def test_a_recurrence_takes_its_steps_times_the_way_around():
    network = lstm(5)
    around = ("lstm.gates", "lstm.cell")
    paces = {layer.name: Tempo(1, 1, 100 if layer.name in around else 1) for layer in network.layers}
    assert recurrence_times(network, paces) == dict.fromkeys(around, 5 * 200)
    assert recurrence_times(four_tokens(), PACES) == {"": 0}
    # Four samples in turns share the wait; with 300 of them the layers' own pace counts.
    assert [sample_time(network, paces, group) for group in (1, 4, 300)] == [1000, 250, 5]


@pytest.mark.parametrize(("batch", "stale", "time"), [(1, 0, 40), (2, 0, 20), (2, 1, 10), (1, 3, 10)])
def test_a_mini_batch_goes_around_before_the_next_or_as_many_at_once_as_weights_may_be_old(batch, stale, time):
    # Input, product, loss and update of ten each; the targets come beside the input.
    network = training_network(line(("a", Matrix(Weights(8, 8)))), Learning(batch, stale))
    paces = {layer.name: Tempo(1, 1, 10) for layer in network.layers}
    assert learning_time(network, paces) == time
    assert learning_time(four_tokens(), PACES) == 0


@pytest.mark.parametrize(("prompt", "bound"), [(1, True), (2, False)])
def test_tokens_after_a_prompt_are_no_recurrence(prompt, bound):
    network = decoder(6, prompt)
    paces = {layer.name: Tempo(1, 1, 10) for layer in network.layers}
    assert recurrence_times(network, paces) == ({"a": 120, "r": 120} if bound else {"": 0})


def test_layers_start_as_early_as_their_inputs_allow():
    pace = paced_schedule(demands(four_tokens()), PACES, 1)
    assert pace.period_ps == 80
    assert pace.starts["in"].tolist() == [0, 20, 40, 60]
    assert pace.starts["a"].tolist() == [10, 30, 50, 70]
    assert pace.starts["out"].tolist() == [35, 55, 75, 95]


def test_a_stretched_schedule_is_slower_and_a_group_is_longer():
    slow = paced_schedule(demands(four_tokens()), PACES, 2)
    assert (slow.period_ps, slow.starts["a"].tolist()) == (160, [10, 50, 90, 130])
    pair = paced_schedule(demands(four_tokens(), 2), PACES, 1)
    assert (pair.period_ps, pair.starts["in"].tolist()) == (160, [20.0 * n for n in range(8)])


def fork(target_tokens=4):
    """Two ways to a sum: one through a window of three tokens, one straight."""
    window = Window((4,), (4,), (3,), (1,), (1,), (1,))
    layers = (
        Layer("in", Source(), 4, 8),
        Layer("conv", Matrix(Weights(24, 8), taps=3), 4, 8),
        Layer("sum", Matrix(Weights(16, 8)), 4, 8),
        Layer("out", Sink(), 4, 8),
    )
    edges = (
        Edge("in", "conv", window, 8),
        Edge("conv", "sum", Same(), 8),
        Edge("in", "sum", Same(), 8, target_start=8),
        Edge("sum", "out", Same(), 8),
    )
    return Network("fork", layers, edges)


def test_a_layer_waits_for_the_last_of_its_inputs():
    network = fork()
    paces = {"in": Tempo(1, 1, 1), "conv": Tempo(10, 10, 30), "sum": Tempo(2, 2, 2), "out": Tempo(1, 1, 1)}
    pace = paced_schedule(demands(network), paces, 1)
    # Tokens every 10: a window needs the token after its own, 11 later, and the last one needs no more than that.
    assert pace.starts["conv"].tolist() == [11, 21, 31, 41]
    assert pace.starts["sum"].tolist() == [41, 51, 61, 71]
    # A token of the input lies on its straight way from when it is begun until the sum is through with it: 43 of a
    # period of 40 with a token every 10, so five at most.
    assert edge_capacity(demands(network), edge(network, "in", "sum"), paces, pace) == 5 + SLACK
    # What the window reads goes when the last window with it ends: token 0 with window 1, after 31; token 3 is held for
    # 21. Between 20 and 21 the tokens 0, 1, 2 and the last of the sample before are there.
    assert edge_capacity(demands(network), edge(network, "in", "conv"), paces, pace) == 4 + SLACK
    assert edge_capacity(demands(network), edge(network, "conv", "sum"), paces, pace) == 4 + SLACK


def test_room_on_a_straight_edge():
    network = four_tokens()
    pace = paced_schedule(demands(network), PACES, 1)
    # Taken at 0, 20, 40, 60 and gone at 30, 50, 70, 90.
    assert edge_capacity(demands(network), edge(network, "in", "a"), PACES, pace) == 2 + SLACK
    # Fetched as late as it may be, each token takes its place when its product begins.
    assert window_capacity(demands(network), edge(network, "in", "a"), PACES, pace) == 1 + SLACK


def test_what_is_fetched_evenly_comes_as_late_as_the_first_that_is_needed_soonest():
    # Two products, of tokens 0 to 2 and 1 to 3, begin at 10 and 20 of a period of 80; tokens are fetched every 20.
    window = Window((4,), (2,), (3,), (1,), (0,), (1,))
    layers = (Layer("in", Source(), 4, 8), Layer("a", Matrix(Weights(24, 8), taps=3), 2, 8), Layer("out", Sink(), 2, 8))
    network = Network("window", layers, (Edge("in", "a", window, 8), Edge("a", "out", Same(), 8)))
    told, pace = demands(network), Pace(80, {"a": np.array([10.0, 20.0])})
    assert told.of(network.edges[0]).need.tolist() == [3, 4]
    # Token 2 must be there at 10, though 40 behind the first, and token 3 at 20, 60 behind: fetched from 40 before
    # the period on, at -40, -20, 0 and 20. A product holds what it reads for 15: token 0 until 25, the others until 35.
    # At 20 all four are there; the next period's begin at 40.
    paces = {**PACES, "a": Tempo(10, 15, 15)}
    assert window_capacity(told, network.edges[0], paces, pace) == 4 + SLACK


def test_a_whole_sample_takes_its_room_and_what_comes_meanwhile():
    layers = (Layer("in", Source(), 4, 8), Layer("a", Matrix(Weights(32, 8)), 1, 8), Layer("out", Sink(), 1, 8))
    network = Network("whole", layers, (Edge("in", "a", Whole(), 8), Edge("a", "out", Same(), 8)))
    paces = {"in": Tempo(10, 10, 10), "a": Tempo(15, 15, 15), "out": Tempo(1, 1, 1)}
    pace = paced_schedule(demands(network), paces, 1)
    assert pace.starts["a"].tolist() == [40]
    # Four tokens are held until 55, and by then two of the next sample have begun (at 40 and 50).
    assert edge_capacity(demands(network), edge(network, "in", "a"), paces, pace) == 6 + SLACK


@pytest.mark.parametrize("group", [1, 3])
def test_a_recurrent_edge_holds_a_token_for_each_sample_that_takes_turns(group):
    network = decoder(6, 1)
    paces = {layer.name: Tempo(1, 1, 10) for layer in network.layers}
    told = demands(network, group)
    pace = paced_schedule(told, paces, 1)
    back = edge(network, "r", "a")
    assert isinstance(back.access, Previous)
    room = told.of(back).room
    for capacity in (edge_capacity, window_capacity):
        assert capacity(told, back, paces, pace) == room + group + SLACK


def test_curves_of_a_window_by_hand():
    curves = demands(fork()).of(fork().edges[0])
    assert curves.need.tolist() == [2, 3, 4, 4]
    assert curves.release.tolist() == [0, 1, 2, 4]
    assert (curves.advance, curves.room) == (4, 3)
    pair = demands(fork(), 2).of(fork().edges[0])
    assert pair.need.tolist() == [3, 4, 5, 6, 7, 8, 7 + 1, 8]
    assert pair.release.tolist() == [0, 0, 1, 2, 3, 4, 5, 8]


def test_alike_edges_share_their_rows():
    network, book = four_tokens(), SeriesBook()
    told = Demands(network, 1, Selections(book))
    assert told.rows(network.edges[0]) == told.rows(network.edges[1])
    assert told.of(network.edges[0]) is told.of(network.edges[1])
    assert len(book.finish().start) == 1  # token n needs n + 1 and lets n + 1 go
    assert np.array_equal(told.reach(network.edges[0]).first, np.arange(4))
