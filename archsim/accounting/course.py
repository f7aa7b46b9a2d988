"""The course of a run, from its log: how busy each layer was, and how full its buffers were, over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archsim.cost import Bill
from archsim.program import FiringLog, Program, Role, Trace
from archsim.program.tables import Series
from archsim.units import PS_PER_S

if TYPE_CHECKING:
    import pandas as pd

Reals = NDArray[np.float64]
Counts = NDArray[np.int64]
_BESIDE = (Role.LINK, Role.PROGRAM, Role.TURN)
"""What a layer is busy with only where it has nothing else: moving, being written, giving its turn to another."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Something over time, layer by layer.

    Parameters
    ----------
    layers : tuple of str
    edges_ps : float64, shape (bins + 1,)
        Where the bins begin and end.
    values : float64, shape (layers, bins)
    """

    layers: tuple[str, ...]
    edges_ps: Reals
    values: Reals

    @property
    def frame(self) -> pd.DataFrame:
        """One row per layer and bin: ``layer, start_ps, end_ps, value``."""
        import pandas as pd  # late: a third of a start

        bins = len(self.edges_ps) - 1
        return pd.DataFrame(
            {
                "layer": np.repeat(np.array(self.layers, dtype=object), bins),
                "start_ps": np.tile(self.edges_ps[:-1], len(self.layers)),
                "end_ps": np.tile(self.edges_ps[1:], len(self.layers)),
                "value": self.values.ravel(),
            }
        )


def held(program: Program, actor: NDArray[np.int64], firing: Counts) -> Counts:
    """Picoseconds that each firing holds its resource, shape ``(firings,)``."""
    length = program.actors.interval[actor]
    table = program.actors.interval_table[actor]
    varied = np.flatnonzero(table >= 0)
    rows, durations = table[varied], program.durations
    length[varied] = durations.values[durations.start[rows] + firing[varied] % durations.length[rows]]
    return length


def busy_course(trace: Trace, start_ps: int, stop_ps: int, bins: int = 240) -> Course:
    """How busy the busiest role of each layer was, averaged over its actors.

    Parameters
    ----------
    trace : Trace
        With a log that is whole in this window.
    start_ps, stop_ps : int
    bins : int

    Returns
    -------
    Course
        Busy shares; layers in the order of the program that worked at all.
    """
    groups, layers = _busiest_roles(trace)
    return _shares(trace, groups, layers, np.linspace(start_ps, stop_ps, bins + 1))


def writing_course(trace: Trace, course: Course) -> Course:
    """How many of a layer's blocks were being written at once, as a share of all that are written for it.

    Parameters
    ----------
    trace : Trace
        With a log that is whole in the course's window.
    course : Course
        As `busy_course` gives it: its layers and bins are those of the answer.
    """
    actors, layers = trace.program.actors, trace.program.labels.layers
    rows = np.full(len(layers), -1, np.int64)
    known = {name: row for row, name in enumerate(course.layers)}
    for layer, name in enumerate(layers):
        rows[layer] = known.get(name, -1)
    groups = np.where(actors.role == Role.PROGRAM, rows[actors.layer], -1)
    return _shares(trace, groups, course.layers, course.edges_ps)


def turn_ends(trace: Trace) -> Counts:
    """Picoseconds at which turns ended within the log, in order; none where layers do not take turns."""
    log = trace.log
    assert log is not None
    ends = np.flatnonzero(trace.program.actors.role[log.actor] == Role.TURN)
    return np.sort(log.start[ends].astype(np.int64) + held(trace.program, log.actor[ends], log.firing[ends]))


def _shares(trace: Trace, groups: Counts, layers: tuple[str, ...], edges: Reals) -> Course:
    """Busy shares of each group of actors, averaged over them; actors of group -1 are left out."""
    log = trace.log
    assert log is not None
    row = groups[log.actor]
    kept = np.flatnonzero(row >= 0)
    row, start = row[kept], log.start[kept]
    end = start + held(trace.program, log.actor[kept], log.firing[kept])
    actors = np.bincount(groups[groups >= 0], minlength=len(layers))
    busy = np.diff(_begun(row, start, edges, len(layers)) - _begun(row, end, edges, len(layers)), axis=1)
    return Course(layers, edges, np.clip(busy / np.diff(edges) / np.maximum(actors, 1)[:, None], 0.0, 1.0))


def _busiest_roles(trace: Trace) -> tuple[Counts, tuple[str, ...]]:
    """Row of each actor if it has its layer's busiest role (links and writing aside), else -1; names of the rows."""
    import pandas as pd  # late: a third of a start

    actors = trace.program.actors
    code = actors.layer.astype(np.int64) * len(Role) + actors.role
    beside = np.isin(actors.role, _BESIDE)
    frame = pd.DataFrame({"layer": actors.layer, "code": code, "busy": trace.busy, "beside": beside})
    frame = frame[frame.busy > 0]
    mean = frame.groupby(["layer", "beside", "code"], as_index=False).busy.mean()
    mean["idle"] = -mean.busy
    best = mean.set_index(["layer", "beside", "idle"]).sort_index().reset_index().drop_duplicates("layer")
    rows = np.full(int(code.max()) + 1, -1, np.int64)
    rows[best.code.to_numpy()] = np.arange(len(best))
    return rows[code], tuple(trace.program.labels.layers[layer] for layer in best.layer.tolist())


def _begun(row: Counts, when: Counts, edges: Reals, rows: int) -> Reals:
    """Picoseconds from each event before an edge to that edge, summed by row, shape ``(rows, edges)``."""
    place = np.searchsorted(edges, when, side="left")
    cell = row * (len(edges) + 1) + place
    shape = (rows, len(edges) + 1)
    count = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)[:, :-1].cumsum(axis=1)
    # Relative to the window, lest sums of large times lose picoseconds.
    since = (
        np.bincount(cell, weights=when - edges[0], minlength=shape[0] * shape[1]).reshape(shape)[:, :-1].cumsum(axis=1)
    )
    return np.asarray(count * (edges - edges[0]) - since, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Occupancy:
    """How full the buffers before each layer were.

    Parameters
    ----------
    course : Course
        Bits held, packet buffers of the fabric aside.
    room_bits : float64, shape (layers,)
    """

    course: Course
    room_bits: Reals

    @property
    def frame(self) -> pd.DataFrame:
        """One row per layer: ``layer, room_bits, peak_bits, mean_bits, full`` (peak over room)."""
        import pandas as pd  # late: a third of a start

        peak = self.course.values.max(axis=1, initial=0.0)
        return pd.DataFrame(
            {
                "layer": self.course.layers,
                "room_bits": self.room_bits,
                "peak_bits": peak,
                "mean_bits": self.course.values.mean(axis=1),
                "full": np.divide(peak, self.room_bits, out=np.zeros_like(peak), where=self.room_bits > 0),
            }
        )


def occupancy(trace: Trace, start_ps: int, stop_ps: int, bins: int = 120) -> Occupancy:
    """How full the buffers before each layer were, at the end of each bin.

    Room is taken when a producer starts, and given back when a consumer ends.

    Parameters
    ----------
    trace : Trace
        With a log that is whole in this window.
    start_ps, stop_ps : int
    bins : int
    """
    log = trace.log
    assert log is not None
    program = trace.program
    channels, actors = program.channels, program.actors
    moving = np.zeros(len(actors), bool)
    moving[log.actor] = True
    to_link = actors.role[channels.target] == Role.LINK
    chosen = np.flatnonzero(moving[channels.source] & moving[channels.target] & ~to_link)
    edges = np.linspace(start_ps, stop_ps, bins + 1)
    makers, readers = channels.source[chosen], channels.target[chosen]
    made = _passed(log, log.start, edges, makers)
    done = _passed(log, log.start + held(program, log.actor, log.firing), edges, readers)
    freed = _entries(program.curves, channels.release[chosen], done - 1) * (done > 0)
    bits = channels.token_bits[chosen][:, None] * (channels.initial[chosen][:, None] + made - freed)
    owner = actors.layer[channels.target[chosen]]
    present = np.unique(owner)
    where = np.searchsorted(present, owner)
    values = np.zeros((len(present), bins))
    np.add.at(values, where, np.maximum(bits[:, 1:], 0))
    room = np.bincount(where, weights=(channels.capacity * channels.token_bits)[chosen], minlength=len(present))
    names = tuple(program.labels.layers[layer] for layer in present.tolist())
    return Occupancy(Course(names, edges, values), room.astype(np.float64))


def _passed(log: FiringLog, when: Counts, edges: Reals, wanted: NDArray[np.integer]) -> Counts:
    """Firings of actors that have passed at each edge, those before the log included, shape ``(wanted, edges)``."""
    known, back = np.unique(wanted, return_inverse=True)
    place = np.full(int(max(log.actor.max(initial=0), wanted.max(initial=0))) + 1, -1, np.int64)
    place[known] = np.arange(len(known))
    row = place[log.actor]
    kept = np.flatnonzero(row >= 0)
    row, width = row[kept], len(edges) + 1
    cell = row * width + np.searchsorted(edges, when[kept], side="left")
    counts = np.bincount(cell, minlength=len(known) * width).reshape(len(known), width)[:, :-1].cumsum(axis=1)
    before = np.full(len(known), np.iinfo(np.int64).max)
    np.minimum.at(before, row, log.firing[kept])
    before[before == np.iinfo(np.int64).max] = 0
    return np.asarray((counts + before[:, None])[back], np.int64)


def _entries(series: Series, rows: NDArray[np.int64], firing: Counts) -> Counts:
    """Entries of curves, row by row, shape of ``firing``."""
    length = series.length[rows][:, None]
    place = series.start[rows][:, None] + firing % length
    return np.maximum(0, series.values[place] + firing // length * series.advance[rows][:, None])


def firing_power(trace: Trace, bill: Bill, start_ps: int, stop_ps: int, bins: int = 240) -> Course:
    """Dynamic power of each chip over time; a firing's energy is spent when it starts.

    Parameters
    ----------
    trace : Trace
        With a log that is whole in this window.
    bill : Bill
    start_ps, stop_ps : int
    bins : int

    Returns
    -------
    Course
        Watts; a row per chip.

    Raises
    ------
    MissingCost
        If something happened whose cost nobody has given.
    """
    log = trace.log
    assert log is not None
    energy = firing_energies(trace.program, bill)
    chip = np.maximum(trace.program.resources.chip[trace.program.actors.resource[log.actor]], 0)
    chips = int(trace.program.resources.chip.max(initial=0)) + 1
    edges = np.linspace(start_ps, stop_ps, bins + 1)
    here = (log.start >= start_ps) & (log.start <= stop_ps)
    place = np.minimum(np.searchsorted(edges, log.start[here], side="right") - 1, bins - 1)
    joules = np.bincount(chip[here] * bins + place, weights=energy[log.actor[here]], minlength=chips * bins)
    watts = joules.reshape(chips, bins) / np.diff(edges) * PS_PER_S
    return Course(tuple(f"chip {chip}" for chip in range(chips)), edges, np.asarray(watts, np.float64))


def firing_energies(program: Program, bill: Bill) -> Reals:
    """Joules of one firing of each actor, averaged over those of a sample, shape ``(actors,)``; with others' shares.

    Raises
    ------
    MissingCost
        If an action has no energy on the bill.
    """
    table, names = program.actions, program.labels.actions
    energies = np.zeros(len(names))
    for action in np.unique(table.action).tolist():
        component, verb = names[action].rsplit(".", 1)
        energies[action] = bill.component(component).energy_of(verb).value * bill.whole(component)
    joules = table.count * energies[table.action]
    return np.bincount(table.actor, weights=joules, minlength=len(program.actors)).astype(np.float64)
