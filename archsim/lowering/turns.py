"""Layers that take turns, as actors: who ends a turn, who waits for that, and who writes the weights of the next one.

The last actor of each turn fires once per *round* (the samples that pass in a turn together), when every layer of the
turn has made all of its tokens. What begins the next turn waits for it: the writing of blocks that are written anew,
the products of the others, and digital layers that take everything from earlier turns. The first turn waits for the
last one of the round before. A block's weights are read from memory, cross the fabric and are written row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Ids
from archsim.errors import InputError
from archsim.lowering.batch import Batch
from archsim.lowering.buffers import NO_EDGE
from archsim.lowering.dependencies import Dependencies
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.lowering.keeping import Choices, Keep
from archsim.lowering.layers import Ends
from archsim.lowering.passing import ALL
from archsim.lowering.spill import IN_FLIGHT, Spilled
from archsim.machine import Stage
from archsim.machine.memories import Stored, memory_for, memory_service
from archsim.mapping import Placement
from archsim.mapping.turns import Turns
from archsim.network import Digital, Layer
from archsim.program import Kind, Role
from archsim.units import picoseconds

CHANGE_PS = 1
"""A change of turns takes no time; an engine knows nothing shorter."""


def round_samples(turns: Turns, batch: Batch) -> int:
    """Samples that pass in a turn together: as the schedule says, in whole groups of interleaved ones.

    Raises
    ------
    InputError
        If the batch is not made of such rounds.
    """
    samples = -(-turns.samples // batch.group) * batch.group
    if batch.samples % samples:
        raise InputError(
            f"{samples} samples pass in a turn, and a batch of {batch.samples} is not made of so many",
            where="mapping.schedule.samples",
            remedy=f"Take a batch that is a multiple of {samples}, or change mapping.schedule.samples.",
        )
    return samples


def take_turns(draft: Draft, placement: Placement, ends: Ends, batch: Batch) -> Dependencies:
    """Add the actors that end turns and write weights, and the channels by which a turn waits for the one before.

    Returns
    -------
    Dependencies
        From the weights in memory to the arrays that are written.

    Raises
    ------
    InputError
        If the batch is not made of whole rounds.
    CapacityError
        If weights are written anew and there is no memory to read them from.
    """
    turns = placement.turns
    if turns is None:
        return Dependencies.concatenate([])
    control = _Control(draft, turns, batch.samples // round_samples(turns, batch), _add_enders(draft, placement, batch))
    digital = _digital_homes(placement)
    control.end(ends.made, turns.use)
    control.end(ends.maker[digital], turns.layer[placement.homes.layer[digital]])
    late = digital[_fed_by_earlier_turns(placement)[placement.homes.layer[digital]]]
    control.begin(ends.maker[late], turns.layer[placement.homes.layer[late]])
    reloaded = turns.reloaded[placement.uses.block]
    staying = ~reloaded | turns.ahead
    control.begin(ends.taker[staying], turns.use[staying])
    return _write(control, placement, ends.taker[reloaded])


@dataclass(frozen=True, slots=True)
class BetweenTurns:
    """What goes from one turn to another: it lies in memory until the other's turn.

    Parameters
    ----------
    draft, placement
    turn : int64, shape (actors,)
        Of the actors that make and take tokens; all alike where nobody takes turns.
    rounds : int
        In the whole run.
    """

    draft: Draft
    placement: Placement
    turn: Ids
    rounds: int

    @classmethod
    def of(cls, draft: Draft, placement: Placement, ends: Ends, batch: Batch) -> BetweenTurns:
        """With the turns of the actors at the ends of edges."""
        turns = placement.turns
        turn = np.zeros(1 + max(int(end.max(initial=0)) for end in (ends.maker, ends.taker, ends.made)), np.int64)
        if turns is None:
            return cls(draft, placement, turn, 1)
        turn[ends.maker] = turns.layer[placement.homes.layer]
        turn[ends.made], turn[ends.taker] = turns.use, turns.use
        return cls(draft, placement, turn, batch.samples // round_samples(turns, batch))

    def _apart(self, pairs: Dependencies) -> NDArray[np.bool_]:
        return np.asarray(self.turn[pairs.source] != self.turn[pairs.target])

    def most_kept(self, choices: Choices) -> tuple[Keep, ...]:
        """What buffers keep of each edge at most; edges between turns get room in memory for a whole round."""
        kept = []
        for edge, pairs in enumerate(choices.full):
            apart = bool(self._apart(pairs).any())
            kept.append(Keep.WINDOW if apart else Keep.FULL)
            if apart:
                choices.full[edge] = replace(pairs, capacity=self._round(pairs))
        return tuple(kept)

    def _round(self, pairs: Dependencies) -> Ids:
        """Tokens that each pair's producer makes in a round."""
        return self.draft.actor_columns(pairs.source).firings // self.rounds

    def by_turn(self, spilled: Spilled) -> tuple[Spilled, ...]:
        """An edge in memory, fetched anew in every turn that takes from it."""
        whole, fetched = (self.turn[pairs.target] for pairs in (spilled.whole, spilled.fetched))
        return tuple(
            replace(spilled, whole=spilled.whole.take(whole == turn), fetched=spilled.fetched.take(fetched == turn))
            for turn in np.unique(whole).tolist()
        )

    def sums(self, summed: Dependencies) -> tuple[Dependencies, Dependencies]:
        """Partial sums that stay within a turn, and those that the next one adds to, with room for a round."""
        apart = self._apart(summed)
        between = summed.take(apart)
        return summed.take(~apart), replace(between, capacity=self._round(between))

    def led(self, stored: Dependencies) -> Dependencies:
        """Partial sums through memory: to who writes them, and from who reads them."""
        if not len(stored):
            return stored
        name, memory = memory_for(self.placement.chip, Stored.ACTIVATIONS)
        plan, same = self.placement.floorplan, self.draft.curves.one_by_one()
        port = stored.source_node // plan.nodes * plan.nodes + plan.port
        interval = np.array([memory_service(memory, float(bits)).interval for bits in stored.bits], np.int64)
        timing = Timing(interval, interval + picoseconds(memory.latency))
        ends = []
        for role, action in ((Role.WRITE, "write_bit"), (Role.READ, "read_bit")):
            table = self.draft.actor_columns(stored.source)
            rows = ActorRows(
                layer=table.layer, role=role, place=Place(Kind.MEMORY, name, port), firings=table.firings,
                timing=timing, replica=table.replica, column=table.column,
            )  # fmt: skip
            ends.append(self.draft.actors(rows, len(stored)))
            self.draft.act(ends[-1], f"{name}.{action}", stored.bits)
        writer, reader = ends
        self.draft.channels(writer, reader, need=same, release=same, capacity=stored.capacity, token_bits=stored.bits)
        room = np.full(len(stored), IN_FLIGHT)
        into = replace(stored, target=writer, target_node=port, capacity=room)
        return Dependencies.concatenate([into, replace(stored, source=reader, source_node=port, capacity=room)])


@dataclass(frozen=True, slots=True)
class _Control:
    """What ends turns and lets others begin.

    Parameters
    ----------
    draft : Draft
    turns : Turns
    rounds : int
        In the whole run.
    ender : int64, shape (turns,)
        The actor that ends each turn.
    """

    draft: Draft
    turns: Turns
    rounds: int
    ender: Ids

    def end(self, actors: Ids, turn: Ids) -> None:
        """A turn ends when these actors have fired for all samples of the round."""
        firings = self._firings(actors)
        all_of_them = self._curves(firings, lambda count: np.array([count], np.int64), advance=None)
        self.draft.channels(
            actors, self.ender[turn], need=all_of_them, release=all_of_them, capacity=firings, token_bits=0
        )

    def begin(self, actors: Ids, turn: Ids) -> None:
        """These actors begin when the turn before theirs has ended."""
        self.wait(actors, turn, (turn - 1) % self.turns.count)

    def wait(self, actors: Ids, turn: Ids, awaited: Ids) -> None:
        """These actors begin when some turn before theirs, counted around, has ended."""
        need, release = self.once_a_round(actors)
        self.draft.channels(
            self.ender[awaited],
            actors,
            need=need,
            release=release,
            capacity=2,
            token_bits=0,
            initial=np.asarray(awaited >= turn, np.int64),
        )

    def once_a_round(self, actors: Ids) -> tuple[Ids, Ids]:
        """Rows of the curves by which all firings of a round need one token, which goes with the last of them."""
        firings = self._firings(actors)
        need = self._curves(firings, lambda count: np.ones(count, np.int64), advance=1)
        release = self._curves(firings, lambda count: (np.arange(count) == count - 1).astype(np.int64), advance=1)
        return need, release

    def _firings(self, actors: Ids) -> Ids:
        """Firings of each actor in a round."""
        return self.draft.actor_columns(actors).firings // self.rounds

    def _curves(self, firings: Ids, values: Callable[[int], Ids], *, advance: int | None) -> Ids:
        """Rows of a curve for each number of firings, which it advances by where nothing else is said."""
        counts, back = np.unique(firings, return_inverse=True)
        book = self.draft.curves
        rows = [book.add(values(count), count if advance is None else advance) for count in counts.tolist()]
        return np.array(rows, np.int64)[back]


def _add_enders(draft: Draft, placement: Placement, batch: Batch) -> Ids:
    """One actor per turn, which belongs to the first layer with weights in it."""
    turns = placement.turns
    assert turns is not None
    first = np.unique(turns.use, return_index=True)[1]
    rows = ActorRows(
        layer=placement.uses.layer[first],
        role=Role.TURN,
        place=Place(Kind.CONTROL, "turns", placement.floorplan.port),
        firings=batch.samples // round_samples(turns, batch),
        timing=Timing(CHANGE_PS, CHANGE_PS),
    )
    return draft.actors(rows, turns.count)


def _digital_homes(placement: Placement) -> Ids:
    """Parts of digital layers, look-ups included."""
    digital = np.array([isinstance(layer.operator, Digital) for layer in placement.network.order])
    return np.flatnonzero(digital[placement.homes.layer])


def _fed_by_earlier_turns(placement: Placement) -> NDArray[np.bool_]:
    """Layers all of whose inputs are made in earlier turns, shape ``(layers,)``: nothing else would hold them back."""
    turns, network, index = placement.turns, placement.network, placement.index
    assert turns is not None

    def earlier(layer: Layer) -> bool:
        own = turns.layer[index[layer.name]]
        return all(turns.layer[index[edge.source]] < own for edge in network.inputs_of(layer.name))

    return np.array([earlier(layer) for layer in network.order])


def _write(control: _Control, placement: Placement, takers: Ids) -> Dependencies:
    """Actors that read weights and write them, for each block that is written anew, and what they hold back."""
    turns, blocks, draft = control.turns, placement.blocks, control.draft
    written = np.flatnonzero(turns.reloaded)
    if not len(written):
        return Dependencies.concatenate([])
    stages = placement.writing
    name, memory = memory_for(placement.chip, Stored.WEIGHTS)
    nodes = placement.floorplan.nodes
    port, bits = blocks.node[written] // nodes * nodes + placement.floorplan.port, stages[0].input_bits
    sizes, back = np.unique(bits, return_inverse=True)
    access = np.array([memory_service(memory, float(size)).interval for size in sizes], np.int64)[back]
    times = Timing(access, access + picoseconds(memory.latency))
    reader = _add_once_a_round(control, placement, written, Role.READ, Place(Kind.MEMORY, name, port), times)
    draft.act(reader, f"{name}.read_bit", bits)
    writer = [_add_writer(control, placement, written, stage) for stage in stages]
    same = draft.curves.one_by_one()
    for before, after in pairwise(writer):
        draft.channels(before, after, need=same, release=same, capacity=1, token_bits=0)
    need, release = control.once_a_round(takers)
    draft.channels(writer[-1], takers, need=need, release=release, capacity=2, token_bits=0)
    # A block that is written anew is used by one layer.
    turn = turns.use[turns.reloaded[placement.uses.block]]
    control.wait(reader, turn, turns.before[written] if turns.ahead else (turn - 1) % turns.count)
    return Dependencies.broadcast(
        len(written), source=reader, target=writer[0], source_node=port, target_node=blocks.node[written],
        need=same, release=same, passed=0, passing=ALL, capacity=IN_FLIGHT, bits=bits, kept=0, edge=NO_EDGE,
    )  # fmt: skip


def _add_writer(control: _Control, placement: Placement, written: Ids, stage: Stage) -> Ids:
    blocks = placement.blocks
    place = Place(stage.resource, stage.label, blocks.node[written], blocks.array[written])
    actor = _add_once_a_round(control, placement, written, stage.role, place, Timing(stage.interval, stage.latency))
    for action in stage.actions:
        control.draft.act(actor, f"{action.component}.{action.action}", action.count)
    return actor


def _add_once_a_round(
    control: _Control, placement: Placement, written: Ids, role: Role, place: Place, timing: Timing
) -> Ids:
    """One actor per block that is written anew."""
    blocks = placement.blocks
    rows = ActorRows(
        layer=placement.holders[blocks.matrix[written]],
        role=role,
        place=place,
        firings=control.rounds,
        timing=timing,
        replica=blocks.replica[written],
        row=blocks.row[written],
        column=blocks.column[written],
    )
    return control.draft.actors(rows, len(written))
