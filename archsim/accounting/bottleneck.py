"""What limits a run, and why.

Where a resource, or one actor on it, works through the whole steady period (or run), it is the limit. Where none does,
the critical cycle of the period is: a round of waits that takes as long as the period. Without a period, the critical
path of the whole run says where its time went.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from archsim import engine
from archsim.accounting.steady import Steady, actor_use, steady_use
from archsim.accounting.stepped import starting_s
from archsim.engine import Cause, Critical
from archsim.mapping import Placement
from archsim.program import Kind, Program, Role, Trace, resource_name
from archsim.units import PS_PER_S

FULLY = 0.999
"""Busy share of the steady period, or else of the run, from which a resource is the limit; the rest is rounding."""

LONG = 0.1
"""Share of a path from which a part is worth its name."""

WRITE_LESS = (
    "more arrays, so that weights stay; more samples a turn (mapping.schedule.samples); writing ahead "
    "(mapping.schedule.ahead) or faster (tile.array.programming)"
)
"""What helps where weights are written again and again."""

STARTS = "more products in flight (tile.issue.width), a faster issue (tile.issue.time), or fewer arrays per tile"
"""What helps where one controller starts the products of too many arrays."""

FASTER_ARRAYS = "more arrays, a faster clock, or a shape and dataflow that this layer fills better"
"""What helps where a device that works layer by layer computes all the time."""


class Limit(StrEnum):
    """What a run is limited by."""

    RESOURCE = "resource"
    ROOM = "buffer room"
    RECURRENCE = "recurrence"
    DECODING = "decoding"
    TURNS = "layers take turns"
    FILLING = "filling the pipeline"
    STARTS = "starting kernels"
    WAITS = "waits for one another"
    UNTRACED = "not traced"


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The busiest resource, what limits the run, and why.

    Parameters
    ----------
    resource : str
        The busiest, or that of the actor that is busiest: one stream can take all its time though servers are free.
    layer : str
        The layer that uses it most.
    utilisation : float
        Busy share in the steady state: of that resource, or of that actor if it is greater.
    limit : Limit
    reason : str
        A sentence for the reader of a report.
    """

    resource: str
    layer: str
    utilisation: float
    limit: Limit
    reason: str


def find_bottleneck(trace: Trace, placement: Placement, steady: Steady) -> Bottleneck:
    """The busiest resource, and what limits the run: that resource or something else."""
    program = trace.program
    actor, use = _busiest(trace, steady)
    resource, layer = int(program.actors.resource[actor]), int(program.actors.layer[actor])
    limit, reason = _limit(trace, placement, steady, actor, use)
    return Bottleneck(resource_name(program, resource), program.labels.layers[layer], use, limit, reason)


def _busiest(trace: Trace, steady: Steady) -> tuple[int, float]:
    """The actor that is the limit itself, or the main one on the busiest resource; and the busy share."""
    resources, actors = steady_use(trace, steady), actor_use(trace, steady)
    if actors.max() > resources.max() * (1.0 + 1e-9):
        return int(actors.argmax()), float(actors.max())
    top = resources.argmax()
    return int(np.where(trace.program.actors.resource == top, actors, -1.0).argmax()), float(resources[top])


def _limit(trace: Trace, placement: Placement, steady: Steady, actor: int, use: float) -> tuple[Limit, str]:
    if (starting := starting_s(trace, placement)) > max(_working_s(trace) - starting, _fetching_s(trace)):
        return Limit.STARTS, _started(trace, starting)
    if use >= FULLY:
        return Limit.RESOURCE, f"it is the limit: {_service(trace, placement, actor)}"
    critical = engine.critical_path(trace)
    if critical is None:
        return Limit.UNTRACED, _untraced(trace, actor)
    limit, reason = _Causes(trace, placement, critical).limit()
    if limit is Limit.RESOURCE:
        return limit, reason
    resource = resource_name(trace.program, int(trace.program.actors.resource[actor]))
    return limit, f"{reason}; at most {1.0 / use:.3g} times as fast, as {resource} is the next limit"


def _working_s(trace: Trace) -> float:
    """Seconds in which kernels start or work, one after the other."""
    kinds = trace.program.resources.kind[trace.program.actors.resource]
    return float(trace.busy[np.isin(kinds, (Kind.ARRAY, Kind.UNIT))].sum()) / PS_PER_S


def _fetching_s(trace: Trace) -> float:
    kinds = trace.program.resources.kind[trace.program.actors.resource]
    return float(trace.busy[kinds == Kind.MEMORY].sum()) / PS_PER_S


def _started(trace: Trace, starting: float) -> str:
    whole = trace.makespan / PS_PER_S
    working, fetching = (_working_s(trace) - starting) / whole, _fetching_s(trace) / whole
    return (
        f"{starting / whole:.1%} of the whole run starts kernels, which work for {working:.1%} of it; memory works for "
        f"{fetching:.1%}; what would help: a larger --batch, or a shorter start (tile.launch, tile.startup)"
    )


def _service(trace: Trace, placement: Placement, actor: int) -> str:
    actors = trace.program.actors
    per_sample = int(actors.firings[actor]) // trace.program.samples.count
    mean_ns = trace.busy[actor] / trace.firings[actor] / 1e3
    return (
        f"its {_role(trace.program, actor)} fires {per_sample:,} times a sample at {mean_ns:,.1f} ns; "
        f"what would help: {_relief(trace.program, placement, actor)}"
    )


def _relief(program: Program, placement: Placement, actor: int) -> str:
    """What would make an actor's work shorter."""
    layer = int(program.actors.layer[actor])
    if program.actors.role[actor] == Role.PROGRAM:
        return WRITE_LESS
    more = placement.replicas[layer] < placement.network.order[layer].tokens
    copies = f"more copies of {program.labels.layers[layer]} (--replicate), or " if more else ""
    return {
        Kind.ARRAY: f"{copies}a shorter integration" if placement.plan is None else FASTER_ARRAYS,
        Kind.ADC: f"{copies}more converters per array or faster ones",
        Kind.UNIT: "more lanes or units",
        Kind.LINK: "wider links, or a placement with less traffic here",
        Kind.CHIP_LINK: "faster chip-to-chip links",
        Kind.MEMORY: "more memory bandwidth, or larger buffers",
        Kind.HOST: "a faster host link",
        Kind.AFFINE: "more lanes behind the converters",
        Kind.CONTROL: STARTS if program.actors.role[actor] == Role.ISSUE else "fewer turns (--schedule)",
        Kind.BUFFER: "more bandwidth of the tile's buffer (tile.buffer.read_bandwidth), or fewer arrays per tile",
    }[Kind(int(program.resources.kind[program.actors.resource[actor]]))]


def _role(program: Program, actor: int) -> str:
    return Role(int(program.actors.role[actor])).name.lower()


def _untraced(trace: Trace, actor: int) -> str:
    waits = ", ".join(
        f"{name} {getattr(trace, name)[actor] / trace.makespan:.1%}" for name in ("starved", "blocked", "contended")
    )
    why = "the run is too long" if trace.extrapolated is None else "too little of the batch was run"
    return f"{why} to trace what it waits for; of its time, this actor is {waits}"


@dataclass(frozen=True, slots=True)
class _Causes:
    """A critical path or cycle, read for what it waits for."""

    trace: Trace
    placement: Placement
    critical: Critical

    def limit(self) -> tuple[Limit, str]:
        """What the path spends most of its time on, in a sentence."""
        steps = self._recurrent_waits()
        served, resource = self._served()
        room = int(self.critical.waits[:, Cause.ROOM].sum())
        if not self.critical.cycle and 2 * served > self.critical.length:
            return Limit.RESOURCE, self._mostly_served(served, resource)
        if steps:
            return self._recurrent(steps)
        if changes := self._changes_of_turn():
            return Limit.TURNS, self._in_turns(changes)
        if self.critical.cycle and room and self._held_on_array() == room:
            return Limit.RESOURCE, self._array_and_converters()
        if self.critical.cycle:
            return (Limit.ROOM if room else Limit.WAITS), self._cycle(room)
        return Limit.FILLING, self._filling()

    def _served(self) -> tuple[int, int]:
        """Most time that the path spends until one resource is free, or has left room; and which."""
        served = self.critical.spent[:, [Cause.SERVICE, Cause.SHARED, Cause.ROOM]].sum(axis=1)
        total = np.bincount(self.trace.program.actors.resource, weights=served)
        return int(total.max()), int(total.argmax())

    def _mostly_served(self, served: int, resource: int) -> str:
        program = self.trace.program
        spent = np.where(program.actors.resource == resource, self.critical.spent.sum(axis=1), -1)
        actor = int(spent.argmax())
        return (
            f"{served / self.critical.length:.0%} of the longest chain of waits is for "
            f"{resource_name(program, resource)}, the rest fills and drains the pipeline: "
            f"{_service(self.trace, self.placement, actor)}"
        )

    def _held_on_array(self) -> int:
        """Waits of the path for an array's columns, which hold a product until it is converted."""
        channels, role = self.trace.program.channels, self.trace.program.actors.role
        held = (role[channels.source] == Role.INTEGRATE) & (role[channels.target] == Role.CONVERT)
        return int(self.critical.waits[held, Cause.ROOM].sum())

    def _array_and_converters(self) -> str:
        return (
            f"array and converters take turns through the whole period: {self._shares()}; what would help: converters "
            f"that sample and hold (tile.adc.held), or {self._faster()}"
        )

    def _recurrent_waits(self) -> int:
        """Waits of the path for a token of an earlier step."""
        network, program = self.placement.network, self.trace.program
        pairs = {
            (self.placement.index[edge.source], self.placement.index[edge.target])
            for edge in network.edges
            if edge.recurrent
        }
        layer, channels = program.actors.layer, program.channels
        rows = np.flatnonzero(self.critical.waits[:, Cause.TOKEN])
        ends = zip(layer[channels.source[rows]].tolist(), layer[channels.target[rows]].tolist(), strict=True)
        crossing = np.array([pair in pairs for pair in ends], np.bool_)
        return int(self.critical.waits[rows, Cause.TOKEN][crossing].sum()) if len(rows) else 0

    def _changes_of_turn(self) -> int:
        """Waits of the path for the end of a turn."""
        channels, role = self.trace.program.channels, self.trace.program.actors.role
        return int(self.critical.waits[role[channels.source] == Role.TURN, Cause.TOKEN].sum())

    def _in_turns(self, changes: int) -> str:
        turns = self.placement.turns
        reloading = turns is not None and bool(turns.reloaded.any())
        remedy = WRITE_LESS if reloading else "all layers at once (--schedule pipelined), or more copies (--replicate)"
        return (
            f"one turn waits for another, {changes:,} times in the longest chain of waits: {self._shares()}; "
            f"what would help: {remedy}"
        )

    def _recurrent(self, steps: int) -> tuple[Limit, str]:
        group = self.trace.program.samples.group
        remedy = (
            "what would help: a shorter step, or more samples that interleave, as far as buffers hold them "
            f"(--batch, --interleave; {group} now)"
        )
        if self.placement.network.generation is not None:
            limit, waiting = Limit.DECODING, "each generated token waits for the one before it"
        else:
            limit, waiting = Limit.RECURRENCE, "the steps of a recurrence wait for each other"
        return limit, f"{waiting}, {steps:,} times in the longest chain of waits: {self._shares()}; {remedy}"

    def _cycle(self, room: int) -> str:
        head = f"a round of waits takes the whole period: {self._shares()}"
        if not room:
            return f"{head}; what would help: {self._faster()}"
        full = f"it closes over full buffers: {self._full()}"
        return f"{head}; {full}; what would help: more room there, or {self._faster()}"

    def _filling(self) -> str:
        samples = self.trace.program.samples.count
        many = "one sample cannot" if samples == 1 else f"{samples} samples are too few to"
        return (
            f"{many} fill the pipeline: the longest chain of waits goes once through it, with {self._shares()}; "
            "what would help: a larger --batch"
        )

    def _full(self) -> str:
        """Where the path waits for room most."""
        program, waits = self.trace.program, self.critical.waits[:, Cause.ROOM]
        channel = int(waits.argmax())
        target = int(program.channels.target[channel])
        layer = program.labels.layers[program.actors.layer[target]]
        if program.actors.role[target] == Role.LINK:
            return f"the routers' packet buffers (fabric.buffer_packets) on the way of {layer}"
        room = int(program.channels.capacity[channel])
        return f"the input of {layer}'s {_role(program, target)} ({room} tokens)"

    def _shares(self) -> str:
        """The three longest parts of the path, by layer and role, or by role where none of these is long."""
        spent, roles = self.critical.spent.sum(axis=1), self.trace.program.actors.role.astype(np.int64)
        layers = self.trace.program.actors.layer * len(Role) + roles
        by_layer, by_role = (np.bincount(keys, weights=spent).astype(np.float64) for keys in (layers, roles))
        if by_layer.max() >= LONG * self.critical.length:
            return self._longest(by_layer, self._layer_role)
        return self._longest(by_role, lambda role: f"{Role(role).name.lower()} of all layers")

    def _layer_role(self, key: int) -> str:
        layer, role = divmod(key, len(Role))
        return f"{self.trace.program.labels.layers[layer]} {Role(role).name.lower()}"

    def _longest(self, total: NDArray[np.float64], name: Callable[[int], str]) -> str:
        places = [int(place) for place in np.argsort(-total, kind="stable")[:3] if total[place] > 0]
        return ", ".join(f"{name(place)} {total[place] / self.critical.length:.1%}" for place in places)

    def _faster(self) -> str:
        """How to shorten the longest part."""
        return _relief(self.trace.program, self.placement, int(self.critical.spent.sum(axis=1).argmax()))
