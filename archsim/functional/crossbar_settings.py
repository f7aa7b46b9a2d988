"""From a chip's description to the settings of its arrays' numerics.

What a chip file does not say is left out, and off: IR drop, stuck cells and repeated writing (``array.imperfections``).
It cannot say noise of drivers and converters and column nonlinearity; ``dataclasses.replace`` adds them to the settings
that are returned. Weights are rounded to ``array.weight.bits``; an analog weight that gives none is a conductance of
any value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from archsim.chip import Chip
from archsim.chip.array import Array as CrossbarArray
from archsim.chip.array import Encoding, Imperfections, Weight, WireModel
from archsim.chip.periphery import Adc, InputDriver, InputKind
from archsim.errors import InputError
from archsim.functional.device_models import DeviceModel, device_model
from archsim.numeric import (
    AveragedWires,
    BitSliced,
    CalibratedRange,
    CalibratedScale,
    Codes,
    Conversion,
    CrossbarSettings,
    ExactWires,
    Faults,
    InputCircuit,
    LowFrequencyNoise,
    MeasuredCompensation,
    OutputCircuit,
    PerfectWires,
    Polarity,
    ProgramAndVerify,
    Programming,
    PulseWidth,
    ReadNoise,
    Scaling,
    SingleShot,
    Span,
    WireResistance,
    Wires,
)
from archsim.numeric.encodings import (
    BitSlices,
    DifferentialPair,
    OffsetCell,
    RedundantPairs,
    SharedReference,
    SignificancePairs,
)
from archsim.numeric.encodings import Encoding as CellEncoding

_POLARITY = {1: Polarity.TOGETHER, 2: Polarity.SPLIT_INPUTS, 4: Polarity.SPLIT_ALL}


class Compensation(StrEnum):
    """Digital drift compensation, from a reading of every array at the time of use."""

    NONE = "none"
    GLOBAL = "global"
    PER_COLUMN = "per-column"


@dataclass(frozen=True, slots=True)
class Ranges:
    """How the converters' ranges are taken from the calibration data.

    Parameters
    ----------
    input_percentile : float
        Of the magnitudes of an array's inputs that the full-scale input covers.
    adc_percentile : float
        Of the magnitudes of its columns' sums that the converters' range covers.
    """

    input_percentile: float = 100.0
    adc_percentile: float = 99.99


def crossbar_settings(
    chip: Chip, *, compensation: Compensation = Compensation.NONE, ranges: Ranges | None = None
) -> CrossbarSettings:
    """Settings of the crossbar numerics for a chip's arrays.

    Parameters
    ----------
    chip : Chip
    compensation : Compensation
        Of drift.
    ranges : Ranges, optional
        Calibration of the input and converter ranges.

    Raises
    ------
    InputError
        If the device, the encoding or the input has no model.
    """
    chosen = ranges or Ranges()
    tile = chip.analog
    model = device_model(tile.array.cell, tile.array.weight)
    return CrossbarSettings(
        encoding=_encoding(tile.array.weight, model),
        scaling=Scaling(Span.COLUMN, bits=_rounding(tile.array.weight)),
        device=model.device,
        programming=_programming(tile.array.imperfections),
        faults=Faults(tile.array.imperfections.stuck_low, tile.array.imperfections.stuck_high),
        read_noise=ReadNoise(low_frequency=LowFrequencyNoise.FRESH),
        wires=_wires(tile.array),
        inputs=_inputs(tile.input, chosen),
        outputs=_outputs(tile.adc, tile.input, tile.array.weight, chosen),
        compensation=_compensation(compensation, model),
    )


def _programming(flaws: Imperfections) -> Programming:
    if flaws.write_tolerance is None or flaws.write_attempts is None:
        return SingleShot()
    return ProgramAndVerify(flaws.write_tolerance, flaws.write_attempts)


def _wires(array: CrossbarArray) -> Wires:
    flaws = array.imperfections
    if flaws.row_resistance is None or flaws.column_resistance is None:
        return PerfectWires()
    if flaws.wires is WireModel.AVERAGED:
        return AveragedWires(flaws.column_resistance, array.cell.max_conductance)
    return ExactWires(WireResistance(flaws.row_resistance, flaws.column_resistance))


def _compensation(chosen: Compensation, model: DeviceModel) -> MeasuredCompensation | None:
    if chosen is Compensation.NONE:
        return None
    if model.device.relaxes:
        raise InputError(
            "the cells relax around their targets and do not drift, so that nothing can be compensated",
            where="drift compensation",
            remedy="Choose no compensation.",
        )
    return MeasuredCompensation(per_column=chosen is Compensation.PER_COLUMN)


def _rounding(weight: Weight) -> int | None:
    # Slices are made of whole bits: their encoding rounds.
    return weight.bits if weight.slices == 1 else None


def _encoding(weight: Weight, model: DeviceModel) -> CellEncoding:
    if weight.encoding is Encoding.DIFFERENTIAL:
        return _pairs(weight, model)
    if weight.encoding is Encoding.SHARED_REFERENCE:
        _refuse_slices(weight)
        _check_devices(weight, 1)
        return SharedReference()
    _check_devices(weight, weight.slices)
    return OffsetCell() if weight.slices == 1 else _slices(weight, offset=True)


def _pairs(weight: Weight, model: DeviceModel) -> CellEncoding:
    """Differential cells: a pair per slice, one pair, equal pairs side by side, or pairs of rising significance."""
    if weight.slices > 1:
        _check_devices(weight, 2 * weight.slices)
        return _slices(weight, offset=False)
    pairs = weight.devices // (2 * model.devices)
    _check_devices(weight, 2 * pairs * model.devices)
    if pairs == 1:
        return DifferentialPair()
    if weight.significance is None or weight.significance == 1:
        return RedundantPairs(pairs)
    return SignificancePairs(tuple(weight.significance**place for place in range(pairs)))


def _slices(weight: Weight, *, offset: bool) -> BitSlices:
    assert weight.bits is not None
    return BitSlices(weight.bits, weight.slices, offset=offset)


def _refuse_slices(weight: Weight) -> None:
    if weight.slices > 1:
        raise InputError(
            f"{weight.slices} slices against one reference have no numeric model",
            where="tile.array.weight.slices",
            remedy="Choose another encoding, or set slices to 1.",
        )


def _check_devices(weight: Weight, wanted: int) -> None:
    if weight.devices != wanted:
        raise InputError(
            f"{weight.devices} devices per weight have no numeric model with the encoding {weight.encoding} and "
            f"{weight.slices} slices",
            where="tile.array.weight.devices",
            remedy=f"Set it to {wanted}, or choose other slices or another encoding.",
        )


def _inputs(driver: InputDriver, ranges: Ranges) -> InputCircuit:
    if driver.sign_phases not in _POLARITY:
        raise InputError(
            f"{driver.sign_phases} phases by sign have no numeric model",
            where="tile.input.sign_phases",
            remedy="Write 1, 2 (signs of the inputs apart) or 4 (and those of the cells).",
        )
    if driver.bits < 2:
        raise InputError(
            "inputs of one bit, sign included, have no numeric model",
            where="tile.input.bits",
            remedy="Give at least 2 bits.",
        )
    whole = driver.kind is InputKind.VOLTAGE or driver.bits_per_phase is None
    return InputCircuit(
        bits=driver.bits,
        waveform=PulseWidth() if whole else BitSliced(driver.bits_per_phase or driver.bits),
        polarity=_POLARITY[driver.sign_phases],
        scale=CalibratedScale(ranges.input_percentile),
    )


def _outputs(adc: Adc, driver: InputDriver, weight: Weight, ranges: Ranges) -> OutputCircuit:
    # Where signs are applied one after the other, cells of one sign give sums of one sign.
    one_sign = driver.sign_phases == 4 or (driver.sign_phases == 2 and weight.encoding is Encoding.OFFSET)
    return OutputCircuit(
        bits=adc.bits,
        range=CalibratedRange(ranges.adc_percentile),
        codes=Codes.UNSIGNED if one_sign else Codes.SYMMETRIC,
        conversion=Conversion.PER_PHASE if adc.per_phase else Conversion.ACCUMULATED,
    )
