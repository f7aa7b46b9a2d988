"""The Program of a network on a device that works layer by layer.

For each stage of each layer there is an actor on the array or on a unit that fires once per step, and up to three on
the memory: one fetches what it takes in, one its weights, one sends what it makes; where chips share the layers, one on
the links sends what it makes to those that need it. Fetching runs as many steps ahead as
there is room, over the bounds of layers, too: the k-th step from here is fetched once the step before it by as many as
have room is through. Between layers go the steps of the one that makes tokens: a layer begins when all tokens are there
that its pass needs, an element-wise one follows step by step. Tokens that are stored come by way of the memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from archsim.columns import Ids
from archsim.lowering.batch import Batch, batch_of
from archsim.lowering.draft import ActorRows, Draft, Place
from archsim.lowering.stepped.passes import Questions
from archsim.lowering.stepped.runs import Run, layer_runs
from archsim.lowering.stepped.waits import Wait, behind, wrapped
from archsim.machine.memories import Stored, memory_for
from archsim.machine.part import READ_WRITE
from archsim.machine.parts import BUFFER
from archsim.machine.stepped import SteppedUnit
from archsim.machine.vector_unit import AHEAD
from archsim.mapping import Placement
from archsim.mapping.stepped import Kept, StepPlan, needed_tokens, streams
from archsim.network import Digital, Edge, Layer, Phase, Sink, Source, Use, weights_of
from archsim.program import Kind, Program, Role, Samples
from archsim.units import PS_PER_S, picoseconds

NOBODY = -1
CHANGE_PS = 1
"""That weights have changed takes no time; an engine knows nothing shorter."""
IN_FLIGHT = 2
"""Steps between one that is fetched or sent and the work on it: double buffering."""


def lower_steps(placement: Placement, batch: int) -> Program:
    """Lower a network on a device that works layer by layer.

    Parameters
    ----------
    placement : Placement
        With a plan.
    batch : int
        Samples to run: a multiple of those that go together.

    Raises
    ------
    InputError
        If the batch cannot be used.
    MissingUnit
        If nothing on the device can do a layer.
    CapacityError
        If something must be fetched and there is no memory.
    """
    plan, unit = placement.plan, placement.floorplan.unit
    assert plan is not None
    assert isinstance(unit, SteppedUnit)
    samples = batch_of(placement, batch)
    questions = Questions(placement, plan, unit.keeping)
    works = [
        index for index, layer in enumerate(placement.network.order) if not isinstance(layer.operator, Source | Sink)
    ]
    runs = [run for index in works for run in layer_runs(questions, unit, index)]
    lowering = _Lowering(Draft(placement.floorplan.nodes), placement, plan, samples, runs)
    return lowering.program()


@dataclass(frozen=True, slots=True)
class _Actors:
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
class _Port:
    """The actor of a network's input or output, and who writes what comes in to memory."""

    worker: int
    writer: int


@dataclass(frozen=True)
class _Lowering:
    """A Program under construction.

    Parameters
    ----------
    draft : Draft
    placement : Placement
    plan : StepPlan
        Of it.
    batch : Batch
    runs : list of Run
        In the order of layers and stages.
    """

    draft: Draft
    placement: Placement
    plan: StepPlan
    batch: Batch
    runs: list[Run]

    @property
    def rounds(self) -> int:
        """In the whole run of the Program."""
        return self.batch.samples // self.batch.group

    def program(self) -> Program:
        """All actors, and all channels between them."""
        actors = self._add_workers()
        ports = {
            index: self._add_port(index, layer)
            for index, layer in enumerate(self.placement.network.order)
            if isinstance(layer.operator, Source | Sink)
        }
        self._fetch(actors)
        self._follow_stages(actors)
        for edge in self.placement.network.edges:
            self._follow(edge, actors, ports)
        learned = [self._learn(actors, index) for index, use in enumerate(self.placement.use) if use is Use.UPDATE]
        return self.draft.finish(
            tuple(layer.name for layer in self.placement.network.order), self._samples(ports, learned)
        )

    def _add_workers(self) -> _Actors:
        rows = [self._add_worker(run) for run in self.runs]
        return _Actors(*np.array(rows, np.int64).reshape(-1, 5).T)

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
            self._add_on_memory(run.layer, Role.READ, steps.inputs, 0),
            self._add_on_memory(run.layer, Role.READ, steps.weights, 1),
            self._add_on_memory(run.layer, Role.WRITE, steps.outputs * self._holders(run.layer), 0),
            self._add_on_links(run),
        )

    def _holders(self, layer: int) -> int:
        """Chips that store all of a layer's results."""
        return 1 if self.plan.sharing is None else self.plan.sharing.holders(layer)

    def _add_on_links(self, run: Run) -> int:
        """The actor that sends what each step of a layer's last stage makes to the other chips that need it."""
        sharing = self.plan.sharing
        if sharing is None or not sharing.exchanges[run.layer] or run is not self.runs[self._rows(run.layer)[1]]:
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

    def _add_on_memory(self, layer: int, role: Role, bits: Ids, row: int) -> int:
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

    def _add_port(self, index: int, layer: Layer) -> _Port:
        """A network input or output: the tokens of a pass of each sample, one sample after the other."""
        inward, group = isinstance(layer.operator, Source), self.batch.group
        passes = self.plan.passes.take(self.plan.passes.layer == index)
        bits = np.repeat(passes.stop - passes.start, group) * layer.width * self.placement.chip.activation_bits
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
        worker = int(self.draft.actors(actor, 1)[0])
        writer = NOBODY
        if inward and self.plan.kept[index] is Kept.IN_MEMORY:
            writer = self._add_on_memory(index, Role.WRITE, bits, 0)
            self._join(worker, writer, capacity=IN_FLIGHT)
        return _Port(worker, writer)

    def _join(self, source: int, target: int, *, capacity: int) -> None:
        """One token for each firing."""
        same = self.draft.curves.one_by_one()
        ends = np.array([source]), np.array([target])
        self.draft.channels(*ends, need=same, release=same, capacity=capacity, token_bits=0)

    def _wait(self, source: int, target: int, need: Ids, tokens: int) -> None:
        """A channel whose target needs so many of the source's tokens, of which there are so many in a round."""
        curve = wrapped(need, tokens)
        row = self.draft.curves.add(curve, tokens)
        # Two rounds, and what a wait for an earlier round leaves there at the end.
        room = 2 * tokens + max(0, -int(curve[-1]))
        ends = np.array([source]), np.array([target])
        self.draft.channels(*ends, need=row, release=row, capacity=room, token_bits=0)

    def _fetch(self, actors: _Actors) -> None:
        """Fetching ahead as far as there is room, and sending after."""
        for row, run in enumerate(self.runs):
            for mover, room in ((actors.inputs[row], IN_FLIGHT), (actors.weights[row], run.steps.ahead)):
                if mover != NOBODY:
                    self._join(int(mover), int(actors.worker[row]), capacity=room)
            self._send(*(int(column[row]) for column in (actors.worker, actors.sender, actors.writer)))
        ahead = np.array([run.steps.ahead for run in self.runs], np.int64)
        for movers, lag in ((actors.inputs, np.full_like(ahead, AHEAD)), (actors.weights, ahead)):
            chosen = np.flatnonzero(movers != NOBODY)
            if len(chosen):
                for wait in behind(self.runs, chosen, lag[chosen]):
                    self._wait_for_room(wait, actors, movers)

    def _send(self, *chain: int) -> None:
        """Results on their way: to other chips, to memory, where they have to go there."""
        there = [actor for actor in chain if actor != NOBODY]
        for source, target in pairwise(there):
            self._join(source, target, capacity=IN_FLIGHT)

    def _wait_for_room(self, wait: Wait, actors: _Actors, movers: Ids) -> None:
        tokens = len(self.runs[wait.source])
        self._wait(int(actors.worker[wait.source]), int(movers[wait.target]), wait.need, tokens)

    def _follow_stages(self, actors: _Actors) -> None:
        """Something element-wise behind the products of its own layer."""
        for row, (before, run) in enumerate(zip(self.runs, self.runs[1:], strict=False)):
            if before.layer == run.layer:
                need = np.concatenate([_step_by_step(before, run, number) for number in range(len(run.passes))])
                self._wait(int(actors.worker[row]), int(actors.worker[row + 1]), need, len(before))

    def _follow(self, edge: Edge, actors: _Actors, ports: dict[int, _Port]) -> None:
        """A layer waits for the tokens of another."""
        index = self.placement.index
        source, target = index[edge.source], index[edge.target]
        stored = self.plan.kept[source] is Kept.IN_MEMORY
        maker = (
            _maker(ports[source], stored=stored) if source in ports else self._made_by(actors, source, stored=stored)
        )
        need, tokens = self._need(edge, stored=stored)
        if target in ports:
            self._wait(maker, ports[target].worker, np.repeat(need, self.batch.group), tokens)
        else:
            self._wait(maker, self._taken_by(actors, edge, stored=stored), need, tokens)

    def _rows(self, layer: int) -> tuple[int, int]:
        """First and last run of a layer."""
        rows = [row for row, run in enumerate(self.runs) if run.layer == layer]
        return rows[0], rows[-1]

    def _made_by(self, actors: _Actors, layer: int, *, stored: bool) -> int:
        last = self._rows(layer)[1]
        sent = actors.worker if actors.sender[last] == NOBODY else actors.sender
        return int(actors.writer[last] if stored else sent[last])

    def _taken_by(self, actors: _Actors, edge: Edge, *, stored: bool) -> int:
        """Who waits for the tokens: who fetches them, or who works with them."""
        first = self._rows(self.placement.index[edge.target])[0]
        operator = self.placement.network.by_name[edge.target].operator
        second = isinstance(operator, Digital) and operator.product and edge.port > 0
        mover = int((actors.weights if second else actors.inputs)[first])
        return mover if stored and mover != NOBODY else int(actors.worker[first])

    def _need(self, edge: Edge, *, stored: bool) -> tuple[Ids, int]:
        """Firings of a source that each of the target's steps (or each pass of an output) needs, and all in a round."""
        network, passes = self.placement.network, self.plan.passes
        source, target = (self.placement.index[name] for name in (edge.source, edge.target))
        mine = passes.take(passes.layer == target)
        wanted = needed_tokens(network, edge)[mine.stop - 1]
        theirs = passes.take(passes.layer == source)
        at = np.searchsorted(theirs.stop, wanted)
        if isinstance(network.order[source].operator, Source):
            ends, tokens = np.full(len(theirs), self.batch.group), self.batch.group
        else:
            run = self.runs[self._rows(source)[1]]
            ends, tokens = run.ends, len(run)
        whole = np.where(wanted > 0, ends[at], 0)
        if isinstance(network.order[target].operator, Sink):
            return whole, tokens
        taker = self.runs[self._rows(target)[0]]
        if taker.steps.apart and not isinstance(network.order[source].operator, Source):
            return np.concatenate(
                [_step_by_step(run, taker, number, int(at[number])) for number in range(len(mine))]
            ), tokens
        if stored or isinstance(network.order[source].operator, Source) or not streams(network, edge):
            return np.repeat(whole, taker.ends - taker.starts), tokens
        return np.concatenate([self._stepwise(run, taker, number, at, whole) for number in range(len(mine))]), tokens

    def _stepwise(self, run: Run, taker: Run, number: int, at: Ids, whole: Ids) -> Ids:
        """Step by step where both passes are of the same tokens, else all of what the pass needs."""
        passes, theirs = self.plan.passes, run.passes[int(at[number])]
        mine = taker.passes[number]
        if passes.start[theirs] == passes.start[mine] and passes.stop[theirs] == passes.stop[mine]:
            return _step_by_step(run, taker, number, int(at[number]))
        return np.full(int(taker.ends[number] - taker.starts[number]), whole[number])

    def _learn(self, actors: _Actors, update: int) -> int:
        """Who ends a mini-batch's samples when its weights have changed; products of the next one wait for that."""
        network, group = self.placement.network, self.batch.group
        last = self._rows(update)[1]
        changed, steps = self._made_by(actors, update, stored=actors.writer[last] != NOBODY), len(self.runs[last])
        end = ActorRows(
            layer=update,
            role=Role.TURN,
            place=Place(Kind.CONTROL, f"updates of {network.order[update].name}", self.placement.floorplan.port),
            firings=group * self.rounds,
            timing=self.draft.timing(np.full(group, CHANGE_PS, np.int64), 0),
        )
        ender = int(self.draft.actors(end, 1)[0])
        self._wait(changed, ender, np.full(group, steps), steps)
        for user in network.users[weights_of(network.order[update])]:
            first = self._rows(self.placement.index[user.name])[0]
            if user.phase is Phase.FORWARD:
                taker = int(actors.worker[first] if actors.weights[first] == NOBODY else actors.weights[first])
                self._wait(changed, taker, np.zeros(len(self.runs[first]), np.int64), steps)
        return ender

    def _samples(self, ports: dict[int, _Port], learned: list[int]) -> Samples:
        def of(kind: type[Source] | type[Sink]) -> Ids:
            order = self.placement.network.order
            chosen = [i for i in ports if isinstance(order[i].operator, kind) and order[i].phase is Phase.FORWARD]
            return np.array([ports[index].worker for index in chosen], np.int64)

        leaving = np.array(learned, np.int64) if learned else of(Sink)
        return Samples(self.batch.samples, self.batch.group, of(Source), leaving)


def _maker(port: _Port, *, stored: bool) -> int:
    return port.writer if stored else port.worker


def _step_by_step(source: Run, target: Run, number: int, theirs: int | None = None) -> Ids:
    """Steps of a source by which its pass has made each step's share of the target's."""
    begun, ended = (int(ends[number if theirs is None else theirs]) for ends in (source.starts, source.ends))
    count = int(target.ends[number] - target.starts[number])
    shares = np.arange(1, count + 1) / count
    return begun + np.minimum(np.searchsorted(source.steps.done[begun:ended], shares - 1e-9), ended - begun - 1) + 1
