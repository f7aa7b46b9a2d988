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
from archsim.lowering.batch import batch_of
from archsim.lowering.draft import Draft
from archsim.lowering.stepped.crew import NOBODY, Actors, Crew
from archsim.lowering.stepped.needs import Needs, step_by_step
from archsim.lowering.stepped.passes import Questions
from archsim.lowering.stepped.runs import Run, layer_runs
from archsim.lowering.stepped.waits import Wait, behind, wrapped
from archsim.machine.stepped import SteppedUnit
from archsim.machine.vector_unit import AHEAD
from archsim.mapping import Placement
from archsim.mapping.stepped import Kept
from archsim.network import Digital, Edge, Layer, Phase, Sink, Source, Use, weights_of
from archsim.program import Program, Role, Samples

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
    needs = Needs(
        placement, plan, samples.group, [run for index in works for run in layer_runs(questions, unit, index)]
    )
    crew = Crew(Draft(placement.floorplan.nodes), placement, plan, samples, needs)
    return _Lowering(crew, crew.workers()).program()


@dataclass(frozen=True, slots=True)
class _Port:
    """The actor of a network's input or output, and who writes what comes in to memory."""

    worker: int
    writer: int


@dataclass(frozen=True, slots=True)
class _Lowering:
    """Who waits for whom.

    Parameters
    ----------
    crew : Crew
    actors : Actors
        Of all runs.
    """

    crew: Crew
    actors: Actors

    @property
    def placement(self) -> Placement:
        return self.crew.placement

    @property
    def draft(self) -> Draft:
        return self.crew.draft

    @property
    def needs(self) -> Needs:
        return self.crew.needs

    @property
    def runs(self) -> list[Run]:
        return self.crew.needs.runs

    def program(self) -> Program:
        """All ports, and all channels."""
        network = self.placement.network
        ports = {
            index: self._add_port(index, layer)
            for index, layer in enumerate(network.order)
            if isinstance(layer.operator, Source | Sink)
        }
        self._fetch()
        self._follow_stages()
        for edge in network.edges:
            self._follow(edge, ports)
        learned = [self._learn(index) for index, use in enumerate(self.placement.use) if use is Use.UPDATE]
        return self.draft.finish(tuple(layer.name for layer in network.order), self._samples(ports, learned))

    def _add_port(self, index: int, layer: Layer) -> _Port:
        worker, writer = self.crew.port(index, layer), NOBODY
        if isinstance(layer.operator, Source) and self.crew.plan.kept[index] is Kept.IN_MEMORY:
            writer = self.crew.on_memory(index, Role.WRITE, self.crew.port_bits(index, layer), 0)
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

    def _fetch(self) -> None:
        """Fetching ahead as far as there is room, and sending after."""
        actors = self.actors
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
                    self._wait_for_room(wait, movers)

    def _send(self, *chain: int) -> None:
        """Results on their way: to other chips, to memory, where they have to go there."""
        there = [actor for actor in chain if actor != NOBODY]
        for source, target in pairwise(there):
            self._join(source, target, capacity=IN_FLIGHT)

    def _wait_for_room(self, wait: Wait, movers: Ids) -> None:
        tokens = len(self.runs[wait.source])
        self._wait(int(self.actors.worker[wait.source]), int(movers[wait.target]), wait.need, tokens)

    def _follow_stages(self) -> None:
        """Something element-wise behind the products of its own layer."""
        worker = self.actors.worker
        for row, (before, run) in enumerate(pairwise(self.runs)):
            if before.layer == run.layer:
                need = np.concatenate([step_by_step(before, run, number) for number in range(len(run.passes))])
                self._wait(int(worker[row]), int(worker[row + 1]), need, len(before))

    def _follow(self, edge: Edge, ports: dict[int, _Port]) -> None:
        """A layer waits for the tokens of another."""
        index = self.placement.index
        source, target = index[edge.source], index[edge.target]
        stored = self.crew.plan.kept[source] is Kept.IN_MEMORY
        maker = _maker(ports[source], stored=stored) if source in ports else self._made_by(source, stored=stored)
        need, tokens = self.needs.of_edge(edge, stored=stored)
        if target in ports:
            self._wait(maker, ports[target].worker, np.repeat(need, self.crew.batch.group), tokens)
        else:
            self._wait(maker, self._taken_by(edge, stored=stored), need, tokens)

    def _made_by(self, layer: int, *, stored: bool) -> int:
        actors, last = self.actors, self.needs.rows[layer][1]
        sent = actors.worker if actors.sender[last] == NOBODY else actors.sender
        return int(actors.writer[last] if stored else sent[last])

    def _taken_by(self, edge: Edge, *, stored: bool) -> int:
        """Who waits for the tokens: who fetches them, or who works with them."""
        first = self.needs.rows[self.placement.index[edge.target]][0]
        operator = self.placement.network.by_name[edge.target].operator
        second = isinstance(operator, Digital) and operator.product and edge.port > 0
        mover = int((self.actors.weights if second else self.actors.inputs)[first])
        return mover if stored and mover != NOBODY else int(self.actors.worker[first])

    def _learn(self, update: int) -> int:
        """Who ends a mini-batch's samples when its weights have changed; products of the next one wait for that."""
        actors, network = self.actors, self.placement.network
        last = self.needs.rows[update][1]
        changed, steps = self._made_by(update, stored=actors.writer[last] != NOBODY), len(self.runs[last])
        ender = self.crew.ender(update)
        self._wait(changed, ender, np.full(self.crew.batch.group, steps), steps)
        for user in network.users[weights_of(network.order[update])]:
            first = self.needs.rows[self.placement.index[user.name]][0]
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
        return Samples(self.crew.batch.samples, self.crew.batch.group, of(Source), leaving)


def _maker(port: _Port, *, stored: bool) -> int:
    return port.writer if stored else port.worker
