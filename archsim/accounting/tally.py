"""What a run's account owes to the run alone: the same whatever the bill says, so that it is worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from archsim.accounting.bottleneck import Bottleneck, find_bottleneck
from archsim.accounting.energy import ActionCounts
from archsim.accounting.steady import Steady, steady_state
from archsim.accounting.time import actor_states, layer_times, resource_use
from archsim.accounting.traffic import memory_accesses_of
from archsim.mapping import Placement
from archsim.network import layer_macs
from archsim.program import Kind, Role, Trace


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
    def actions(self) -> ActionCounts:
        """How often everything happened that costs energy."""
        return ActionCounts.of(self.trace)

    @cached_property
    def accesses(self) -> pd.DataFrame:
        """What went to and from memories, and how long that kept them."""
        return memory_accesses_of(self.trace)

    @cached_property
    def bottleneck(self) -> Bottleneck:
        """What limits the run."""
        return find_bottleneck(self.trace, self.placement, self.steady)

    @cached_property
    def states(self) -> pd.DataFrame:
        """How the time of the actors of each layer and role was spent."""
        return actor_states(self.trace)

    @cached_property
    def resources(self) -> pd.DataFrame:
        """How busy every resource was."""
        return resource_use(self.trace, self.steady)

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row per layer, in the network's order, with what it is and when it worked."""
        network, uses = self.placement.network, self.placement.uses
        frame = pd.DataFrame(
            {
                "layer": [layer.name for layer in network.order],
                "kind": [layer.kind for layer in network.order],
                "tokens": [layer.tokens for layer in network.order],
                "width": [layer.width for layer in network.order],
                "macs": [layer_macs(network, layer) for layer in network.order],
                "replicas": self.placement.replicas,
                "arrays": np.bincount(uses.layer, minlength=len(network.order)),
            }
        )
        return frame.merge(layer_times(self.trace), on="layer", how="left")

    @cached_property
    def array_utilisation(self) -> float:
        """Share of the run in which arrays multiply, on average; they do not while they are written."""
        trace, program = self.trace, self.trace.program
        arrays = np.flatnonzero(program.resources.kind == Kind.ARRAY)
        busy = np.where(np.isin(program.actors.role, (Role.PROGRAM, Role.TRANSFER, Role.REFRESH)), 0, trace.busy)
        total = np.bincount(program.actors.resource, weights=busy, minlength=len(program.resources))[arrays]
        return float((total / trace.makespan).mean()) if len(arrays) else 0.0
