"""The timing contract by brute force: every picosecond, everything is counted afresh from the list of past starts.

Slow and independent of the engines, so that the judge is judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archsim.program import Program


@dataclass
class Stepped:
    """Starts of every actor's firings, and its idle picoseconds by cause; ``stuck`` for a deadlock."""

    starts: list[list[int]]
    arrivals: list[list[int]]
    starved: list[int]
    blocked: list[int]
    contended: list[int]
    makespan: int = 0
    stuck: bool = False
    ready_since: dict[int, int] = field(default_factory=dict)


def stepped(program: Program) -> Stepped:
    size = len(program.actors)
    run = Stepped([[] for _ in range(size)], [[] for _ in range(size)], [0] * size, [0] * size, [0] * size)
    limits = program.actors.firings.tolist()
    now = 0
    while True:
        _grant(program, run, now)
        run.makespan = max(
            [end for actor in range(size) for end in _ends(program, run, actor)]
            + [arrival for arrivals in run.arrivals for arrival in arrivals],
            default=0,
        )
        done = [len(starts) for starts in run.starts] == limits
        if done or now >= run.makespan:
            run.stuck = not done
            return run
        _count_idle(program, run, now)
        now += 1


def _duration(program: Program, constant: int, table: int, firing: int) -> int:
    return constant if table < 0 else program.durations.at(table, firing)


def _ends(program: Program, run: Stepped, actor: int) -> list[int]:
    actors = program.actors
    constant, table = int(actors.interval[actor]), int(actors.interval_table[actor])
    return [start + _duration(program, constant, table, firing) for firing, start in enumerate(run.starts[actor])]


def _ended(program: Program, run: Stepped, actor: int, now: int) -> int:
    return sum(end <= now for end in _ends(program, run, actor))


def _busy(program: Program, run: Stepped, actor: int, now: int) -> bool:
    return len(run.starts[actor]) > _ended(program, run, actor, now)


def _fed(program: Program, run: Stepped, actor: int, now: int) -> bool:
    channels = program.channels
    return all(
        max(0, channels.initial[c] + sum(arrival <= now for arrival in run.arrivals[channels.source[c]]))
        >= program.curves.at(int(channels.need[c]), len(run.starts[actor]))
        for c in range(len(channels))
        if channels.target[c] == actor
    )


def _roomy(program: Program, run: Stepped, actor: int, now: int) -> bool:
    channels = program.channels
    for c in range(len(channels)):
        if channels.source[c] != actor:
            continue
        ended = _ended(program, run, int(channels.target[c]), now)
        freed = program.curves.at(int(channels.release[c]), ended - 1) if ended else 0
        if channels.initial[c] + len(run.starts[actor]) + 1 - freed > channels.capacity[c]:
            return False
    return True


def _grant(program: Program, run: Stepped, now: int) -> None:
    actors = program.actors
    size = len(actors)
    for actor in range(size):
        left = len(run.starts[actor]) < actors.firings[actor]
        idle = left and not _busy(program, run, actor, now)
        if idle and _fed(program, run, actor, now) and _roomy(program, run, actor, now):
            run.ready_since.setdefault(actor, now)
    for resource, servers in enumerate(program.resources.servers.tolist()):
        mine = [actor for actor in range(size) if actors.resource[actor] == resource]
        free = servers - sum(_busy(program, run, actor, now) for actor in mine)
        queue = sorted((since, actor) for actor, since in run.ready_since.items() if actor in mine)
        for _, actor in queue[:free]:
            del run.ready_since[actor]
            _start(program, run, actor, now)


def _start(program: Program, run: Stepped, actor: int, now: int) -> None:
    actors, firing = program.actors, len(run.starts[actor])
    latency = _duration(program, int(actors.latency[actor]), int(actors.latency_table[actor]), firing)
    run.starts[actor].append(now)
    run.arrivals[actor].append(max([now + latency, *run.arrivals[actor][-1:]]))


def _count_idle(program: Program, run: Stepped, now: int) -> None:
    for actor in range(len(program.actors)):
        if _busy(program, run, actor, now) or len(run.starts[actor]) == program.actors.firings[actor]:
            continue
        if not _fed(program, run, actor, now):
            run.starved[actor] += 1
        elif not _roomy(program, run, actor, now):
            run.blocked[actor] += 1
        else:
            run.contended[actor] += 1
