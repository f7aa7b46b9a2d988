"""Weights on devices and what changes them: pulses, decay, resets; pure functions from a state to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archsim.numeric.arrays import F32, Integers, Mask
from archsim.numeric.chunks import side_by_side
from archsim.numeric.guards import finite_matrix, require
from archsim.numeric.philox import normals
from archsim.numeric.streams import Purpose
from archsim.numeric.update.bands import Table, step_drawn, step_given, step_products, step_trains
from archsim.numeric.update.cells import Cells
from archsim.numeric.update.coincidences import SLOTS, Trains, draw_trains, fired
from archsim.numeric.update.decay import decay
from archsim.numeric.update.pulses import Counting, Encoded, Pulses, encoded

Step = Callable[[F32, Integers, Table], tuple[int, int]]
"""Lets some rows take their pulses, in place; steps up and down."""
u32 = np.uint32
_MASK = 0xFFFFFFFF
_ROWS = 32
"""Rows that a thread takes at a time."""
_WORTHWHILE = 500_000
"""Devices times samples from which on threads are faster than none."""
_NOWHERE = np.empty((0, 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Weights of an array.

    Parameters
    ----------
    lasting : ndarray of float32, shape (rows, columns)
        Of the devices themselves.
    weights : ndarray of float32, shape (rows, columns)
        As the array's products see them: less the reference, with write noise.
    changes : int
        Updates, decays and resets until now; names the next one's draws.
    """

    lasting: F32
    weights: F32
    changes: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Updated:
    """What an update came to.

    Parameters
    ----------
    state : State
    up, down : int
        Steps of all devices.
    slots : int
        Slots of the pulse trains of all samples, one after the other: the time that they took.
    wanted, expressed : float
        Mean numbers of steps: that the rate asks for, and that the trains have (see ``Encoded``).
    """

    state: State
    up: int
    down: int
    slots: int
    wanted: float = 0.0
    expressed: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """Pulses that are to be taken.

    Parameters
    ----------
    rows : ndarray of int
        Those that get any.
    size : int
        Devices times samples that are looked at.
    step : Step
    """

    rows: Integers
    size: int
    step: Step


def written(cells: Cells, weights: F32) -> State:
    """The array with given weights, written exactly as far as the bounds allow.

    Raises
    ------
    InputError
        If the weights are of another shape, or not finite.
    """
    wanted = finite_matrix(weights, "weights")
    require(
        wanted.shape == cells.shape,
        f"have the shape {wanted.shape}, where {cells.shape} is wanted",
        where="weights",
        remedy="Give one weight per device.",
    )
    reference = 0.0 if cells.reference is None else cells.reference
    lasting = np.clip(wanted + reference, cells.lower, cells.upper).astype(np.float32)
    return _seen(cells, State(lasting, lasting), lambda: np.ones(cells.shape, bool))


def pulsed(cells: Cells, state: State, counts: NDArray[np.integer]) -> Updated:
    """Steps by given numbers of pulses.

    Parameters
    ----------
    cells : Cells
    state : State
    counts : ndarray of int, shape (rows, columns) or (rows, times, columns)
        Pulses of every device, negative ones down; those of several times follow each other.
    """
    given = np.ascontiguousarray(np.asarray(counts, np.int16).reshape(cells.shape[0], -1, cells.shape[1]))

    def step(lasting: F32, rows: Integers, table: Table) -> tuple[int, int]:
        return step_given(lasting, rows, given, table)

    work = Work(np.flatnonzero(given.any(axis=(1, 2))), given.size, step)
    return Updated(*_stepped(cells, state, work), slots=0)


def updated(
    cells: Cells, state: State, inputs: F32, gradients: F32, rate: float, how: Pulses, *, only_up: bool = False
) -> Updated:
    """Steps towards W - rate x^T d, sample by sample.

    Parameters
    ----------
    cells : Cells
    state : State
    inputs : ndarray, shape (samples, rows)
    gradients : ndarray, shape (samples, columns)
    rate : float
    how : Pulses
    only_up : bool
        Whether pulses down are left out: a device of a one-sided pair.

    Raises
    ------
    InputError
        If shapes do not fit, or a value is not finite.
    """
    lines = encoded(inputs, gradients, rate, cells.device.step, how)
    require(
        (lines.rows.shape[1], lines.columns.shape[1]) == cells.shape,
        f"are of {lines.rows.shape[1]} rows and {lines.columns.shape[1]} columns, where {cells.shape} are wanted",
        where="inputs and gradients of an update",
        remedy="Give one input per row and one gradient per column.",
    )
    active = np.flatnonzero((lines.rows > 0).any(axis=0))
    work = Work(active, *_stepper(cells, state, lines, how, only_up))
    made = _stepped(cells, state, work)
    return Updated(*made, int(lines.lengths.sum()), lines.wanted, lines.expressed)


def decayed(cells: Cells, state: State) -> State:
    """The weights a mini-batch later, without any pulse."""
    diffusion = cells.device.retention.diffusion
    if cells.kept is None and diffusion == 0:
        return state
    walk = _NOWHERE
    if diffusion:
        walk = np.float32(diffusion) * normals(cells.stream.key(Purpose.DIFFUSION), cells.shape, page=state.changes)
    kept = _NOWHERE if cells.kept is None else cells.kept
    # What is shown is another array only where it is another number: most devices have one array to go through.
    lasting, alone = np.empty_like(state.lasting), cells.reference is None and not cells.device.write_noise
    shown = _NOWHERE if alone else np.empty_like(state.weights)
    decay(lasting, shown, (state.lasting, state.weights), cells.table, cells.rest, kept, walk)
    return State(lasting, lasting if alone else shown, state.changes + 1)


def reset(cells: Cells, state: State, chosen: Mask) -> State:
    """The weights after a reset of some devices.

    Parameters
    ----------
    cells : Cells
    state : State
    chosen : ndarray of bool, shape (rows, columns)
    """
    noise = np.float32(cells.device.reset.noise)
    draws = normals(cells.stream.key(Purpose.RESET), cells.shape, page=state.changes)
    level = np.clip(cells.rest + noise * draws, cells.lower, cells.upper)
    lasting = np.where(chosen, level, state.lasting)
    return _seen(cells, replace(state, lasting=lasting, changes=state.changes + 1), lambda: chosen)


def _stepped(cells: Cells, state: State, work: Work) -> tuple[State, int, int]:
    """Steps of the rows that get pulses, up and down; what a row draws does not depend on the others."""
    lasting = state.lasting.copy()
    key = _words(cells.stream.key(Purpose.PULSE))
    table = int(cells.device.law.kind), cells.table, cells.shared, key, u32(state.changes & _MASK)
    bands = [work.rows[first : first + _ROWS] for first in range(0, len(work.rows), _ROWS)]
    steps = side_by_side(lambda rows: work.step(lasting, rows, table), bands, worthwhile=work.size >= _WORTHWHILE)
    after = replace(state, lasting=lasting, changes=state.changes + 1)
    up, down = sum(own[0] for own in steps), sum(own[1] for own in steps)
    return _seen(cells, after, lambda: lasting != state.lasting), up, down


def _seen(cells: Cells, state: State, changed: Callable[[], Mask]) -> State:
    """The state with the weights that products see; write noise is drawn anew for what has changed."""
    shown = state.lasting if cells.reference is None else state.lasting - cells.reference
    if cells.device.write_noise:
        draws = normals(cells.stream.key(Purpose.WRITE_NOISE), cells.shape, page=state.changes)
        noisy = shown + np.float32(cells.device.write_noise * cells.device.step) * draws
        shown = np.where(changed(), noisy, state.weights)
    return replace(state, weights=np.asarray(shown, np.float32))


def _stepper(cells: Cells, state: State, lines: Encoded, how: Pulses, only_up: bool) -> tuple[int, Step]:
    """How pulses are counted and stepped, and at how many devices of all samples one has to look."""
    update = u32(state.changes & _MASK)
    signs = lines.row_signs, lines.column_signs
    if how.counting is Counting.TRAINS:
        # A kernel goes along the samples of a row.
        rows = np.ascontiguousarray(_trains(cells, lines.rows, lines, Purpose.ROW_TRAIN, update).transpose(2, 0, 1))
        trains = rows, _trains(cells, lines.columns, lines, Purpose.COLUMN_TRAIN, update)
        columns = fired(trains[1], signs[1])
        size = int((rows.any(axis=2).sum(axis=0) * columns[1]).sum())
        return size, lambda lasting, band, table: step_trains(lasting, band, trains, signs, columns, only_up, table)
    given = (lines.rows, lines.columns), signs, lines.lengths
    size = lines.rows.size * lines.columns.shape[1]
    if how.counting is Counting.ROUNDED:
        return size, lambda lasting, band, table: step_products(lasting, band, *given, only_up, table)
    key = _words(cells.stream.key(Purpose.ROW_TRAIN))
    return size, lambda lasting, band, table: step_drawn(lasting, band, *given, key, only_up, table)


def _trains(cells: Cells, probabilities: F32, lines: Encoded, purpose: Purpose, update: np.uint32) -> Trains:
    samples, count = probabilities.shape
    trains = np.empty((samples, -(-int(lines.lengths.max(initial=1)) // SLOTS), count), np.uint64)
    draw_trains(trains, probabilities, lines.lengths, _words(cells.stream.key(purpose)), update)
    return trains


def _words(key: tuple[int, int]) -> tuple[np.uint32, np.uint32]:
    return u32(key[0]), u32(key[1])
