"""Phases and conversions take as long as their bits make them: a slot per level, a step per bit or level."""

from pathlib import Path

import pytest

from archsim.accounting.peak import full_product
from archsim.chip import load_chip, resolved_yaml, sources
from archsim.cost import price
from archsim.errors import InputError
from archsim.machine import matrix_unit
from archsim.simulation import Settings, load_network, simulate
from tests.chips import analog_names

NS = 1000
SAR = ["tile.adc.kind=sar", "tile.adc.during_integration=false", "tile.adc.cost.model=survey"]


@pytest.mark.parametrize(("bits", "slots"), [(8, 128), (7, 64), (4, 8), (2, 2), (10, 512)])
def test_a_pulse_width_phase_has_a_slot_per_magnitude(bits: int, slots: int) -> None:
    chip = load_chip("pcm-mesh-14nm", [f"tile.input.bits={bits}"])
    # 1 ns per slot; the oscillators' last 2 ns come after it.
    assert chip.tile.input.phase_seconds == pytest.approx(slots * 1e-9)
    integrate, convert, _ = full_product(matrix_unit(chip))
    assert integrate.interval[0] == slots * NS
    assert convert.interval[0] == (slots + 2) * NS - 1


@pytest.mark.parametrize(
    ("preset", "bits", "nanoseconds"),
    [
        ("isaac", 4, 0.78 / 2),
        ("puma", 10, 1.25),
        ("reram-mesh-22nm", 6, 7.5),
        ("flash-mesh-40nm", 6, 64),
        ("flash-mesh-40nm", 9, 512),
        ("ibm-14nm-34tile", 4, 150 / 16),
        ("neurram", 6, 3600),
        ("photonic-mesh-7nm", 4, 0.2),
        ("pcm-mesh-14nm", 4, 2),
    ],
)
def test_a_conversion_takes_a_step_per_bit_or_per_level(preset: str, bits: int, nanoseconds: float) -> None:
    chip = load_chip(preset, [f"tile.adc.bits={bits}"])
    assert chip.tile.adc.conversion_seconds == pytest.approx(nanoseconds * 1e-9)


@pytest.mark.parametrize("preset", analog_names())
def test_presets_keep_their_times(preset: str) -> None:
    tile = load_chip(preset).tile
    assert tile.input.phase_seconds == tile.input.phase_time
    assert tile.adc.conversion_seconds == tile.adc.conversion_time


def test_a_faster_converter_makes_the_run_faster() -> None:
    network = load_network("digits-cnn")
    slow, fast = (
        simulate(network, "isaac", Settings(batch=4), overrides=["tile.input.phase_time=1 ns", f"tile.adc.bits={bits}"])
        for bits in (8, 4)
    )
    assert fast.trace.makespan < 0.75 * slow.trace.makespan


def test_a_time_holds_for_the_bits_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: pcm-mesh-14nm\ntile: {input: {bits: 6, phase_time: 40 ns}}\n", encoding="utf-8")
    assert load_chip(str(file)).tile.input.phase_seconds == pytest.approx(40e-9)
    assert load_chip(str(file), ["tile.input.bits=7"]).tile.input.phase_seconds == pytest.approx(80e-9)
    together = ["tile.input.phase_time=10 ns", "tile.input.bits=4"]
    for order in (together, together[::-1]):
        assert load_chip(str(file), order).tile.input.phase_seconds == pytest.approx(10e-9)


def test_a_file_may_say_the_bits_itself() -> None:
    given = ["tile.input.phase_time=10 ns", "tile.input.phase_bits=4"]
    assert load_chip("pcm-mesh-14nm", given).tile.input.phase_seconds == pytest.approx(160e-9)


def test_a_variant_that_changes_the_bits_alone_changes_the_time(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: isaac\ntile: {adc: {bits: 6}}\n", encoding="utf-8")
    assert load_chip(str(file)).tile.adc.conversion_seconds == pytest.approx(0.585e-9)


def test_another_kind_of_converter_takes_another_law() -> None:
    ramp = load_chip("isaac", ["tile.adc.kind=ramp", "tile.adc.cost.model=survey", "tile.adc.bits=9"])
    assert ramp.tile.adc.conversion_seconds == pytest.approx(1.56e-9)
    flash = load_chip("isaac", ["tile.adc.kind=flash", "tile.adc.cost.model=survey", "tile.adc.bits=9"])
    assert flash.tile.adc.conversion_seconds == pytest.approx(0.78e-9)
    assert load_chip("pcm-mesh-14nm", [*SAR, "tile.adc.bits=4"]).tile.adc.conversion_seconds == pytest.approx(1e-9)


@pytest.mark.parametrize(
    ("overrides", "lengths_ns"),
    [
        # 128 ns are 256 slots of half a nanosecond, for 8 bits.
        (["tile.input.bits_per_phase=4"], [8, 8]),
        # Four bits, and the three that are left.
        (["tile.input.bits=7", "tile.input.bits_per_phase=4"], [8, 4]),
        (["tile.input.bits_per_phase=3"], [4, 4, 2]),
        # A time that is given beside the bits of a phase is that of such a phase.
        (["tile.input.bits_per_phase=4", "tile.input.phase_time=30 ns"], [30, 30]),
        (["tile.input.bits_per_phase=3", "tile.input.phase_time=30 ns", "tile.input.sign_phases=2"], [30, 30, 15] * 2),
    ],
)
def test_pulse_widths_in_phases_have_the_slots_of_their_bits(overrides: list[str], lengths_ns: list[float]) -> None:
    drive = load_chip("pcm-mesh-14nm", overrides).tile.input
    assert drive.phase_lengths == pytest.approx([length * 1e-9 for length in lengths_ns])
    assert drive.phases == len(lengths_ns)


def test_phases_may_grow_with_the_weight_of_their_bits() -> None:
    grown = load_chip("reram-mesh-22nm", ["tile.input.phase_growth=2"]).tile.input
    first = grown.phase_seconds
    assert grown.phase_lengths == pytest.approx([first * 2**bit for bit in range(grown.bits)])


def test_cells_conduct_while_phases_last() -> None:
    """Two phases of four bits, 8 ns each, in place of 128 ns: an eighth of the charge at the same activity."""
    whole, parted = (
        price(load_chip("pcm-mesh-14nm", change)).component("array").energy_of("cell").value
        for change in ([], ["tile.input.bits_per_phase=4"])
    )
    assert parted / whole == pytest.approx(16 / 128)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["tile.adc.kind=sar"], "a sar converter counts during integration"),
        (["tile.adc.conversion_bits=8"], "does not depend on the bits"),
        (["tile.input.kind=voltage", "tile.input.phase_bits=8"], "do not lengthen with its bits"),
        (["tile.adc.bits=1000000000"], "1000000000 is not at most 24"),
    ],
)
def test_what_would_do_nothing_is_refused(overrides: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_chip("pcm-mesh-14nm", overrides)


def test_the_bits_are_written_and_listed(tmp_path: Path) -> None:
    file = tmp_path / "resolved.yaml"
    chip = load_chip("pcm-mesh-14nm", ["tile.input.bits=4"])
    file.write_text(resolved_yaml(chip), encoding="utf-8")
    assert load_chip(str(file)) == chip
    (listed,) = (one for one in sources("pcm-mesh-14nm") if one.path == "tile.input.phase_bits")
    assert (listed.value, listed.source) == ("8", "the bits where this time is given")
    name, _, line = listed.origin.rpartition(":")
    assert "phase_time: 128 ns" in Path(name).read_text(encoding="utf-8").splitlines()[int(line) - 1]
