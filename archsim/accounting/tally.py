"""What a run's account owes to the run alone: the same whatever the bill says, so that it is worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archsim.accounting.bottleneck import Bottleneck, find_bottleneck
from archsim.accounting.energy import ActionCounts
from archsim.accounting.power import Span, span_of
from archsim.accounting.steady import Steady, steady_state
from archsim.accounting.time import ResourceUse, States, actor_states, layer_times, resource_use
from archsim.accounting.traffic import TimedAccesses, memory_accesses_of
from archsim.columns import Columns, Ids, Reals, Texts, texts
from archsim.mapping import Placement
from archsim.network import layer_macs
from archsim.program import Kind, Role, Trace


@dataclass(frozen=True, slots=True, eq=False)
class LayerWork(Columns):
    """What each layer is, and when it worked, in the network's order.

    Parameters
    ----------
    layer, kind : str, shape (layers,)
    tokens, width, macs, replicas, arrays : int64, shape (layers,)
    first_start_s, last_end_s, busy_s : float64, shape (layers,)
        The last of its busiest actor; not a number where nothing was done.
    """

    layer: Texts
    kind: Texts
    tokens: NDArray[np.generic]
    width: NDArray[np.generic]
    macs: NDArray[np.generic]
    replicas: NDArray[np.generic]
    arrays: Ids
    first_start_s: Reals
    last_end_s: Reals
    busy_s: Reals


@dataclass(frozen=True)
class Tally:
    """Counts and times of a run.

    Parameters
    ----------
    trace : Trace
        Of a complete run.
    placement : Placement
        What was run. Nothing of its chip is asked here.
    """

    trace: Trace
    placement: Placement

    @cached_property
    def steady(self) -> Steady:
        """The steady state."""
        return steady_state(self.trace)

    @cached_property
    def span(self) -> Span | None:
        """As `span_of`."""
        return span_of(self.trace, self.steady)

    @cached_property
    def latency_ps(self) -> tuple[float, float]:
        """Median and longest time of a sample."""
        return float(np.median(self.trace.latency)), float(self.trace.latency.max())

    @cached_property
    def actions(self) -> ActionCounts:
        """How often everything happened that costs energy."""
        return ActionCounts.of(self.trace)

    @cached_property
    def accesses(self) -> TimedAccesses:
        """What went to and from memories, and how long that kept them."""
        return memory_accesses_of(self.trace)

    @cached_property
    def bottleneck(self) -> Bottleneck:
        """What limits the run."""
        return find_bottleneck(self.trace, self.placement, self.steady)

    @cached_property
    def states(self) -> States:
        """How the time of the actors of each layer and role was spent."""
        return actor_states(self.trace)

    @cached_property
    def resources(self) -> ResourceUse:
        """How busy every resource was."""
        return resource_use(self.trace, self.steady)

    @cached_property
    def layers(self) -> LayerWork:
        """What each layer is, and when it worked."""
        network, uses = self.placement.network, self.placement.uses
        order, times = network.order, layer_times(self.trace)
        row = {name: number for number, name in enumerate(times.layer)}
        when = np.array([row.get(layer.name, -1) for layer in order], np.int64)
        return LayerWork(
            texts(layer.name for layer in order),
            texts(layer.kind for layer in order),
            np.array([layer.tokens for layer in order]),
            np.array([layer.width for layer in order]),
            np.array([layer_macs(network, layer) for layer in order]),
            np.asarray(self.placement.replicas),
            np.bincount(uses.layer, minlength=len(order)),
            *(np.append(column, np.nan)[when] for column in (times.first_start_s, times.last_end_s, times.busy_s)),
        )

    @cached_property
    def array_utilisation(self) -> float:
        """Share of the run in which arrays multiply, on average; they do not while they are written."""
        trace, program = self.trace, self.trace.program
        arrays = np.flatnonzero(program.resources.kind == Kind.ARRAY)
        busy = np.where(np.isin(program.actors.role, (Role.PROGRAM, Role.TRANSFER, Role.REFRESH)), 0, trace.busy)
        total = np.bincount(program.actors.resource, weights=busy, minlength=len(program.resources))[arrays]
        return float((total / trace.makespan).mean()) if len(arrays) else 0.0
