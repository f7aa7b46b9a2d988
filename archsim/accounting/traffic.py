"""What goes to and from memories: the edges that no buffer holds, and the look-up tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from archsim.cost import Bill
from archsim.cost.estimate import engineering
from archsim.program import Kind, Program, Role, Trace
from archsim.units import PS_PER_S

KEYS = ["memory", "action", "source", "target"]
TABLE_ROWS = "(table)"
"""In place of a source: rows of the target's own look-up table."""
WEIGHTS = "(weights)"
"""In place of a source: the target's own weights, where a device fetches them for each pass."""
MANY_EDGES = 3
"""Edges that a note names; of more it gives the number."""
REFETCHED = 1.05
"""Reads per token written from which an edge is said to be fetched again."""


def memory_accesses(program: Program) -> pd.DataFrame:
    """Accesses to memories over all firings of a program.

    Returns
    -------
    DataFrame
        One row per tensor written and per edge or table read: ``memory, action, source, target, accesses, bits``. The
        action is ``write_bit`` or ``read_bit``. A tensor is written once for all its edges: its target is empty. A
        look-up table's source is ``(table)``, that of weights fetched for each pass ``(weights)``.
    """
    return _summed(_accesses(program, _on_memories(program)))


def _on_memories(program: Program) -> NDArray[np.int64]:
    """Actors that read or write memories."""
    return np.flatnonzero(program.resources.kind[program.actors.resource] == Kind.MEMORY)


def _accesses(program: Program, ids: NDArray[np.int64]) -> pd.DataFrame:
    """One row per actor."""
    actors, layers = program.actors, np.array(program.labels.layers, object)
    writing, layer = actors.role[ids] == Role.WRITE, layers[actors.layer[ids]]
    return pd.DataFrame(
        {
            "memory": _components(program)[ids],
            "action": np.where(writing, "write_bit", "read_bit"),
            "source": np.where(writing, layer, _read_sources(program)[ids]),
            "target": np.where(writing, "", layer),
            "accesses": actors.firings[ids],
            "bits": _bits_per_firing(program)[ids] * actors.firings[ids],
        }
    )


def _summed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.groupby(KEYS, sort=False, as_index=False).sum()


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


def memory_traffic(trace: Trace, bill: Bill) -> pd.DataFrame:
    """Accesses to memories in a run, and what they took.

    Returns
    -------
    DataFrame
        As `memory_accesses`, with ``busy_s`` and ``energy_j`` of the whole run.

    Raises
    ------
    MissingCost
        If a memory's energy is not on the bill.
    """
    return priced_accesses(memory_accesses_of(trace), bill)


def memory_accesses_of(trace: Trace) -> pd.DataFrame:
    """Accesses to memories in a run: as `memory_accesses`, with ``busy_s``."""
    ids = _on_memories(trace.program)
    return _summed(_accesses(trace.program, ids).assign(busy_s=trace.busy[ids] / PS_PER_S))


def priced_accesses(accesses: pd.DataFrame, bill: Bill) -> pd.DataFrame:
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
    return accesses.assign(energy_j=accesses.bits * np.array(each, np.float64))


def traffic_notes(accesses: pd.DataFrame, passes: int) -> Iterator[str]:
    """What the reader should know of edges that go through memory.

    Parameters
    ----------
    accesses : DataFrame
        As from `memory_accesses` or `memory_traffic`.
    passes : int
        Passes of the network in it.
    """
    moved = accesses[~accesses.source.isin([TABLE_ROWS, WEIGHTS])]
    for memory, rows in moved.groupby("memory", sort=False):
        read, written = rows[rows.action == "read_bit"], rows[rows.action == "write_bit"]
        edges = [f"{source!r} -> {target!r}" for source, target in zip(read.source, read.target, strict=True)]
        into, out = (moved.bits.sum() / 8 / passes for moved in (written, read))
        yield (
            f"no buffer has room for {_listed(edges)}: in each pass {into:,.0f} bytes are written to {memory!r} and "
            f"{out:,.0f} read from it{_cost(rows, passes)}"
        )
        yield from _refetch_notes(read, written)


def _cost(rows: pd.DataFrame, passes: int) -> str:
    if "energy_j" not in rows:
        return ""
    busy, energy = rows.busy_s.sum() / passes, rows.energy_j.sum() / passes
    return f", which takes {engineering(busy, 's')} of its time and {engineering(energy, 'J')}"


def _listed(edges: list[str]) -> str:
    shown = ", ".join(edges[:MANY_EDGES])
    return shown if len(edges) <= MANY_EDGES else f"{shown} and {len(edges) - MANY_EDGES} more"


def _refetch_notes(read: pd.DataFrame, written: pd.DataFrame) -> Iterator[str]:
    times = read.bits.to_numpy() / written.set_index("source").bits.reindex(read.source).to_numpy()
    again = times > REFETCHED
    edges = [
        f"{source!r} -> {target!r} {count:.1f} times"
        for source, target, count in zip(read.source[again], read.target[again], times[again], strict=True)
    ]
    if edges:
        yield f"no buffer holds even the window that one firing touches, so each fetches it again: {_listed(edges)}"
