"""How much each edge must buffer, from one paced schedule of the whole network.

If every layer spreads its tokens evenly over the time T of one sample, T being what the slowest layer takes, and starts
as early as its inputs allow, then the tokens that lie on an edge at any time are the room it needs to run at full
rate. A dataflow graph is monotonic: since this schedule is possible with these capacities, running as early as possible
can neither deadlock nor fall behind it. Where a short path meets a long one, this is what the short one must hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.lowering.curves import Demand, Demands, Reach, demand, entries_of
from archsim.mapping.dealing import Dealing
from archsim.network import NOTHING, Edge, Learning, Matrix, Network, Phase

Times = NDArray[np.float64]
SLACK = 2
"""Tokens beyond the paced schedule's: one being written, one being read."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How long a layer takes.

    Parameters
    ----------
    interval_ps : float
        Between tokens of all its copies together, on average.
    hold_ps : float
        Of one token, until its inputs may go.
    latency_ps : float
        From the start of a token to its arrival at the farthest consumer.
    """

    interval_ps: float
    hold_ps: float
    latency_ps: float


def sample_time(network: Network, tempos: dict[str, Tempo], group: int) -> float:
    """Picoseconds per sample of the slowest layer or recurrence."""
    slowest = max(layer.tokens * tempos[layer.name].interval_ps for layer in network.layers)
    bounds = (bound / group for bound in recurrence_times(network, tempos).values())
    return max(slowest, learning_time(network, tempos), *bounds, 1.0)


def learning_time(network: Network, tempos: dict[str, Tempo]) -> float:
    """Picoseconds per sample that a network which trains needs at least: from weights to their update and round again.

    A mini-batch begins at a layer when an earlier one, so many before it as weights may be old, has been there and has
    come back.
    """
    if network.learning is None:
        return 0.0
    ends: dict[str, float] = {}
    for layer in network.order:
        before = [ends[edge.source] for edge in network.inputs_of(layer.name) if not edge.recurrent]
        ends[layer.name] = max(before, default=0.0) + tempos[layer.name].latency_ps
    updated = [ends[layer.name] for layer in network.layers if layer.phase is Phase.UPDATE]
    return max(updated, default=0.0) / ((network.learning.stale + 1) * network.learning.batch)


def recurrence_times(network: Network, tempos: dict[str, Tempo]) -> dict[str, float]:
    """Picoseconds per sample that each layer on a cycle needs at least: its steps times the cycle's latencies."""
    times = {}
    for cycle in network.cycles:
        if len(cycle) > 1:
            around = sum(tempos[name].latency_ps for name in cycle)
            times.update({name: network.by_name[name].tokens * around for name in cycle})
    return times or {"": 0.0}


@dataclass(frozen=True, slots=True)
class Pace:
    """One group of interleaved samples, spread evenly over its time.

    Parameters
    ----------
    period_ps : float
        Time of a group.
    starts : dict of str to float64, shape (tokens * group,)
        When each layer starts each entry of its stream.
    """

    period_ps: float
    starts: dict[str, Times]


def paced_schedule(demands: Demands, tempos: dict[str, Tempo], stretch: int) -> Pace:
    """The schedule in which every layer spreads its tokens evenly and starts as early as its inputs allow.

    Parameters
    ----------
    demands, tempos
    stretch : int
        Times slower than full rate: fewer samples then overlap, and less lies in the buffers.
    """
    from archsim.lowering import held  # numba takes long to load

    network, group = demands.network, demands.group
    period = sample_time(network, tempos, group) * group * stretch
    starts: dict[str, Times] = {}
    for waiting in demands.waiting:
        ready = np.zeros(waiting.firings)
        for source, touched in waiting.inputs:
            latency = float(tempos[source].latency_ps)
            if isinstance(touched, Reach):
                _wait_for_all(ready, touched, group, starts[source] + latency)
            else:
                held.wait_for(ready, touched, starts[source], latency)
        starts[waiting.layer] = _dealt_starts(waiting.dealing, ready, group, period)
    return Pace(period, starts)


def _wait_for_all(ready: Times, reach: Reach, group: int, arrivals: Times) -> None:
    """Move each firing's readiness to the last arrival of what it touches, where tokens do not come in their order."""
    from archsim.lowering import held

    touching = np.repeat(reach.last != NOTHING, group)
    first = np.repeat(reach.first * group, group)[touching]
    last = np.repeat(reach.last * group + group - 1, group)[touching]
    ready[touching] = np.maximum(ready[touching], held.latest(arrivals, first, last))


def _dealt_starts(dealing: Dealing, ready: Times, group: int, period: float) -> Times:
    """Starts of a layer whose copies each spread their tokens evenly, as early as these are ready."""
    from archsim.lowering import held

    if dealing.run == 1:
        return held.spread(ready, period / len(ready))
    starts = np.empty_like(ready)
    for copy in range(dealing.copies):
        mine = entries_of(dealing, copy, len(ready) // group, group)
        starts[mine] = held.spread(ready[mine], period / len(mine))
    return starts


def edge_capacity(demands: Demands, edge: Edge, tempos: dict[str, Tempo], pace: Pace) -> int:
    """Entries that an edge must hold for full rate, groups following each other at their period."""
    curves = demands.of(edge)
    if edge.recurrent:
        # A step's result waits until the other samples of its group have had their turns.
        return curves.room + demands.group + SLACK
    if any(dealing.run > 1 for dealing in demands.ends(edge)):
        return _dealt_room(demands, edge, tempos, pace)
    room = _room(curves, edge, pace.starts[edge.source], tempos, pace)
    learning = demands.network.learning
    return room if learning is None else max(curves.room, _room_to_learn(demands.network, learning, edge, room))


def _dealt_room(demands: Demands, edge: Edge, tempos: dict[str, Tempo], pace: Pace) -> int:
    """The same where tokens are dealt in runs: of the two copies between which most lie, for all of the source's."""
    from archsim.lowering import held

    dealt, (made, _) = demands.between_copies(edge), demands.ends(edge)
    arriving, begun = pace.starts[edge.source][dealt.made.order], pace.starts[edge.target][dealt.taken.order]
    ends, hold = (dealt.made.bounds, dealt.taken.bounds), float(tempos[edge.target].hold_ps)
    lying = held.most_dealt(
        (arriving, begun), ends, (dealt.maker, dealt.taker), (dealt.freeing, dealt.bounds), hold, pace.period_ps
    )
    return int((np.maximum(lying, dealt.room) + SLACK).max(initial=0)) * made.copies


def _dealt_window(demands: Demands, edge: Edge, tempos: dict[str, Tempo], pace: Pace) -> int:
    """The same of tokens that come evenly to each pair of copies, as late as will do."""
    reach, (made, taken), group = demands.reach(edge), demands.ends(edge), demands.group
    hold, most = float(tempos[edge.target].hold_ps), 0
    for maker in range(made.copies):
        for taker in range(taken.copies):
            part = reach.share(maker, made, taker, taken)
            if part.touched:
                curves = demand(part, group)
                begun = pace.starts[edge.target][entries_of(taken, taker, len(reach.first), group)]
                coming = _late_enough(curves, begun, pace.period_ps)
                most = max(most, _room_between(curves, coming, (begun, hold), pace.period_ps))
    return most * made.copies


def _late_enough(curves: Demand, begun: Times, period: float) -> Times:
    """Even arrivals, as late as every firing still finds what it needs."""
    even = np.arange(curves.advance) * (period / curves.advance)
    needing = curves.need > 0
    late = (begun[needing] - even[curves.need[needing] - 1]).min(initial=np.inf)
    return even + (late if needing.any() else 0.0)


def _room_to_learn(network: Network, learning: Learning, edge: Edge, room: int) -> int:
    """Entries of an edge in a network that trains: those of all samples between a product and its update at most.

    What updates need is kept for a whole mini-batch, whose updates all come at its end.
    """
    source, target = network.by_name[edge.source], network.by_name[edge.target].operator
    sample = source.tokens
    if isinstance(target, Matrix) and target.use.changes:
        room = max(room, learning.batch * sample + SLACK)
    return min(room, (learning.stale + 2) * learning.batch * sample + SLACK)


def window_capacity(demands: Demands, edge: Edge, tempos: dict[str, Tempo], pace: Pace) -> int:
    """Entries of room for what is fetched evenly, as late as every firing still finds what it needs."""
    curves = demands.of(edge)
    if edge.recurrent:
        return curves.room + demands.group + SLACK
    if any(dealing.run > 1 for dealing in demands.ends(edge)):
        return _dealt_window(demands, edge, tempos, pace)
    return _room(curves, edge, _late_enough(curves, pace.starts[edge.target], pace.period_ps), tempos, pace)


def _room(curves: Demand, edge: Edge, taken: Times, tempos: dict[str, Tempo], pace: Pace) -> int:
    """Entries that lie on an edge at most, given when each takes its place there."""
    target = pace.starts[edge.target], float(tempos[edge.target].hold_ps)
    return _room_between(curves, taken, target, pace.period_ps)


def _room_between(curves: Demand, taken: Times, target: tuple[Times, float], period: float) -> int:
    """The same, given also when firings of the target begin, and for how long they hold their inputs."""
    from archsim.lowering import held

    begun, hold_ps = target
    return max(held.most_held(taken, begun, hold_ps, curves.freeing, period), curves.room) + SLACK
