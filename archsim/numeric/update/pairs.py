"""One-sided pairs: one device takes all steps up, the other all steps down, W = g+ - g-; refreshed when they saturate.

Devices such as PCM can be raised in small steps but only be reset as a whole. A pair whose larger device is beyond the
upper threshold and whose smaller one is beyond the lower is read, both devices are reset, and the difference is written
to one of them by pulses: open loop, as many as it is steps (AIHWKIT's OneSidedUnitCell; Nandakumar et al., Front.
Neurosci. 2020), or one by one until it is reached (Burr et al., IEEE Trans. Electron Devices 62:3498, 2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.numeric.arrays import F32, Mask
from archsim.numeric.guards import at_least, require
from archsim.numeric.philox import normals
from archsim.numeric.streams import Purpose, Stream
from archsim.numeric.update.cells import Cells, sampled_cells
from archsim.numeric.update.coincidences import draw_counts
from archsim.numeric.update.decay import any_beyond
from archsim.numeric.update.device import PulsedDevice
from archsim.numeric.update.pulses import Pulses
from archsim.numeric.update.training import State, Updated, decayed, pulsed, reset, updated, written

u32 = np.uint32


@dataclass(frozen=True, slots=True)
class Refresh:
    """When and how pairs are refreshed.

    Parameters
    ----------
    upper, lower : float
        Thresholds of the larger and the smaller device, as shares of the nominal upper bound.
    slots : int
        Pulses at most by which the difference is written again.
    read_noise : float
        Standard deviation of the readings, in normalised weights.
    verified : bool
        Whether the device is read after each pulse, and pulsed no more once it has reached the difference; one that is
        farther from it then than without a pulse is reset again. Open loop, a device whose first steps are larger than
        its mean one ends far beyond it.
    """

    upper: float = 0.75
    lower: float = 0.25
    slots: int = 31
    read_noise: float = 0.0
    verified: bool = False

    def __post_init__(self) -> None:
        at_least(self.upper, 0.0, "upper threshold of a refresh")
        at_least(self.lower, 0.0, "lower threshold of a refresh")
        at_least(self.read_noise, 0.0, "read noise of a refresh")
        require(1 <= self.slots < 2**15, f"are {self.slots}", where="pulses of a refresh", remedy="Give 1 to 32767.")


@dataclass(frozen=True, slots=True, eq=False)
class PairCells:
    """Two arrays of devices."""

    plus: Cells
    minus: Cells
    refresh: Refresh


@dataclass(frozen=True, slots=True, eq=False)
class PairState:
    """Weights of both arrays.

    Parameters
    ----------
    plus, minus : State
    refreshed : int
        Pairs that were refreshed until now.
    """

    plus: State
    minus: State
    refreshed: int = 0

    @property
    def weights(self) -> F32:
        """W = g+ - g-."""
        return self.plus.weights - self.minus.weights


def sampled_pairs(device: PulsedDevice, shape: tuple[int, int], stream: Stream, refresh: Refresh) -> PairCells:
    """Draw the devices of all pairs."""
    plus, minus = (sampled_cells(device, shape, Stream(stream.seed, (*stream.block, side))) for side in (0, 1))
    return PairCells(plus, minus, refresh)


def written_pairs(cells: PairCells, weights: F32) -> PairState:
    """Pairs with given weights, each in one of its devices."""
    given = np.asarray(weights, np.float32)
    return PairState(written(cells.plus, np.maximum(given, 0)), written(cells.minus, np.maximum(-given, 0)))


def pulsed_pairs(cells: PairCells, state: PairState, counts: NDArray[np.integer]) -> PairState:
    """Steps by given numbers of pulses; negative ones raise the second device."""
    plus = pulsed(cells.plus, state.plus, np.maximum(counts, 0)).state
    minus = pulsed(cells.minus, state.minus, np.maximum(-counts, 0)).state
    return PairState(plus, minus, state.refreshed)


def updated_pairs(
    cells: PairCells, state: PairState, inputs: F32, gradients: F32, rate: float, how: Pulses
) -> tuple[PairState, tuple[Updated, Updated]]:
    """Steps towards W - rate x^T d, as ``updated``; both sides' updates are returned beside the state.

    Every device sees the trains of its row and column and takes only the steps of its own sign.
    """
    plus = updated(cells.plus, state.plus, inputs, gradients, rate, how, only_up=True)
    minus = updated(cells.minus, state.minus, inputs, gradients, -rate, how, only_up=True)
    return PairState(plus.state, minus.state, state.refreshed), (plus, minus)


def decayed_pairs(cells: PairCells, state: PairState) -> PairState:
    """The pairs a mini-batch later."""
    return PairState(decayed(cells.plus, state.plus), decayed(cells.minus, state.minus), state.refreshed)


def refreshed_pairs(cells: PairCells, state: PairState) -> PairState:
    """The pairs after those that need it have been refreshed."""
    read = _read(cells.plus, state.plus, cells.refresh), _read(cells.minus, state.minus, cells.refresh)
    bound = cells.plus.device.upper.mean
    thresholds = np.float32(cells.refresh.upper * bound), np.float32(cells.refresh.lower * bound)
    if not any_beyond(*read, *thresholds):
        return state
    needed = (np.maximum(*read) > thresholds[0]) & (np.minimum(*read) > thresholds[1])
    cleared = PairState(reset(cells.plus, state.plus, needed), reset(cells.minus, state.minus, needed))
    wanted = np.where(needed, read[0] - read[1], 0).astype(np.float32)
    if cells.refresh.verified:
        again = _reached(cells, cleared, wanted)
    else:
        counts = np.where(needed, _rewriting(cells, wanted, state.plus.changes), 0)
        again = pulsed_pairs(cells, cleared, counts)
    return PairState(again.plus, again.minus, state.refreshed + _count(needed))


def _reached(cells: PairCells, state: PairState, wanted: F32) -> PairState:
    """Pairs whose wanted differences were approached pulse by pulse, each read before the next."""
    for _ in range(cells.refresh.slots):
        read = _read(cells.plus, state.plus, cells.refresh), _read(cells.minus, state.minus, cells.refresh)
        counts = (read[0] < wanted).astype(np.int16) * (wanted > 0) - (read[1] < -wanted) * (wanted < 0)
        if not counts.any():
            break
        state = pulsed_pairs(cells, state, counts)
    made = _read(cells.plus, state.plus, cells.refresh) - _read(cells.minus, state.minus, cells.refresh)
    beyond = np.abs(made - wanted) > np.abs(wanted)
    beyond &= wanted != 0
    return PairState(reset(cells.plus, state.plus, beyond), reset(cells.minus, state.minus, beyond), state.refreshed)


def _count(chosen: Mask) -> int:
    return int(chosen.sum())


def _read(cells: Cells, side: State, refresh: Refresh) -> F32:
    if refresh.read_noise == 0:
        return side.weights
    draws = normals(cells.stream.key(Purpose.VERIFY), cells.shape, page=side.changes)
    return side.weights + np.float32(refresh.read_noise) * draws


def _rewriting(cells: PairCells, difference: F32, change: int) -> NDArray[np.int16]:
    """Pulses that write a difference: as many on average, drawn as trains of that many slots have them."""
    slots = cells.refresh.slots
    share = np.minimum(np.abs(difference) / (cells.plus.device.step * slots), 1.0).astype(np.float32)
    signs = np.sign(difference).astype(np.int8)
    counts = np.empty(difference.shape, np.int16)
    key = cells.plus.stream.key(Purpose.RESET, 1)
    for row in range(len(counts)):
        draws = u32(key[0]), u32(key[1]), u32(row), u32(0), u32(change & 0xFFFFFFFF)
        draw_counts(counts[row], np.float32(1), np.int8(1), share[row], signs[row], slots, draws)
    return counts
