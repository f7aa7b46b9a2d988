"""Random networks that train on random chips: both engines agree, nothing is read before it is made, and every block is
read and changed in the order that the user chose.
"""

from __future__ import annotations

from dataclasses import replace
from math import lcm

import numpy as np
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from archsim import network as net
from archsim.engine import run_compiled, run_reference
from archsim.engine.window import LogWindow
from archsim.errors import CapacityError
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network.backward import training_network
from archsim.network.work import Reduction, activation_work, layer_norm_work, pool_work, softmax_work
from archsim.program import Role
from archsim.workloads import digital
from tests.chips import (
    make_adc,
    make_array,
    make_chip,
    make_fabric,
    make_issue,
    make_memory,
    make_rewriting,
    make_training,
    make_unit,
)
from tests.networks import lstm

slowly = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)


SAME = net.Same()


KINDS = ("matrix", "matrix", "window", "activation", "pool", "sum", "join", "gate", "norm", "softmax", "attention")


class Sheet:
    """A network in the making: matrices, windows, activations, pools, sums, gates, norms, attention, concatenations."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        tokens = draw(st.sampled_from((1, 1, 4, 9)))
        self.layers = [net.Layer("in", net.Source(), tokens, draw(st.integers(1, 9)))]
        self.edges: list[net.Edge] = []

    def add(self, operator, tokens, width, edges) -> None:
        name = f"l{len(self.layers)}"
        self.layers.append(net.Layer(name, operator, tokens, width))
        self.edges.extend(replace(edge, target=name) for edge in edges)

    def matrix(self, source, *, access=SAME, tokens=None, taps=1) -> None:
        width = self.draw(st.integers(1, 14))
        held = net.Weights(source.width * taps, width)
        operator = net.Matrix(held, taps=taps, bias=self.draw(st.booleans()))
        self.add(operator, tokens or source.tokens, width, [net.Edge(source.name, "", access, source.width)])

    def window(self, source) -> tuple[net.Window, int, int]:
        kernel, stride, pad = (self.draw(st.integers(low, high)) for low, high in ((1, 3), (1, 2), (0, 1)))
        out = max(1, (source.tokens + 2 * pad - kernel) // stride + 1)
        return net.Window((source.tokens,), (out,), (kernel,), (stride,), (pad,), (1,)), out, kernel

    def step(self) -> None:
        source = self.draw(st.sampled_from(self.layers[-2:]))
        kind = self.draw(st.sampled_from(KINDS))
        if kind == "matrix":
            self.matrix(source)
        elif kind == "window":
            access, out, taps = self.window(source)
            self.matrix(source, access=access, tokens=out, taps=taps)
        elif kind == "activation":
            name = self.draw(st.sampled_from(("relu", "sigmoid", "gelu", "scale")))
            operator = net.Digital(name, activation_work(name, source.width))
            self.add(operator, source.tokens, source.width, [net.Edge(source.name, "", net.Same(), source.width)])
        elif kind == "pool":
            access, out, taps = self.window(source)
            operator = net.Digital(
                "max-pool", pool_work(Reduction.MAX, taps, source.width) or activation_work("add", 1)
            )
            self.add(operator, out, source.width, [net.Edge(source.name, "", access, source.width)])
        elif kind in ("norm", "softmax"):
            work = layer_norm_work(source.width) if kind == "norm" else softmax_work(source.width)
            operator = net.Digital({"norm": "layer-norm"}.get(kind, kind), work, whole_token=True)
            self.add(operator, source.tokens, source.width, [net.Edge(source.name, "", SAME, source.width)])
        elif kind == "attention":
            self.attention(source)
        else:
            self.several(source, kind)

    def attention(self, source) -> None:
        """Of a layer to itself, or of its matrices' outputs to each other: some keys, or those before."""
        groups, shared, size = (self.draw(st.integers(1, 2)) for _ in range(3))
        width = groups * shared * size
        for wide in (width, groups * size, groups * size):
            operator = net.Matrix(net.Weights(source.width, wide))
            self.add(operator, source.tokens, wide, [net.Edge(source.name, "", SAME, source.width)])
        query, keys, values = (layer.name for layer in self.layers[-3:])
        access = self.draw(st.sampled_from((net.Whole(), net.Prefix(), self.neighbours(source.tokens))))
        edges = [net.Edge(query, "", SAME, width)]
        edges += [net.Edge(name, "", access, groups * size, port) for port, name in ((1, keys), (2, values))]
        self.add(digital.attention(groups * shared, size, groups), source.tokens, width, edges)

    def neighbours(self, tokens: int) -> net.Table:
        """Keys from the one before to the one behind."""
        places = np.arange(tokens)
        return net.Table(np.maximum(places - 1, 0), np.minimum(places + 1, tokens - 1))

    def several(self, source, kind: str) -> None:
        summed = kind in ("sum", "gate")
        alike = [layer for layer in self.layers if layer.tokens == source.tokens]
        if summed:
            alike = [layer for layer in alike if layer.width == source.width]
        other = self.draw(st.sampled_from(alike))
        width = source.width if summed else source.width + other.width
        shift = {"port": 1} if summed else {"target_start": source.width}
        edges = [
            net.Edge(source.name, "", net.Same(), source.width),
            net.Edge(other.name, "", net.Same(), other.width, **shift),
        ]
        kind = {"sum": "add", "gate": "mul", "join": "relu"}[kind]
        self.add(net.Digital(kind, activation_work(kind, width)), source.tokens, width, edges)

    def finish(self) -> net.Network:
        last = self.layers[-1]
        self.matrix(last, access=net.Same() if last.tokens == 1 else net.Whole(), tokens=1, taps=last.tokens)
        output = self.layers[-1]
        self.layers.append(net.Layer("out", net.Sink(), 1, output.width))
        self.edges.append(net.Edge(output.name, "out", net.Same(), output.width))
        return net.Network("random", tuple(self.layers), tuple(self.edges))


@st.composite
def networks(draw):
    sheet = Sheet(draw)
    for _ in range(draw(st.integers(0, 5))):
        sheet.step()
    return sheet.finish()


@st.composite
def chips(draw):
    rewriting = {
        name: make_rewriting(every=draw(st.integers(1, 3)), row_ns=draw(st.integers(1, 60)))
        for name in ("transfer", "refresh")
        if draw(st.booleans())
    }
    adc = make_adc(shared=2, conversion_ns=draw(st.integers(1, 30)), held=draw(st.booleans()))
    return make_chip(
        array=make_array(2 * draw(st.integers(2, 12)), 2 * draw(st.integers(2, 12))),
        adc=make_adc(held=draw(st.booleans())),
        arrays_per_tile=draw(st.integers(1, 3)),
        units={"local": make_unit(), "core": make_unit("router", every=3, lanes=2)},
        fabric=make_fabric(3, 4, multicast=draw(st.booleans()), buffer_packets=draw(st.integers(1, 3))),
        memory=make_memory(),
        system={"chips": "as needed", "topology": "line", "host_bandwidth": 8e9,
                "link": {"bandwidth": 8e9, "latency": 20e-9, "cost": {"energy": {}, "model": None}}},
        issue=make_issue(joint=draw(st.booleans())) if draw(st.booleans()) else None,
        read_bandwidth=draw(st.sampled_from((None, 20e9))),
        buffer_kib=draw(st.sampled_from((64, 0.25))),
        training=make_training(slots=draw(st.integers(1, 20)), adc=adc, **rewriting),
    )  # fmt: skip


@st.composite
def placements(draw, source):
    inferring = draw(source)
    learning = net.Learning(draw(st.integers(1, 3)), draw(st.integers(0, 2)), draw(st.booleans()))
    try:
        return place(training_network(inferring, learning), draw(chips()))
    except CapacityError:
        reject()


@st.composite
def recurrences(draw):
    """An LSTM of some steps, whose every step is an output."""
    return lstm(draw(st.integers(1, 6)), width=draw(st.sampled_from((1, 5, 8))))


def samples_of(placement, periods):
    training = placement.chip.analog.training
    every = [how.every for how in (training.transfer, training.refresh) if how is not None]
    return lcm(placement.network.learning.batch, *every) * periods


@given(placements(networks()), st.integers(2, 3))
@slowly
def test_random_trainings(placement, periods):
    check_run(placement, periods)


@given(placements(recurrences()), st.integers(2, 3))
@settings(slowly, max_examples=25)
def test_errors_go_back_through_time(placement, periods):
    # Step by step from the last to the first: each error waits for that of the step behind it.
    check_run(placement, periods)
    backward = [edge for edge in placement.network.edges if edge.recurrent and edge.source.endswith(".backward")]
    assert [edge.access for edge in backward] == [net.Previous(1)]


def check_run(placement, periods):
    try:
        program = lower(placement, batch=samples_of(placement, periods))
    except CapacityError as error:
        assert "partial sums" in str(error) or "memory" in str(error)
        reject()
    trace = run_reference(program, log=LogWindow())
    other = run_compiled(program)
    assert other.makespan == trace.makespan
    for name in ("firings", "busy", "starved", "blocked", "contended", "done", "sample_in", "sample_out"):
        assert np.array_equal(getattr(other, name), getattr(trace, name))
    runs = Runs(program, trace)
    for edge in placement.network.edges:
        check_edge(placement, runs, edge)
    check_order(placement, runs)


class Runs:
    """When each actor's firings start, and when their outputs appear."""

    def __init__(self, program, trace) -> None:
        log, actors = trace.log, program.actors
        self.program = program
        self.start = {actor: log.start[log.actor == actor] for actor in range(len(actors))}
        self.end = {actor: start + actors.latency[actor] for actor, start in self.start.items()}

    def of(self, layer: int, *roles: Role) -> list[int]:
        actors = self.program.actors
        return np.flatnonzero((actors.layer == layer) & np.isin(actors.role, roles)).tolist()


TAKERS = (Role.INTEGRATE, Role.UPDATE, Role.COMPUTE)
MAKERS = (Role.AFFINE, Role.ACCUMULATE, Role.COMPUTE, Role.SOURCE)


def check_edge(placement, runs, edge):
    """When the last part of a token of the target starts, all tokens are whole that it touches of the source."""
    network = placement.network
    source, target = network.by_name[edge.source], network.by_name[edge.target]
    if edge.elements < source.width:
        return
    made = whole_tokens(runs, runs.end, runs.of(placement.index[source.name], *MAKERS), source.tokens)
    taken = whole_tokens(runs, runs.start, runs.of(placement.index[target.name], *TAKERS), target.tokens)
    _, last = edge.access.reach(source.tokens, target.tokens)
    touched = last != net.NOTHING
    assert (taken[:, touched] >= np.maximum.accumulate(made, axis=1)[:, last[touched]]).all()


def whole_tokens(runs, times, actors, tokens):
    """When the last part of each token of each sample is there, where copies of a layer share its tokens in turn."""
    samples, copy = runs.program.samples.count, runs.program.actors.replica[actors]
    whole = np.zeros((samples, tokens), np.int64)
    for actor, mine in zip(actors, copy.tolist(), strict=True):
        if len(times[actor]):
            part = whole[:, mine :: copy.max() + 1]
            np.maximum(part, times[actor].reshape(part.shape), out=part)
    return whole


def check_order(placement, runs):
    """Products of a mini-batch see the updates of those before, but for as many as may be missing, none of its own."""
    learning, actors = placement.network.learning, runs.program.actors
    spots = np.stack([runs.program.resources.chip, runs.program.resources.node, runs.program.resources.index])
    for update in np.flatnonzero(actors.role == Role.UPDATE).tolist():
        name = placement.network.order[actors.layer[update]].name
        held = placement.matrix[name]
        for product in np.flatnonzero(actors.role == Role.INTEGRATE).tolist():
            layer = placement.network.order[actors.layer[product]]
            same_block = placement.matrix[layer.name] == held and (
                (actors.row[product], actors.column[product]) == (actors.row[update], actors.column[update])
            )
            if not same_block:
                continue
            assert (spots[:, actors.resource[product]] == spots[:, actors.resource[update]]).all()
            starts, ends = by_batch(runs, learning, product), by_batch(runs, learning, update)
            # No update of a mini-batch before the last of its products.
            assert (ends[0][:, 0] >= starts[1][:, -1]).all()
            if layer.operator.use is net.Use.FORWARD and learning.stale + 1 < len(starts[0]):
                lag = learning.stale + 1
                assert (starts[0][lag:, 0] >= ends[1][:-lag, -1]).all()


def by_batch(runs, learning, actor):
    """Starts and ends of an actor's firings, a row per mini-batch."""
    batches = len(runs.start[actor]) // (len(runs.start[actor]) // batches_of(runs, learning))
    return runs.start[actor].reshape(batches, -1), runs.end[actor].reshape(batches, -1)


def batches_of(runs, learning):
    return runs.program.samples.count // learning.batch
