"""Weights on devices and what changes them: pulses, decay, resets; pure functions from a state to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archsim.numeric.arrays import F32, Mask
from archsim.numeric.chunks import side_by_side
from archsim.numeric.guards import finite_matrix, require
from archsim.numeric.philox import normals
from archsim.numeric.streams import Purpose
from archsim.numeric.update.cells import Cells
from archsim.numeric.update.coincidences import SLOTS, Trains, count_products, count_trains, draw_counts, draw_trains
from archsim.numeric.update.pulses import Counting, Encoded, Pulses, encoded
from archsim.numeric.update.steps import Counts, step_row

Counter = Callable[[int], Counts]
"""From a row to the pulses of its devices, shape (samples, columns)."""
u32 = np.uint32
_MASK = 0xFFFFFFFF
_ROWS = 32
"""Rows that a thread takes at a time."""


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
    clipped : float
        Share of the pulse probabilities that were cut at 1.
    """

    state: State
    up: int
    down: int
    slots: int
    clipped: float


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
    return _seen(cells, State(lasting, lasting), np.ones(cells.shape, bool))


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
    return _stepped(cells, state, lambda row: given[row], (0, 0.0))


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
    counter = _counter(cells, state, lines, how)
    chosen = _only_up(counter) if only_up else counter
    return _stepped(cells, state, chosen, (int(lines.lengths.sum()), lines.clipped))


def _only_up(counter: Counter) -> Counter:
    return lambda row: np.maximum(counter(row), 0)


def decayed(cells: Cells, state: State) -> State:
    """The weights a mini-batch later, without any pulse."""
    lasting, diffusion = state.lasting, cells.device.retention.diffusion
    if cells.kept is None and diffusion == 0:
        return state
    if cells.kept is not None:
        lasting = cells.rest + (lasting - cells.rest) * cells.kept
    if diffusion:
        key = cells.stream.key(Purpose.DIFFUSION)
        lasting = lasting + np.float32(diffusion) * normals(key, cells.shape, page=state.changes)
    # What is stuck stays: its bounds are one.
    lasting = np.clip(lasting, cells.lower, cells.upper)
    shown = state.weights + (lasting - state.lasting)
    return State(lasting, shown, state.changes + 1)


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
    return _seen(cells, replace(state, lasting=lasting, changes=state.changes + 1), chosen)


def _stepped(cells: Cells, state: State, counter: Counter, cost: tuple[int, float]) -> Updated:
    lasting = state.lasting.copy()
    key = _words(cells.stream.key(Purpose.PULSE))
    update = u32(state.changes & _MASK)
    kind = int(cells.device.law.kind)

    def band(first: int) -> tuple[int, int]:
        up, down = 0, 0
        for row in range(first, min(first + _ROWS, len(lasting))):
            own = step_row(lasting[row], counter(row), kind, cells.table[row], cells.shared, key, u32(row), update)
            up, down = up + own[0], down + own[1]
        return up, down

    steps = side_by_side(band, list(range(0, len(lasting), _ROWS)))
    after = replace(state, lasting=lasting, changes=state.changes + 1)
    up, down = sum(own[0] for own in steps), sum(own[1] for own in steps)
    return Updated(_seen(cells, after, lasting != state.lasting), up, down, *cost)


def _seen(cells: Cells, state: State, changed: Mask) -> State:
    """The state with the weights that products see; write noise is drawn anew for what has changed."""
    shown = state.lasting if cells.reference is None else state.lasting - cells.reference
    if cells.device.write_noise:
        draws = normals(cells.stream.key(Purpose.WRITE_NOISE), cells.shape, page=state.changes)
        noisy = shown + np.float32(cells.device.write_noise * cells.device.step) * draws
        shown = np.where(changed, noisy, state.weights)
    return replace(state, weights=np.asarray(shown, np.float32))


def _counter(cells: Cells, state: State, lines: Encoded, how: Pulses) -> Counter:
    """How the pulses of a row are counted."""
    update = u32(state.changes & _MASK)
    shape = lines.columns.shape
    if how.counting is Counting.TRAINS:
        rows = _trains(cells, lines.rows, lines, Purpose.ROW_TRAIN, update)
        columns = _trains(cells, lines.columns, lines, Purpose.COLUMN_TRAIN, update)

        def by_trains(row: int) -> Counts:
            counts = np.empty(shape, np.int16)
            count_trains(counts, rows[:, :, row], lines.row_signs[:, row], columns, lines.column_signs)
            return counts

        return by_trains
    key = _words(cells.stream.key(Purpose.ROW_TRAIN))

    def by_probability(row: int) -> Counts:
        counts = np.empty(shape, np.int16)
        given = counts, lines.rows[:, row], lines.row_signs[:, row], lines.columns, lines.column_signs, lines.lengths
        if how.counting is Counting.ROUNDED:
            count_products(*given)
        else:
            draw_counts(*given, (*key, u32(row), update))
        return counts

    return by_probability


def _trains(cells: Cells, probabilities: F32, lines: Encoded, purpose: Purpose, update: np.uint32) -> Trains:
    samples, count = probabilities.shape
    trains = np.empty((samples, -(-int(lines.lengths.max(initial=1)) // SLOTS), count), np.uint64)
    draw_trains(trains, probabilities, lines.lengths, _words(cells.stream.key(purpose)), update)
    return trains


def _words(key: tuple[int, int]) -> tuple[np.uint32, np.uint32]:
    return u32(key[0]), u32(key[1])
