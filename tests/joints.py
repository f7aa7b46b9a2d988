"""What a Program's actors wait for, by name, for tests that know it by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.program import Program, Role

BESIDES = frozenset({Role.LINK})
"""Actors whose channels the fabric's own tests know."""


@dataclass(frozen=True, slots=True)
class Joint:
    """A channel: what each firing of its target needs in all, what has left its room by then, room, tokens at first."""

    need: list[int]
    capacity: int
    initial: int = 0
    release: list[int] | None = None
    """None where it is what is needed."""


def joints(program: Program, *, without: frozenset[Role] = BESIDES) -> dict[tuple[str, str], Joint]:
    """All channels between actors of other roles, by the names of source and target."""
    names, channels, actors = names_of(program), program.channels, program.actors
    found: dict[tuple[str, str], Joint] = {}
    for row in range(len(channels)):
        source, target = int(channels.source[row]), int(channels.target[row])
        if without.isdisjoint((actors.role[source], actors.role[target])):
            firings = int(actors.firings[target])
            need, release = (curve(program, int(column[row]), firings) for column in (channels.need, channels.release))
            assert (names[source], names[target]) not in found
            found[names[source], names[target]] = Joint(
                need, int(channels.capacity[row]), int(channels.initial[row]), None if release == need else release
            )
    return found


def names_of(program: Program) -> list[str]:
    """``layer role``, where there are several with the row and column of the block, or the part, and the copy."""
    actors = program.actors
    plain = [
        f"{program.labels.layers[layer]} {Role(role).name.lower()}"
        for layer, role in zip(actors.layer.tolist(), actors.role.tolist(), strict=True)
    ]
    blocks = [f" {row},{column}" for row, column in zip(actors.row.tolist(), actors.column.tolist(), strict=True)]
    names = [name + block if plain.count(name) > 1 else name for name, block in zip(plain, blocks, strict=True)]
    copies = actors.replica.tolist()
    return [f"{name} #{copy}" if names.count(name) > 1 else name for name, copy in zip(names, copies, strict=True)]


def curve(program: Program, row: int, count: int) -> list[int]:
    """The first entries of one of a Program's curves."""
    curves, number = program.curves, np.arange(count)
    length, start = int(curves.length[row]), int(curves.start[row])
    values = curves.values[start + number % length] + int(curves.advance[row]) * (number // length)
    return [int(value) for value in values]


def spent(program: Program, name: str) -> dict[str, float]:
    """How often each action is done for a firing of an actor."""
    (actor,) = [number for number, known in enumerate(names_of(program)) if known == name]
    mine = np.flatnonzero(program.actions.actor == actor).tolist()
    found: dict[str, float] = {}
    for row in mine:
        action = program.labels.actions[program.actions.action[row]]
        found[action] = found.get(action, 0.0) + float(program.actions.count[row])
    return found


def durations(program: Program, name: str) -> tuple[list[int], list[int]]:
    """Picoseconds of each of an actor's firings: until its resource is free, and until its results are there."""
    actor, actors = names_of(program).index(name), program.actors
    count = int(actors.firings[actor])

    def of(table: int, constant: int) -> list[int]:
        if table < 0:
            return [constant] * count
        start, length = int(program.durations.start[table]), int(program.durations.length[table])
        values = program.durations.values[start : start + length].tolist()
        return [int(value) for value in (values * count)[:count]]

    return (
        of(int(actors.interval_table[actor]), int(actors.interval[actor])),
        of(int(actors.latency_table[actor]), int(actors.latency[actor])),
    )
