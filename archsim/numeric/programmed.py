"""From weights to a programmed array, and from a programmed array to its state at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from archsim.numeric.arrays import F32, F64, Array
from archsim.numeric.compensation import column_factors
from archsim.numeric.drive import Polarity
from archsim.numeric.encodings import Plane, all_planes, decode, partial_decode
from archsim.numeric.guards import elapsed, finite_matrix, require
from archsim.numeric.philox import normals
from archsim.numeric.programming import ProgrammedPlane, age_plane, cell_normals, program_plane
from archsim.numeric.scaling import scale_weights
from archsim.numeric.sense import FixedRange, FullRange
from archsim.numeric.settings import (
    Compensation,
    CrossbarSettings,
    LowFrequencyNoise,
    MeasuredCompensation,
    ReadNoise,
)
from archsim.numeric.state import Columns, Crossbar
from archsim.numeric.streams import Purpose, Stream, time_index
from archsim.numeric.wires import AveragedWires, ExactWires, row_positions, with_wires


@dataclass(frozen=True)
class ProgrammedArray:
    """Cells after programming, with all that is needed to know them at any later time.

    Parameters
    ----------
    settings, stream
        What it was made from.
    planes : tuple of ProgrammedPlane
        Cells, plane by plane in the encoding's order.
    scale, centre, offset : ndarray, shape (columns,)
        Digital factors and offsets.
    input_range : float or None
        Calibrated full-scale input.
    bounds : ndarray or None, shape (groups * columns,)
        Calibrated bounds of the conversions.
    """

    settings: CrossbarSettings
    stream: Stream
    planes: tuple[ProgrammedPlane, ...]
    scale: F64
    centre: F64
    offset: F64
    input_range: float | None = None
    bounds: F32 | None = None

    @property
    def attempts(self) -> float:
        """Mean programming attempts per cell."""
        cells = [plane.target_s.size for plane in self.planes]
        return float(np.average([plane.attempts for plane in self.planes], weights=cells))

    @property
    def unconverged(self) -> float:
        """Share of cells that closed-loop programming never accepted."""
        cells = [plane.target_s.size for plane in self.planes]
        return float(np.average([plane.unconverged for plane in self.planes], weights=cells))

    def conductances(self, time_s: float) -> tuple[F64, ...]:
        """Conductances of every plane at a time, in siemens, frozen 1/f noise included, wires not.

        Raises
        ------
        InputError
            If the time is negative or not finite, or the device model has no value for it.
        """
        time_s = elapsed(time_s)
        return tuple(self._plane_at(index, time_s) for index in range(len(self.planes)))

    def weights_at(self, time_s: float) -> F64:
        """Weights that the cells hold at a time, shape (rows, columns): ``conductances`` read back digitally."""
        device = self.settings.device
        span = device.g_max_s - device.g_min_s
        states = [(plane - device.g_min_s) / span for plane in self.conductances(time_s)]
        return self.scale * decode(self.settings.encoding, states) + self.centre

    def at(self, time_s: float) -> Crossbar:
        """The array at a time since programming, ready to multiply.

        Parameters
        ----------
        time_s : float
            Seconds, at least 0; the device model adds its own time of the first reading.

        Raises
        ------
        InputError
            If the time is negative or not finite, the device model has no value for it, or compensation needs a range
            that has not been calibrated.
        """
        time_s = elapsed(time_s)
        crossbar = assemble(self, time_s)
        how = self.settings.compensation
        if how is None:
            return _with_scale(crossbar, self.scale)
        now = column_factors(crossbar, how, time_s)
        return _with_scale(crossbar, self.scale * (self._reference / now))

    @cached_property
    def _reference(self) -> F64:
        """Compensation's reading just after programming."""
        how: Compensation | None = self.settings.compensation
        assert how is not None
        return column_factors(assemble(self, 0.0), how, 0.0) if isinstance(how, MeasuredCompensation) else np.ones(1)

    def _plane_at(self, index: int, time_s: float) -> F64:
        plane, device = self.planes[index], self.settings.device
        aged = age_plane(plane, device, self.stream, index, time_s)
        if self.settings.read_noise.low_frequency is not LowFrequencyNoise.FROZEN:
            return aged
        draws = cell_normals(self.stream, Purpose.LOW_FREQUENCY, aged, index, time_index(time_s))
        return device.bounded(aged + device.read_sigma(plane.programmed_s, aged, time_s) * draws)


def program(
    weights: F64 | F32, settings: CrossbarSettings, stream: Stream, *, offset: F64 | F32 | None = None
) -> ProgrammedArray:
    """Program a weight matrix into an array.

    Parameters
    ----------
    weights : ndarray, shape (rows, columns)
        Inputs times outputs; finite float32 or float64.
    settings : CrossbarSettings
        The array and its periphery.
    stream : Stream
        Randomness: seed and block.
    offset : ndarray or None, shape (columns,)
        Digital offset (a bias) that is added to the outputs.

    Raises
    ------
    InputError
        If weights or offset have a wrong shape or type or are not finite.
    """
    scaled = scale_weights(finite_matrix(weights, "weights"), settings.scaling)
    planes: list[ProgrammedPlane] = []
    for step in range(len(settings.encoding.steps)):
        planes += _program_step(step, scaled.normalised, planes, settings, stream)
    return ProgrammedArray(
        settings, stream, tuple(planes), scaled.scale, scaled.centre, _checked_offset(offset, weights.shape[1])
    )


def program_measured(conductances_s: tuple[F64, ...], like: ProgrammedArray) -> ProgrammedArray:
    """Put measured conductances in the place of programmed ones.

    Parameters
    ----------
    conductances_s : tuple of ndarray
        One per plane, in siemens, shapes as in ``like.planes``; drift starts from them.
    like : ProgrammedArray
        The array whose targets, scales, settings and randomness are kept; calibration is dropped.

    Raises
    ------
    InputError
        If a plane is missing, has a wrong shape or type, or holds values that are not finite.
    """
    require(
        len(conductances_s) == len(like.planes),
        f"hold {len(conductances_s)} planes of {len(like.planes)}",
        where="measured conductances",
        remedy="Give one matrix per plane of cells.",
    )
    planes = []
    for index, (given, plane) in enumerate(zip(conductances_s, like.planes, strict=True)):
        where = f"measured conductances, plane {index}"
        measured = finite_matrix(given, where)
        require(
            measured.shape == plane.target_s.shape,
            f"has the shape {measured.shape}, where {plane.target_s.shape} is wanted",
            where=where,
            remedy="Give one conductance per cell.",
        )
        planes.append(replace(plane, programmed_s=measured))
    return replace(like, planes=tuple(planes), input_range=None, bounds=None)


def _checked_offset(offset: F64 | F32 | None, columns: int) -> F64:
    if offset is None:
        return np.zeros(columns)
    checked = finite_matrix(np.asarray(offset)[None], "offset")[0]
    require(
        checked.shape == (columns,),
        f"has {checked.size} elements for {columns} columns",
        where="offset",
        remedy="Give one offset per column.",
    )
    return np.asarray(checked, np.float64)


def _program_step(
    step: int, wanted: F64, earlier: list[ProgrammedPlane], settings: CrossbarSettings, stream: Stream
) -> list[ProgrammedPlane]:
    device = settings.device
    span = device.g_max_s - device.g_min_s
    states = [(plane.programmed_s - device.g_min_s) / span for plane in earlier]
    held = partial_decode(settings.encoding, states) if states else np.zeros_like(wanted)
    return [
        program_plane(
            device.g_min_s + span * state,
            device,
            settings.programming,
            faults=settings.faults,
            stream=stream,
            plane=len(earlier) + index,
        )
        for index, state in enumerate(settings.encoding.states(step, wanted, held))
    ]


@dataclass(frozen=True, slots=True)
class _Group:
    """Planes that are converted together, with their coefficients, and the digital factor."""

    planes: tuple[tuple[int, Plane, float], ...]
    weight: float


def _groups(settings: CrossbarSettings) -> tuple[_Group, ...]:
    """Groups of the encoding; every plane is one of its own where the signs of cells are read apart."""
    planes = list(enumerate(all_planes(settings.encoding)))
    weights = settings.encoding.group_weights
    if settings.inputs.polarity is Polarity.SPLIT_ALL:
        return tuple(
            _Group(((index, plane, 1.0),), weights[plane.group] * plane.coefficient) for index, plane in planes
        )
    return tuple(
        _Group(tuple((index, plane, plane.coefficient) for index, plane in planes if plane.group == group), weight)
        for group, weight in enumerate(weights)
    )


def assemble(array: ProgrammedArray, time_s: float) -> Crossbar:
    """State at a time, without compensation."""
    settings, device = array.settings, array.settings.device
    span = device.g_max_s - device.g_min_s
    cells = [array._plane_at(index, time_s) for index in range(len(array.planes))]
    effective = with_wires(cells, settings.wires) if isinstance(settings.wires, ExactWires) else cells
    groups = _groups(settings)
    weights = _per_group(groups, [plane / span for plane in effective], len(array.scale))
    variance, shared = _variances(array, groups, cells, time_s)
    leak = device.g_min_s / span * sum(group.weight * sum(c for _, _, c in group.planes) for group in groups)
    return Crossbar(
        settings=settings,
        stream=array.stream,
        weights=weights.astype(np.float32),
        variance=variance,
        shared_variance=shared,
        averaged=_averaged(settings, weights),
        group_weights=tuple(group.weight for group in groups),
        zero=settings.encoding.zero + leak,
        scale=array.scale.astype(np.float32),
        centre=array.centre.astype(np.float32),
        offset=array.offset.astype(np.float32),
        circuits=_circuits(array, *weights.shape),
        input_range=array.input_range,
    )


def _per_group(groups: tuple[_Group, ...], states: list[F64], columns: int) -> F64:
    """Normalised weights of every group side by side, shape (rows, groups * columns)."""
    rows = states[0].shape[0]
    result = np.zeros((rows, len(groups), columns))
    for position, group in enumerate(groups):
        for index, _, coefficient in group.planes:
            result[:, position] += coefficient * states[index]
    return result.reshape(rows, -1)


def _averaged(settings: CrossbarSettings, weights: F64) -> tuple[Array, Array] | None:
    if not isinstance(settings.wires, AveragedWires):
        return None
    positioned = weights * row_positions(weights.shape[0])
    return np.abs(weights).astype(np.float32), positioned.astype(np.float32)


def _variances(
    array: ProgrammedArray, groups: tuple[_Group, ...], cells: list[F64], time_s: float
) -> tuple[F32 | None, F32 | None]:
    """Variance per vector of every weight, and of the shared columns; None where there is none.

    The wires' attenuation of noise is left out: it makes the noise a little smaller than this.
    """
    noise, device = array.settings.read_noise, array.settings.device
    if not noise.per_vector:
        return None, None
    span = device.g_max_s - device.g_min_s
    rows, columns = array.planes[0].target_s.shape[0], len(array.scale)
    own, shared = np.zeros((rows, len(groups), columns)), np.zeros((rows, len(groups)))
    for position, group in enumerate(groups):
        for index, plane, coefficient in group.planes:
            variance = coefficient**2 * _cell_variance(array, index, cells[index], time_s) / span**2
            if plane.shared and columns > 1:
                shared[:, position] += variance[:, 0]
            else:
                own[:, position] += variance
    weights = np.abs(_per_group(groups, [cell / span for cell in cells], columns))
    total = own.reshape(rows, -1) + noise.weight**2 + noise.proportional**2 * weights
    return total.astype(np.float32), shared.astype(np.float32) if shared.any() else None


def _cell_variance(array: ProgrammedArray, index: int, cells_s: F64, time_s: float) -> F64:
    """Variance per vector of the cells of one plane, in siemens squared."""
    noise: ReadNoise = array.settings.read_noise
    device = array.settings.device
    white = (noise.cell * (device.g_max_s - device.g_min_s)) ** 2
    if noise.low_frequency is not LowFrequencyNoise.FRESH:
        return np.full_like(cells_s, white)
    return device.read_sigma(array.planes[index].programmed_s, cells_s, time_s) ** 2 + white


def _circuits(array: ProgrammedArray, rows: int, width: int) -> Columns:
    """Column circuits of one array, drawn once."""
    circuit, stream = array.settings.outputs, array.stream
    bound = _bounds(array, rows, width)
    sigma = circuit.noise * (1 + circuit.noise_spread * normals(stream.key(Purpose.COLUMN_NOISE), (1, width))[0])
    bend, gain = np.zeros(width), 1.0
    if circuit.shape is not None:
        draws = normals(stream.key(Purpose.COLUMN_GAIN), (1, width))[0]
        reach = np.where(bound > 0, bound, 1.0)
        bend = np.abs(circuit.shape.nonlinearity / reach * (1 + circuit.shape.spread * draws))
        gain = float((1 + bend.mean() * circuit.shape.slope_calibration * reach.mean()) ** 2)
    return Columns(bound, bend.astype(np.float32), np.abs(sigma).astype(np.float32), gain)


def _bounds(array: ProgrammedArray, rows: int, width: int) -> F32:
    span = array.settings.outputs.range
    if isinstance(span, FixedRange):
        return np.full(width, span.bound, np.float32)
    if isinstance(span, FullRange):
        reach = [_reach(group, array.settings) for group in _groups(array.settings)]
        return np.repeat(np.array(reach, np.float32) * rows, len(array.scale))
    return np.zeros(width, np.float32) if array.bounds is None else array.bounds


def _reach(group: _Group, settings: CrossbarSettings) -> float:
    """Largest magnitude that one row can add to a group, in full-scale products; shared cells stay where they are."""
    device = settings.device
    span = device.g_max_s - device.g_min_s
    own = [coefficient for _, plane, coefficient in group.planes if not plane.shared]
    fixed = (
        sum(coefficient for _, plane, coefficient in group.planes if plane.shared)
        * (device.g_min_s + device.g_max_s)
        / 2
    )
    ends = [
        sum(c * (device.g_max_s if (c > 0) == upper else device.g_min_s) for c in own) + fixed
        for upper in (True, False)
    ]
    if not own:
        ends = [fixed]
    return max(abs(end) for end in ends) / span * settings.inputs.bound


def _with_scale(crossbar: Crossbar, scale: F64) -> Crossbar:
    """The state with its digital scale, quantised where the settings say so."""
    bits = crossbar.settings.scale_bits
    if bits is not None:
        step = np.abs(scale).max() / (2**bits - 1)
        scale = np.rint(scale / step) * step
    return replace(crossbar, scale=scale.astype(np.float32))
