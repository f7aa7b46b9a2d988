"""Random networks on random chips: the run ends, accounts for every picosecond, and breaks no causality.

Causality is checked from the firings' log and the network alone: no firing starts before everything that it reads has
been made, element by element and token by token, by whichever copy and block that was.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from archsim.engine import reference, run_compiled
from archsim.engine.window import LogWindow
from archsim.errors import CapacityError
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import NOTHING, Digital, Matrix, Network, Previous, Sink, Source
from archsim.program import Role
from tests.chips import make_array, make_chip, make_fabric, make_issue, make_memory, make_system, make_unit
from tests.networks import decoder, lstm
from tests.random_networks import networks

UNITS = {
    "tile": {"local": make_unit()},
    "router": {"core": make_unit("router", every=3)},
    "both": {"local": make_unit(operations=("mac", "add", "exp")), "core": make_unit("router", every=4, lanes=64)},
    "slow": {"core": make_unit("router", lanes=1, every=2)},
}


@st.composite
def schedules(draw):
    """Layers at once, or in turns; of blocks in turns, the next ones written meanwhile or not."""
    order = draw(st.sampled_from(("auto", "sequential", "grouped")))
    return {"order": order, "ahead": draw(st.booleans())}


@st.composite
def issues(draw):
    """What starts the products of a tile, or nothing."""
    if draw(st.booleans()):
        return None
    return make_issue(
        time_ns=draw(st.integers(1, 200)),
        width=draw(st.integers(1, 3)),
        holds=draw(st.sampled_from(("issue", "product"))),
        order=draw(st.sampled_from(("ready", "program"))),
        joint=draw(st.booleans()),
    )


@st.composite
def chips(draw):
    topology = draw(st.sampled_from(("mesh", "torus", "ring", "tree", "bus")))
    return make_chip(
        array=make_array(draw(st.integers(6, 40)), draw(st.integers(6, 40)), row_write_ns=3),
        arrays_per_tile=draw(st.integers(1, 3)),
        units=UNITS[draw(st.sampled_from(list(UNITS)))],
        fabric=make_fabric(
            draw(st.integers(2, 3)),
            draw(st.integers(2, 4)),
            topology=topology,
            buffer_packets=draw(st.integers(1, 3)),
            multicast=draw(st.booleans()),
        ),
        memory=make_memory(),
        system=make_system(draw(st.sampled_from(("as needed", 1)))),
        schedule=draw(schedules()),
        issue=draw(issues()),
        read_bandwidth=draw(st.sampled_from((None, 1e9, 50e9))),
        grouped=draw(st.sampled_from(("array", "digital"))),
        buffer_kib=draw(st.sampled_from((64, 0.0625))),
    )


@st.composite
def placements(draw, source):
    """A placement, with copies of some of its matrix layers."""
    network, chip = draw(source), draw(chips())
    try:
        plain = place(network, chip)
    except CapacityError:
        # Layers that a recurrence joins may be too large for one small chip.
        reject()
    layers = plain.network.matrices
    recurrent = any(edge.recurrent for edge in network.edges)
    copies = {} if recurrent else {layer.name: draw(st.integers(1, min(4, layer.tokens))) for layer in layers}
    try:
        placed = place(network, chip, replicate=copies)
    except CapacityError:
        reject()
    if not draw(st.booleans()):
        return placed
    # Runs of any length do, as long as every copy has one.
    layers = zip(placed.network.order, placed.replicas, strict=True)
    return replace(placed, runs=tuple(draw(st.integers(1, layer.tokens // count)) for layer, count in layers))


class Made:
    """When each element of each token of each layer was there, from the log."""

    def __init__(self, placement, program, trace):
        self.placement, self.program = placement, program
        self.group = program.samples.group
        self.starts = defaultdict(list)
        for actor, start in zip(trace.log.actor.tolist(), trace.log.start.tolist(), strict=True):
            self.starts[actor].append(start)
        actors = program.actors
        self.actor = {
            (int(layer), int(role), int(replica), int(row), int(column)): number
            for number, (layer, role, replica, row, column) in enumerate(
                zip(actors.layer, actors.role, actors.replica, actors.row, actors.column, strict=True)
            )
            if role not in (Role.LINK, Role.READ, Role.WRITE)
        }

    def times(self, index, actor, replica):
        """Start of each token of each sample, shape (samples, tokens of the layer); -1 for other copies' tokens."""
        layer, dealing = self.placement.network.order[index], self.placement.dealings[index]
        mine = dealing.tokens(replica, layer.tokens)
        flat = np.array(self.starts[actor]).reshape(-1, len(mine), self.group)
        times = np.full((flat.shape[0] * self.group, layer.tokens), -1)
        times[:, mine] = flat.transpose(0, 2, 1).reshape(-1, len(mine))
        return times

    def ready(self, name):
        """When each element was made, shape (samples, tokens, width)."""
        placement, index = self.placement, self.placement.index[name]
        layer = placement.network.by_name[name]
        ready = np.zeros((self.program.samples.count, layer.tokens, layer.width), np.int64)
        homes, rows = placement.homes, placement.homes_of(index)
        for home in range(rows.start, rows.stop):
            replica, part = int(homes.replica[home]), int(homes.part[home])
            actor = self.output(index, layer, replica, part)
            times = self.times(index, actor, replica)
            there = times >= 0
            latency = int(self.program.actors.latency[actor])
            if self.program.actors.latency_table[actor] >= 0:
                latency = 1
            ready[there, homes.start[home] : homes.stop[home]] = (times[there] + latency)[:, None]
        return ready

    def output(self, index, layer, replica, part):
        if isinstance(layer.operator, Matrix):
            last = max(row for (at, _, copy, row, column) in self.actor if (at, copy, column) == (index, replica, part))
            return self.actor[index, Role.ACCUMULATE if last else Role.AFFINE, replica, last, part]
        role = {Source: Role.SOURCE, Sink: Role.SINK, Digital: Role.COMPUTE}[type(layer.operator)]
        return self.actor[index, role, replica, 0, part]

    def takers(self, name):
        """Actors that read a layer's inputs: actor, copy, and the elements of the layer or of its input vector."""
        placement, index = self.placement, self.placement.index[name]
        layer = placement.network.by_name[name]
        if isinstance(layer.operator, Matrix):
            blocks, rows = placement.blocks, placement.blocks_of(index)
            for block in range(rows.start, rows.stop):
                key = (int(blocks.replica[block]), int(blocks.row[block]), int(blocks.column[block]))
                yield self.actor[index, Role.INTEGRATE, *key], key[0], blocks.row_start[block], blocks.row_stop[block]
            return
        homes, rows = placement.homes, placement.homes_of(index)
        for home in range(rows.start, rows.stop):
            replica, part = int(homes.replica[home]), int(homes.part[home])
            yield self.output(index, layer, replica, part), replica, homes.start[home], homes.stop[home]


def elements_read(network, edge, layer, start, stop):
    """Elements of the source's token that a block or part reads over an edge."""
    operator = layer.operator
    port = [other for other in network.inputs_of(layer.name) if other.port == edge.port]
    landing = np.arange(edge.target_start, edge.target_start + edge.elements)
    if isinstance(operator, Matrix):
        wanted = np.isin(landing, np.arange(start, stop) // operator.taps)
    else:
        if isinstance(operator, Digital) and operator.heads > 1:
            return elements_of_heads(layer, edge, start, stop)
        contract = operator.contract if isinstance(operator, Digital) and edge.port == 0 else 1
        laid_out = sum(other.elements for other in port) == layer.width * contract
        alone = isinstance(operator, Digital) and not operator.whole_token and laid_out
        wanted = np.isin(landing // contract, np.arange(start, stop)) if alone else np.ones(edge.elements, bool)
    if edge.scattered:
        wanted = np.full(edge.elements, bool(stop > start))
    return edge.source_start + np.flatnonzero(wanted)


def elements_of_heads(layer, edge, start, stop):
    """Elements of the queries of a group of heads, or of the keys or values that they share: each group's own."""
    groups = layer.operator.heads
    size, each = layer.width // groups, edge.elements // groups
    return np.concatenate([group * each + np.arange(each) for group in range(start // size, -(-stop // size))])


def check_causality(placement, program, trace):
    made, network = Made(placement, program, trace), placement.network
    for edge in network.edges:
        layer = network.by_name[edge.target]
        first, last = edge.access.reach(network.by_name[edge.source].tokens, layer.tokens)
        ready = made.ready(edge.source)
        for actor, replica, start, stop in made.takers(edge.target):
            elements = elements_read(network, edge, layer, start, stop)
            times = made.times(placement.index[edge.target], actor, replica)
            for token in placement.dealings[placement.index[edge.target]].tokens(replica, layer.tokens).tolist():
                if first[token] != NOTHING and len(elements):
                    touched = ready[:, [first[token], last[token]]][:, :, elements]
                    assert (times[:, token] >= touched.max(axis=(1, 2))).all(), (edge, token)


def check_turns(placement, program, trace):
    """No array multiplies in a turn before the one before it has ended, nor before its block has been written."""
    turns = placement.turns
    if turns is None:
        return
    start = {actor: [] for actor in range(len(program.actors))}
    for actor, time in zip(trace.log.actor.tolist(), trace.log.start.tolist(), strict=True):
        start[actor].append(time)
    role, resource = program.actors.role, program.actors.resource
    enders = np.flatnonzero(role == Role.TURN)
    ended = np.array([start[actor] for actor in enders.tolist()]).T.ravel()
    assert (np.diff(ended) > 0).all() or len(ended) < 2
    integrating = np.flatnonzero(role == Role.INTEGRATE)
    rounds = len(ended) // turns.count
    for block, actor in enumerate(integrating.tolist()):
        times = np.array(start[actor]).reshape(rounds, -1)
        number = np.arange(rounds) * turns.count + turns.use[block]
        after = np.where(number > 0, ended[number - 1], -1)
        assert (times[:, 0] > after).all() and (times[:, -1] < ended[number]).all()
    for actor in np.flatnonzero(role == Role.PROGRAM).tolist():
        neighbours = [other for other in integrating.tolist() if resource[other] == resource[actor]]
        busy = sorted(
            (time, time + int(program.actors.interval[other])) for other in neighbours for time in start[other]
        )
        written = [(time, time + int(program.actors.interval[actor])) for time in start[actor]]
        assert all(end <= first or begin >= last for begin, end in written for first, last in busy)


def check_run(placement, batch, interleave):
    try:
        program = lower(replace(placement, interleave=interleave), batch=batch)
    except CapacityError as error:
        # Some of the chips have buffers of 64 bytes, which not even a memory can help.
        assert placement.chip.tile.buffer.capacity < 8 * 1024, error
        reject()
    trace = reference.run(program, log=LogWindow())
    assert run_compiled(program).makespan == trace.makespan
    assert (trace.firings == program.actors.firings).all()
    check_turns(placement, program, trace)
    parts = trace.busy + trace.starved + trace.blocked + trace.contended + trace.done
    assert (parts == trace.makespan).all()
    check_causality(placement, program, trace)


# The same examples every time: an ordinary run is no place to find new ones.
slowly = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@given(placements(networks()), st.integers(1, 3), st.booleans())
@slowly
def test_random_networks(placement, batch, together):
    check_run(placement, batch, batch if together else 1)


@pytest.mark.slow
@given(placements(networks()), st.integers(1, 3), st.booleans())
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=3000)
def test_many_random_networks(placement, batch, together):
    """New ones every time."""
    check_run(placement, batch, batch if together else 1)


@st.composite
def recurrences(draw):
    steps = draw(st.integers(1, 8))
    if draw(st.booleans()):
        return decoder(steps, draw(st.integers(1, steps)))
    return lstm(steps, width=draw(st.sampled_from((1, 5, 8, 12))))


@given(placements(recurrences()), st.integers(1, 4), st.booleans())
@slowly
def test_random_recurrences(placement, batch, together):
    check_run(placement, batch, batch if together else 1)


def test_the_check_itself_notices_a_missing_dependency():
    network = lstm(4)
    placement = place(network, make_chip())
    program = lower(placement)
    trace = reference.run(program, log=LogWindow())
    check_causality(placement, program, trace)
    late = Network("late", network.layers, tuple(e for e in network.edges if not isinstance(e.access, Previous)))
    without = reference.run(lower(place(late, make_chip())), log=LogWindow())
    try:
        check_causality(placement, program, without)
    except AssertionError:
        return
    raise AssertionError("a recurrence was left out and nobody noticed")
