"""How many steps of a layer a step of the next one waits for, on a device that works layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from archsim.columns import Ids
from archsim.lowering.stepped.runs import Run
from archsim.mapping import Placement
from archsim.mapping.stepped import StepPlan, needed_tokens, streams
from archsim.network import Edge, Sink, Source


@dataclass(frozen=True)
class Needs:
    """Runs of layers, and what they wait for.

    Parameters
    ----------
    placement : Placement
    plan : StepPlan
        Of it.
    group : int
        Samples that go together.
    runs : list of Run
        In the order of layers and stages.
    """

    placement: Placement
    plan: StepPlan
    group: int
    runs: list[Run]

    @cached_property
    def rows(self) -> dict[int, tuple[int, int]]:
        """First and last run of each layer."""
        found: dict[int, tuple[int, int]] = {}
        for row, run in enumerate(self.runs):
            found[run.layer] = (found.get(run.layer, (row, row))[0], row)
        return found

    def of_edge(self, edge: Edge, *, stored: bool) -> tuple[Ids, int]:
        """Firings of a source that each of the target's steps (or each pass of an output) needs, and all in a round."""
        network, passes = self.placement.network, self.plan.passes
        source, target = (self.placement.index[name] for name in (edge.source, edge.target))
        mine = passes.take(passes.layer == target)
        wanted = needed_tokens(network, edge)[mine.stop - 1]
        theirs = passes.take(passes.layer == source)
        at = np.searchsorted(theirs.stop, wanted)
        outside = isinstance(network.order[source].operator, Source)
        if outside:
            ends, tokens = np.full(len(theirs), self.group), self.group
        else:
            run = self.runs[self.rows[source][1]]
            ends, tokens = run.ends, len(run)
        whole = np.where(wanted > 0, ends[at], 0)
        if isinstance(network.order[target].operator, Sink):
            return whole, tokens
        taker = self.runs[self.rows[target][0]]
        if taker.steps.apart and not outside:
            each = [step_by_step(run, taker, number, int(at[number])) for number in range(len(mine))]
            return np.concatenate(each), tokens
        if stored or outside or not streams(network, edge):
            return np.repeat(whole, taker.ends - taker.starts), tokens
        return np.concatenate([self._stepwise(run, taker, number, at, whole) for number in range(len(mine))]), tokens

    def _stepwise(self, run: Run, taker: Run, number: int, at: Ids, whole: Ids) -> Ids:
        """Step by step where both passes are of the same tokens, else all of what the pass needs."""
        passes, theirs = self.plan.passes, run.passes[int(at[number])]
        mine = taker.passes[number]
        if passes.start[theirs] == passes.start[mine] and passes.stop[theirs] == passes.stop[mine]:
            return step_by_step(run, taker, number, int(at[number]))
        return np.full(int(taker.ends[number] - taker.starts[number]), whole[number])


def step_by_step(source: Run, target: Run, number: int, theirs: int | None = None) -> Ids:
    """Steps of a source by which its pass has made each step's share of the target's."""
    begun, ended = (int(ends[number if theirs is None else theirs]) for ends in (source.starts, source.ends))
    count = int(target.ends[number] - target.starts[number])
    shares = np.arange(1, count + 1) / count
    return begun + np.minimum(np.searchsorted(source.steps.done[begun:ended], shares - 1e-9), ended - begun - 1) + 1
