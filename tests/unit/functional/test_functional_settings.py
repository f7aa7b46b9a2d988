"""From chip files to numeric settings."""

from __future__ import annotations

import pytest

from archsim.chip import load_chip
from archsim.errors import InputError
from archsim.functional import Compensation, Ranges, crossbar_settings
from archsim.numeric import (
    BitSliced,
    CalibratedRange,
    CalibratedScale,
    Codes,
    Conversion,
    MeasuredCompensation,
    Polarity,
    PulseWidth,
    Span,
)
from archsim.numeric.devices import (
    ONE_DEVICE,
    TWO_DEVICES,
    HermesDevice,
    IdealDevice,
    PcmDevice,
    SonosDevice,
    WanReramDevice,
)
from archsim.numeric.encodings import (
    BitSlices,
    DifferentialPair,
    OffsetCell,
    RedundantPairs,
    SharedReference,
    SignificancePairs,
)
from tests.chips import analog_names

PCM = "pcm-mesh-14nm"
MUSHROOM = "tile.array.cell.max_conductance=25 uS"


def test_the_default_chip() -> None:
    """Two HERMES devices per side are one cell of the two-device fit."""
    settings = crossbar_settings(load_chip(PCM))
    assert settings.device == HermesDevice(TWO_DEVICES)
    assert isinstance(settings.encoding, DifferentialPair)
    assert (settings.inputs.bits, settings.outputs.bits) == (8, 8)
    assert isinstance(settings.inputs.waveform, PulseWidth)
    assert settings.scaling.span is Span.COLUMN
    assert settings.outputs.codes is Codes.SYMMETRIC
    assert settings.compensation is None


def test_ranges_and_compensation() -> None:
    settings = crossbar_settings(load_chip(PCM), compensation=Compensation.PER_COLUMN, ranges=Ranges(99.0, 98.0))
    assert settings.compensation == MeasuredCompensation(per_column=True)
    assert settings.inputs.scale == CalibratedScale(99.0)
    assert settings.outputs.range == CalibratedRange(98.0)


def test_reram_does_not_drift() -> None:
    with pytest.raises(InputError, match="do not drift"):
        crossbar_settings(load_chip("reram-mesh-22nm"), compensation=Compensation.GLOBAL)


def test_bit_serial_inputs_converted_per_phase() -> None:
    settings = crossbar_settings(load_chip("reram-mesh-22nm"))
    assert settings.inputs.waveform == BitSliced(1)
    assert settings.outputs.conversion is Conversion.PER_PHASE
    assert isinstance(settings.device, WanReramDevice)


def test_pulse_widths_in_several_phases() -> None:
    settings = crossbar_settings(load_chip(PCM, ["tile.input.bits_per_phase=4"]))
    assert settings.inputs.waveform == BitSliced(4)


def test_signs_apart() -> None:
    settings = crossbar_settings(load_chip(PCM, ["tile.input.sign_phases=4"]))
    assert (settings.inputs.polarity, settings.outputs.codes) == (Polarity.SPLIT_ALL, Codes.UNSIGNED)


@pytest.mark.parametrize(
    ("changes", "encoding"),
    [
        (["devices=2", "significance=null"], DifferentialPair()),
        (["devices=4"], RedundantPairs(2)),
        (["devices=4", "significance=3"], SignificancePairs((1.0, 3.0))),
        (["devices=6", "significance=2"], SignificancePairs((1.0, 2.0, 4.0))),
        (["devices=4", "significance=null", "slices=2", "columns=2", "bits=8"], BitSlices(8, 2)),
        (["devices=1", "significance=null", "encoding=offset"], OffsetCell()),
        (["devices=4", "encoding=offset", "slices=4", "columns=4", "bits=8"], BitSlices(8, 4, offset=True)),
        (["devices=1", "significance=null", "encoding=shared-reference"], SharedReference()),
    ],
)
def test_encodings(changes: list[str], encoding: object) -> None:
    overrides = [MUSHROOM, *(f"tile.array.weight.{change}" for change in changes)]
    settings = crossbar_settings(load_chip(PCM, overrides))
    assert settings.encoding == encoding
    assert isinstance(settings.device, PcmDevice)
    assert settings.device.g_max_s == pytest.approx(25e-6)


def test_weights_are_rounded_to_the_bits_that_are_given() -> None:
    assert crossbar_settings(load_chip(PCM)).scaling.bits is None
    assert crossbar_settings(load_chip(PCM, ["tile.array.weight.bits=3"])).scaling.bits == 3
    # Slices are whole bits already.
    assert crossbar_settings(load_chip("isaac")).scaling.bits is None


@pytest.mark.parametrize(
    ("overrides", "device"),
    [
        (["tile.array.cell.device=ideal"], IdealDevice(g_max_s=10.35e-6)),
        (["tile.array.cell.device=pcm-hermes", "tile.array.weight.devices=2"], HermesDevice(ONE_DEVICE)),
        (["tile.array.weight.significance=3"], HermesDevice(ONE_DEVICE)),
        (["tile.array.cell.device=pcm-mushroom"], PcmDevice(g_max_s=10.35e-6)),
        (["tile.array.cell.device=flash"], SonosDevice(0.2, 0.2 * 10.35e-6)),
    ],
)
def test_devices(overrides: list[str], device: object) -> None:
    assert crossbar_settings(load_chip(PCM, overrides)).device == device


@pytest.mark.parametrize(
    ("overrides", "where"),
    [
        (["tile.array.cell.device=dram"], "tile.array.cell.device"),
        (["tile.array.cell.device=pcm-hermes", MUSHROOM], "tile.array.cell.max_conductance"),
        (["tile.array.weight.devices=3"], "tile.array.weight.devices"),
        (["tile.array.weight.encoding=offset"], "tile.array.weight.devices"),
        (["tile.input.sign_phases=3"], "tile.input.sign_phases"),
        (["tile.input.bits=1"], "tile.input.bits"),
    ],
)
def test_what_has_no_model_is_named(overrides: list[str], where: str) -> None:
    with pytest.raises(InputError) as caught:
        crossbar_settings(load_chip(PCM, overrides))
    assert caught.value.where == where
    assert caught.value.what
    assert caught.value.remedy


COMPUTED = {
    *("pcm-mesh-14nm", "hermes-core", "hermes-64core", "ibm-mesh-14nm", "ibm-14nm-34tile", "ibm-14nm-34tile-x5"),
    "pcm-cluster-22nm",
    *("rpu-training", "reram-training-22nm"),
    *("reram-mesh-22nm", "flash-mesh-40nm", "isaac", "puma", "neurram", "neurram-7out-5in", "neurram-10out-8in"),
}


@pytest.mark.parametrize("name", analog_names())
def test_every_chip_has_settings_or_says_why_not(name: str) -> None:
    chip = load_chip(name)
    if name in COMPUTED:
        assert crossbar_settings(chip).inputs.bits == chip.activation_bits
        return
    with pytest.raises(InputError) as caught:
        crossbar_settings(chip)
    assert caught.value.where.startswith("tile.")
