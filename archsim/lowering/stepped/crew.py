"""Actors of a device that works layer by layer: who works, who fetches and sends for it, and the ports to the host."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.columns import Ids
from archsim.lowering.batch import Batch
from archsim.lowering.draft import ActorRows, Draft, Place
from archsim.lowering.stepped.needs import Needs
from archsim.lowering.stepped.runs import Run
from archsim.machine.memories import Stored, memory_for
from archsim.machine.part import READ_WRITE
from archsim.machine.parts import BUFFER
from archsim.mapping import Placement
from archsim.mapping.stepped import StepPlan
from archsim.network import Layer, Source
from archsim.program import Kind, Role
from archsim.units import PS_PER_S, picoseconds

NOBODY = -1
CHANGE_PS = 1
"""That weights have changed takes no time; an engine knows nothing shorter."""


@dataclass(frozen=True, slots=True)
class Actors:
    """Actors of each run, shape ``(runs,)``; `NOBODY` where there is none.

    Parameters
    ----------
    worker : int64
    inputs, weights : int64
        Who fetches for it.
    writer : int64
        Who sends what it makes to memory.
    sender : int64
        Who sends it to other chips.
    """

    worker: Ids
    inputs: Ids
    weights: Ids
    writer: Ids
    sender: Ids


@dataclass(frozen=True, slots=True)
class Crew:
    """Adds actors to a draft.

    Parameters
    ----------
    draft : Draft
    placement : Placement
    plan : StepPlan
        Of it.
    batch : Batch
    needs : Needs
        With the runs.
    """

    draft: Draft
    placement: Placement
    plan: StepPlan
    batch: Batch
    needs: Needs

    @property
    def rounds(self) -> int:
        """In the whole run of the Program."""
        return self.batch.samples // self.batch.group

    def workers(self) -> Actors:
        """For all runs."""
        rows = [self._add_worker(run) for run in self.needs.runs]
        return Actors(*np.array(rows, np.int64).reshape(-1, 5).T)

    def _add_worker(self, run: Run) -> tuple[int, int, int, int, int]:
        """The actor that does a run's steps, and those that fetch and send for it."""
        steps = run.steps
        outside = steps.resource is Kind.MEMORY
        label = f"{steps.label} of {self.placement.network.order[run.layer].name}" if steps.apart else steps.label
        actor = ActorRows(
            layer=run.layer,
            role=steps.role,
            place=Place(steps.resource, label, self.placement.floorplan.port if outside else 0),
            firings=len(run) * self.rounds,
            timing=self.draft.timing(steps.interval, steps.latency),
        )
        worker = self.draft.actors(actor, 1)
        for spent in steps.spent:
            if spent.count:
                self.draft.act(worker, f"{spent.component}.{spent.action}", spent.count / len(run))
        return (
            int(worker[0]),
            self.on_memory(run.layer, Role.READ, steps.inputs, 0),
            self.on_memory(run.layer, Role.READ, steps.weights, 1),
            self.on_memory(run.layer, Role.WRITE, steps.outputs * self._holders(run.layer), 0),
            self._add_on_links(run),
        )

    def _holders(self, layer: int) -> int:
        """Chips that store all of a layer's results."""
        return 1 if self.plan.sharing is None else self.plan.sharing.holders(layer)

    def _add_on_links(self, run: Run) -> int:
        """The actor that sends what each step of a layer's last stage makes to the other chips that need it."""
        sharing, last = self.plan.sharing, self.needs.runs[self.needs.rows[run.layer][1]]
        if sharing is None or not sharing.exchanges[run.layer] or run is not last:
            return NOBODY
        exchange = sharing.exchanges[run.layer]
        layer, passes = self.placement.network.order[run.layer], self.plan.passes
        each = layer.width * self.plan.samples * self.placement.chip.activation_bits
        bits = run.made((passes.stop - passes.start)[run.passes] * each)
        actor = ActorRows(
            layer=run.layer,
            role=Role.LINK,
            place=Place(Kind.CHIP_LINK, "chip-link", self.placement.floorplan.port, 1),
            firings=len(run) * self.rounds,
            timing=self.draft.timing(
                np.maximum(np.ceil(bits * exchange.pace * PS_PER_S - 1e-6).astype(np.int64), 1),
                picoseconds(exchange.latency),
            ),
        )
        sender = self.draft.actors(actor, 1)
        mean = float(bits.sum()) / len(run)
        self.draft.act(sender, "chip-link.bit", mean * exchange.crossings)
        self.draft.act(sender, f"{BUFFER}.{READ_WRITE[1]}", mean * exchange.received)
        return int(sender[0])

    def on_memory(self, layer: int, role: Role, bits: Ids, row: int) -> int:
        """The actor that moves so many bits for each step, if there are any."""
        if not bits.any():
            return NOBODY
        name, memory = memory_for(self.placement.chip, Stored.WEIGHTS, self.placement.network.order[layer].name)
        # Each device fetches its share of what they share from a memory of its own.
        bandwidth = memory.bandwidth * self.placement.chips
        intervals = np.maximum(np.ceil(bits * (PS_PER_S / bandwidth) - 1e-6).astype(np.int64), 1)
        actor = ActorRows(
            layer=layer,
            role=role,
            place=Place(Kind.MEMORY, name, self.placement.floorplan.port),
            firings=len(bits) * self.rounds,
            timing=self.draft.timing(intervals, picoseconds(memory.latency)),
            row=row,
        )
        mover = self.draft.actors(actor, 1)
        action = "write_bit" if role is Role.WRITE else "read_bit"
        self.draft.act(mover, f"{name}.{action}", float(bits.sum()) / len(bits))
        return int(mover[0])

    def port_bits(self, index: int, layer: Layer) -> Ids:
        """Of each firing of a network input or output."""
        passes = self.plan.passes.take(self.plan.passes.layer == index)
        bits = (passes.stop - passes.start) * layer.width * self.placement.chip.activation_bits
        return np.repeat(bits, self.batch.group)

    def port(self, index: int, layer: Layer) -> int:
        """A network input or output: the tokens of a pass of each sample, one sample after the other."""
        inward = isinstance(layer.operator, Source)
        bits = self.port_bits(index, layer)
        sizes, back = np.unique(bits, return_inverse=True)
        bandwidth = self.placement.chip.system.host_bandwidth
        intervals = np.array([picoseconds(size / bandwidth) for size in sizes.tolist()])[back]
        actor = ActorRows(
            layer=index,
            role=Role.SOURCE if inward else Role.SINK,
            place=Place(Kind.HOST, "host-in" if inward else "host-out", self.placement.floorplan.port),
            firings=len(bits) * self.rounds,
            timing=self.draft.timing(intervals, 0),
        )
        return int(self.draft.actors(actor, 1)[0])

    def ender(self, update: int) -> int:
        """Who ends a mini-batch's samples when its weights have changed."""
        name = self.placement.network.order[update].name
        end = ActorRows(
            layer=update,
            role=Role.TURN,
            place=Place(Kind.CONTROL, f"updates of {name}", self.placement.floorplan.port),
            firings=self.batch.group * self.rounds,
            timing=self.draft.timing(np.full(self.batch.group, CHANGE_PS, np.int64), 0),
        )
        return int(self.draft.actors(end, 1)[0])
