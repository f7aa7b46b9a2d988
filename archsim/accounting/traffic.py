"""What goes to and from memories: the edges that no buffer holds, and the look-up tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Columns, Ids, Reals, Texts
from archsim.cost import Bill
from archsim.cost.estimate import engineering
from archsim.groups import Groups
from archsim.program import Kind, Program, Role, Trace
from archsim.units import PS_PER_S

TABLE_ROWS = "(table)"
"""In place of a source: rows of the target's own look-up table."""
WEIGHTS = "(weights)"
"""In place of a source: the target's own weights, where a device fetches them for each pass."""
MANY_EDGES = 3
"""Edges that a note names; of more it gives the number."""
REFETCHED = 1.05
"""Reads per token written from which an edge is said to be fetched again."""


@dataclass(frozen=True, slots=True, eq=False)
class Accesses(Columns):
    """What goes to and from memories: a row per tensor written and per edge or table read.

    A tensor is written once for all its edges: its target is empty. A look-up table's source is ``(table)``, that of
    weights fetched for each pass ``(weights)``.

    Parameters
    ----------
    memory : str, shape (rows,)
    action : str, shape (rows,)
        ``write_bit`` or ``read_bit``.
    source, target : str, shape (rows,)
    accesses : int64, shape (rows,)
    bits : float64, shape (rows,)
    """

    memory: Texts
    action: Texts
    source: Texts
    target: Texts
    accesses: Ids
    bits: Reals


@dataclass(frozen=True, slots=True, eq=False)
class TimedAccesses(Accesses):
    """The same with the time that it kept the memories, in seconds of the whole run."""

    busy_s: Reals


@dataclass(frozen=True, slots=True, eq=False)
class PricedAccesses(TimedAccesses):
    """The same with its energy in the whole run."""

    energy_j: Reals


def memory_accesses(program: Program) -> Accesses:
    """Accesses to memories over all firings of a program."""
    return Accesses(*_summed(program, _on_memories(program))[1])


def _on_memories(program: Program) -> NDArray[np.int64]:
    """Actors that read or write memories."""
    return np.flatnonzero(program.resources.kind[program.actors.resource] == Kind.MEMORY)


def _summed(program: Program, ids: Ids) -> tuple[Groups, tuple[Texts, Texts, Texts, Texts, Ids, Reals]]:
    """Actors that move the same to or from the same memory, and the columns of their accesses."""
    actors, layers = program.actors, np.array(program.labels.layers, object)
    writing, layer = actors.role[ids] == Role.WRITE, layers[actors.layer[ids]]
    memory, action = _components(program)[ids], np.where(writing, "write_bit", "read_bit").astype(object)
    source, target = np.where(writing, layer, _read_sources(program)[ids]), np.where(writing, "", layer)
    groups = Groups.met(zip(memory, action, source, target, strict=True))
    bits, rows = _bits_per_firing(program)[ids] * actors.firings[ids], groups.first
    return groups, (
        memory[rows],
        action[rows],
        source[rows],
        target[rows],
        groups.counts(actors.firings[ids]),
        groups.sums(bits),
    )


def _components(program: Program) -> NDArray[np.object_]:
    """What each actor runs on, as the bill calls it, shape ``(actors,)``."""
    components = np.array(program.labels.resources, object)[program.resources.label[program.actors.resource]]
    return np.asarray(components, object)


def _read_sources(program: Program) -> NDArray[np.object_]:
    """Layer whose tokens each actor fetches from memory, shape ``(actors,)``."""
    actors = program.actors
    multiplied = np.unique(actors.layer[actors.role == Role.MULTIPLY])
    source = np.where(np.isin(actors.layer, multiplied), WEIGHTS, TABLE_ROWS).astype(object)
    written = program.actors.role[program.channels.source] == Role.WRITE
    writer, reader = program.channels.source[written], program.channels.target[written]
    source[reader] = np.array(program.labels.layers, object)[program.actors.layer[writer]]
    return source


def _bits_per_firing(program: Program) -> NDArray[np.float64]:
    """Bits that each actor moves to or from its own component, shape ``(actors,)``."""
    actions = program.actions
    acting = np.array([name.rsplit(".", 1)[0] for name in program.labels.actions], object)[actions.action]
    own = acting == _components(program)[actions.actor]
    bits = np.zeros(len(program.actors))
    np.add.at(bits, actions.actor[own], actions.count[own])
    return bits


def memory_traffic(trace: Trace, bill: Bill) -> PricedAccesses:
    """Accesses to memories in a run, and what they took.

    Raises
    ------
    MissingCost
        If a memory's energy is not on the bill.
    """
    return priced_accesses(memory_accesses_of(trace), bill)


def memory_accesses_of(trace: Trace) -> TimedAccesses:
    """Accesses to memories in a run."""
    ids = _on_memories(trace.program)
    groups, columns = _summed(trace.program, ids)
    return TimedAccesses(*columns, groups.sums(trace.busy[ids] / PS_PER_S))


def priced_accesses(accesses: TimedAccesses, bill: Bill) -> PricedAccesses:
    """Accesses to memories with the energy that they took.

    Raises
    ------
    MissingCost
        If a memory's energy is not on the bill.
    """
    each = [
        bill.component(memory).energy_of(action).value
        for memory, action in zip(accesses.memory, accesses.action, strict=True)
    ]
    return PricedAccesses.extending(accesses, accesses.bits * np.array(each, np.float64))


def traffic_notes(accesses: Accesses, passes: int) -> Iterator[str]:
    """What the reader should know of edges that go through memory.

    Parameters
    ----------
    accesses : Accesses
    passes : int
        Passes of the network in it.
    """
    moved = accesses.take(np.array([source not in (TABLE_ROWS, WEIGHTS) for source in accesses.source], np.bool_))
    for memory in dict.fromkeys(moved.memory):
        rows = moved.take(moved.memory == memory)
        read, written = rows.take(rows.action == "read_bit"), rows.take(rows.action == "write_bit")
        edges = [f"{source!r} -> {target!r}" for source, target in zip(read.source, read.target, strict=True)]
        into, out = (moved.bits.sum() / 8 / passes for moved in (written, read))
        yield (
            f"no buffer has room for {_listed(edges)}: in each pass {into:,.0f} bytes are written to {memory!r} and "
            f"{out:,.0f} read from it{_cost(rows, passes)}"
        )
        yield from _refetch_notes(read, written)


def _cost(rows: Accesses, passes: int) -> str:
    if not isinstance(rows, PricedAccesses):
        return ""
    busy, energy = rows.busy_s.sum() / passes, rows.energy_j.sum() / passes
    return f", which takes {engineering(busy, 's')} of its time and {engineering(energy, 'J')}"


def _listed(edges: list[str]) -> str:
    shown = ", ".join(edges[:MANY_EDGES])
    return shown if len(edges) <= MANY_EDGES else f"{shown} and {len(edges) - MANY_EDGES} more"


def _refetch_notes(read: Accesses, written: Accesses) -> Iterator[str]:
    stored = dict(zip(written.source, written.bits, strict=True))
    edges = [
        f"{source!r} -> {target!r} {bits / stored[source]:.1f} times"
        for source, target, bits in zip(read.source, read.target, read.bits, strict=True)
        if source in stored and bits / stored[source] > REFETCHED
    ]
    if edges:
        yield f"no buffer holds even the window that one firing touches, so each fetches it again: {_listed(edges)}"
