"""Why a run stands still: the cycle of actors that wait for one another, and the channels between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.errors import Deadlock
from archsim.program import Program, actor_name
from archsim.program.extremes import series_at
from archsim.program.tables import Counts

# Waits of a long cycle that the message spells out.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Wait:
    """One actor waits for another, as a channel between them is empty or full."""

    actor: int
    blocker: int
    channel: int
    empty: bool


def diagnose(program: Program, *, fired: Counts, freed: Counts, time_ps: int) -> Deadlock:
    """The error for a run that stands still, once all that was in flight has ended and arrived.

    Parameters
    ----------
    program : Program
    fired : int64, shape (actors,)
        Firings done.
    freed : int64, shape (channels,)
        Tokens ever freed.
    time_ps : int
        When the last thing happened.
    """
    waits = find_waits(program, fired, freed)
    cycle = _cycle(waits)
    shown = _between_layers(program, cycle)[:SHOWN]
    lines = [_wait_text(program, wait, fired, freed) for wait in shown]
    if len(cycle) > len(shown):
        lines.append(f"... and {len(cycle) - len(shown)} more waits, within these layers and along their links")
    left = int(np.count_nonzero(fired < program.actors.firings))
    what = f"deadlock at {time_ps} ps, with {left} actors unfinished:\n    " + "\n    ".join(lines)
    return Deadlock(what, where=actor_name(program, cycle[0].actor), remedy=_remedy(cycle))


def find_waits(program: Program, fired: Counts, freed: Counts) -> list[Wait]:
    """Every empty input and full output of the actors with firings left."""
    channels, limit = program.channels, program.actors.firings
    tokens = channels.initial + fired[channels.source]
    next_firing = fired[channels.target]
    starving = next_firing < limit[channels.target]
    starving &= series_at(program.curves, channels.need, next_firing) > np.maximum(tokens, 0)
    full = (fired < limit)[channels.source] & (tokens + 1 - freed > channels.capacity)
    return [
        Wait(int(channels.target[row]), int(channels.source[row]), int(row), True) for row in np.flatnonzero(starving)
    ] + [Wait(int(channels.source[row]), int(channels.target[row]), int(row), False) for row in np.flatnonzero(full)]


def _cycle(waits: list[Wait]) -> list[Wait]:
    import networkx as nx  # takes long to load, and few need it

    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_edges_from((wait.actor, wait.blocker) for wait in waits)
    of_edge = {(wait.actor, wait.blocker): wait for wait in reversed(waits)}
    return [of_edge[edge[0], edge[1]] for edge in nx.find_cycle(graph)]


def _between_layers(program: Program, cycle: list[Wait]) -> list[Wait]:
    """The waits that lead from one layer to another, where there are any: the others only pass them on."""
    layer = program.actors.layer
    return [wait for wait in cycle if layer[wait.actor] != layer[wait.blocker]] or cycle


def _wait_text(program: Program, wait: Wait, fired: Counts, freed: Counts) -> str:
    channels, row = program.channels, wait.channel
    actor, blocker = actor_name(program, wait.actor), actor_name(program, wait.blocker)
    firing = int(fired[wait.actor])
    tokens = int(channels.initial[row] + fired[channels.source[row]])
    if wait.empty:
        need = program.curves.at(int(channels.need[row]), firing)
        return f"{actor} waits at firing {firing} for token {need} of {blocker}, which made {tokens} (channel empty)"
    held, capacity = tokens - int(freed[row]), int(channels.capacity[row])
    return f"{actor} waits at firing {firing} for room towards {blocker} (channel full: {held} of {capacity} tokens)"


def _remedy(cycle: list[Wait]) -> str:
    if all(wait.empty for wait in cycle):
        return "Give one channel of this cycle the initial tokens that its first firings need."
    return "Raise the capacity of the full channels: the tokens that would free them cannot be made before."
