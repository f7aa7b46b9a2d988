"""Converters, drivers and arrays: each formula at a point, by hand from the coefficients of its source."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log, log10, pi, sqrt

import pytest

from archsim.cost import Process
from archsim.cost.published import BitRule, Published, Reference, published
from tests.unit.cost.hand import (
    A14,
    A32,
    A40,
    A45,
    A65,
    E14,
    E32,
    E40,
    E45,
    E65,
    FJ,
    LEAK_40,
    PJ,
    UM2,
    ask,
    between,
    leaking,
    near,
)


@pytest.mark.parametrize(("bits", "rate"), [(8, 1e8), (5, 1e8), (12, 2e9)])
def test_the_survey_is_the_published_regression(bits: int, rate: float) -> None:
    merit = min(213.7806687 - 2.8719030 * log(rate), 128.3068287 + 3.2205114 * bits)
    ideal = 0.5 / 10 ** ((merit - 6.0206 * bits - 1.7609) / 10)
    picojoules = ideal * exp(26.0496216 - 1.4702022) * 32**1.8800369 / bits**2.8291256
    um2 = exp(1.3461916) * 32**0.9932795 * rate**0.1807154 * picojoules**0.2991243
    said = ask("adc", f"node=32 nm,bits={bits},conversion_time={1 / rate!r} s,leakage_share=0.3")
    assert said.energy == near({"conversion": 0.7 * picojoules * PJ})
    assert said.area == near(um2 * UM2)
    assert said.leakage == near(0.3 * picojoules * PJ * rate)


def test_the_survey_holds_below_four_bits() -> None:
    three, four = (ask("adc", f"node=32 nm,bits={bits}") for bits in (3, 4))
    assert (three.energy, three.area, three.leakage) == (four.energy, four.area, four.leakage)


def test_neurosim_at_its_own_node() -> None:
    # 5 kohm at 0.25 V are 10 kohm at the 0.5 V of the simulations; 22 nm high performance, six bits take 7 ns.
    said = ask("adc", "model=neurosim,node=22 nm,bits=6,column_resistance=5 kohm,read_voltage=0.25 V")
    microwatts = 0.7213 * 6 + 3.3041 + 1e6 * 0.084273 * exp(-2.311 * log10(10e3))
    assert said.energy == near({"conversion": microwatts * 1e-6 * 7e-9})
    assert said.latency == near(7e-9)
    assert said.leakage == 0


@pytest.mark.parametrize(("bits", "cells"), [(1, 269 + 209), (8, 1752)])
@pytest.mark.parametrize(
    ("node", "width", "height"),
    [(130, 7.6, 28), (22, 7.6, 28), (14, 11.142, 41.142), (10, 12.8, 33), (7, 16.2856, 34.285)],
)
def test_neurosim_counts_inverter_cells(bits: int, cells: int, node: int, width: float, height: float) -> None:
    said = ask("adc", f"model=neurosim,node={node} nm,bits={bits},column_resistance=10 kohm")
    assert said.area == near(cells * width * height * (node * 1e-9) ** 2)


def hermes_conversion() -> float:
    """What the other parts of HERMES's core leave of its product, per column, in joules."""
    # 256 x 256 weights of four devices of 10.35 uS at most, 13 % of that on average, at 0.2 V, 27 % of 128 ns.
    cells = 256**2 * 4 * 10.35e-6 * 0.13 * 0.2**2 * 128e-9 * 0.27
    # A row has 1024 gates and 256 columns of wire, four devices of 1.36 um^2 each; it swings by 0.8 V.
    rows = 256 * (1024 * 0.1 + 256 * 0.2 * sqrt(4 * 1.36)) * FJ * 0.8**2
    moved = E14 / E40
    drivers = 256 * (128 * 8 / 32 * 0.02947 + 8 * 0.009) * PJ * moved
    scales = 256 * ((0.2 + 0.05) * E14 / E45 + (8 + 8 + 16) * 0.009 * moved) * PJ
    # What leaks goes with the area at 40 nm, and with energy from there.
    lanes = 4 * (64 / 1024 * 6350 + 16 / 32 * 278 + (8 + 8 + 32) * 5.98)
    silicon = 256 * (8 / 32 * 71 + 8 * 5.98) + lanes + 256 * 1000 / (A14 / A40)
    leaked = silicon * UM2 * LEAK_40 * moved * 130e-9
    return (2 * 256**2 / 10.5e12 - cells - rows - drivers - scales - leaked) / 256


def test_an_oscillator_counts_two_to_the_bits() -> None:
    said = ask("adc", "model=oscillator,node=14 nm,bits=6,phase_time=200 ns")
    assert said.energy == near({"conversion": hermes_conversion() / 256 * 2**6})
    assert said.area == near(1000 * UM2 * 6 / 8)
    assert said.latency == near(200e-9)
    assert said.leakage == near(ask("other", f"model=logic,node=14 nm,logic_area={said.area!r} m^2").leakage)


def test_a_ramp_shares_its_ladder_and_counter() -> None:
    # Comparator from 65 nm; the rest is at home at 40 nm: two toggles of a 32-bit counter a step, 9 fJ per latch bit.
    said = ask("adc", "model=ramp,node=40 nm,supply=0.9 V,bits=6,shared_columns=16")
    step = 0.0417 * E40 / E65 + (0.291 + 2 * 0.25074 / 32) / 16
    assert said.energy == near({"conversion": (64 * step + 6 * 0.009) * PJ})
    um2 = 40 * A40 / A65 + 6 * 5.98 + (6 * 495.5 / 32 + 438 / 4) / 16
    assert said.area == near(um2 * UM2)
    assert said.leakage == near(um2 * UM2 * LEAK_40)


def test_a_ramps_parts_move_from_their_own_nodes() -> None:
    said = ask("adc", "model=ramp,node=65 nm,supply=1 V,bits=6,shared_columns=16")
    step = 0.0417 + (0.291 + 2 * 0.25074 / 32) / 16 * E65 / E40
    assert said.energy == near({"conversion": (64 * step + 6 * 0.009 * E65 / E40) * PJ})
    up = A65 / A40
    assert said.area == near((40 + (6 * 5.98 + (6 * 495.5 / 32 + 438 / 4) / 16) * up) * UM2)


@pytest.mark.parametrize(
    ("model", "bits", "picojoules", "um2", "milliwatts", "latency"),
    [
        ("newton", 9, 2.583, 1500, 0, None),
        ("newton", 10, 5.166, 3000, 0, None),
        ("newton", 7, 2.583 / 4, 1500 / 4, 0, None),
        ("forms", 4, 0.226, 284, 0, 1 / 2.1e9),
        ("puma", 8, 1.8 * 100 / 128, 1200, 0.2, 100e-9 / 128),
        ("puma", 6, 1.8 * 100 / 128 * 0.75, 900, 0.15, 100e-9 / 128),
        ("isaac", 8, 5 / 3, 1200, 0, 1 / 1.2e9),
        ("isaac", 3, 0.79, 361.04, 0, 1 / 1.2e9),
    ],
)
def test_published_converters_at_home(
    model: str, bits: int, picojoules: float, um2: float, milliwatts: float, latency: float | None
) -> None:
    said = ask("adc", f"model={model},node=32 nm,bits={bits}")
    assert said.energy == near({"conversion": picojoules * PJ})
    assert said.area == near(um2 * UM2)
    assert said.leakage == near(milliwatts * 1e-3)
    assert said.latency == (latency and near(latency))


def test_a_published_converter_moves_by_energy_and_area() -> None:
    said = ask("adc", "model=puma,node=45 nm,bits=4")
    assert said.energy == near({"conversion": 1.8 * 100 / 128 / 2 * PJ * E45 / E32})
    assert said.leakage == near(0.1e-3 * E45 / E32)
    assert said.area == near(600 * UM2 * A45 / A32)


def test_words_name_the_steps_that_were_taken_and_no_others() -> None:
    home, moved = (ask("adc", f"model=puma,node={node} nm,bits={bits}") for node, bits in ((32, 8), (45, 4)))
    assert home.words == {"conversion": "1.406 pJ"}
    assert moved.words == {
        "conversion": f"1.406 pJ x {E45 / E32:.4g} (32 nm 0.9 V to 45 nm 0.9 V) x 0.5 (bits: in proportion to the bits)"
    }


def test_isaacs_converter_continues_its_table_with_the_last_step() -> None:
    # Nine to ten bits cost a factor of 2.379 / 1.969; another bit costs as much again.
    said = ask("adc", "model=isaac,node=32 nm,bits=11")
    assert said.energy == near({"conversion": 2.379022742**2 / 1.969078145 * PJ})
    assert said.area == near(3002.008032**2 / 1827.911647 * UM2)


def test_neurrams_neuron_adds_its_steps() -> None:
    said = ask("adc", "model=neurram,node=130 nm,supply=1.8 V,bits=5,pulses=7")
    assert said.energy == near({"conversion": (1.2 + 7 * 0.25 + 16 * 0.3) * PJ})
    assert said.area == near((400 + 350 + 45) * UM2)
    assert said.latency == near(16 * 0.3e-6)
    assert said.leakage == 0


@pytest.mark.parametrize(
    ("model", "process", "picojoules", "um2"),
    [
        ("isaac", "node=32 nm", 0.01e-3 / 1024 * 100e-9 / PJ, 40 / 1024),
        ("puma", "node=32 nm", 9.7e-9 * 100e-9 / PJ, 0.039),
        ("neurram", "node=130 nm,supply=1.8 V", 1.2, 350),
        ("photonic", "outlook=conservative", 0.625, 2769),
        ("photonic", "outlook=moderate", 0.3125, 2769),
        ("photonic", "outlook=aggressive", 0.045, 2769),
    ],
)
def test_sample_and_holds(model: str, process: str, picojoules: float, um2: float) -> None:
    said = ask("sample-hold", f"model={model},{process}")
    assert said.energy == near({"sample": picojoules * PJ})
    assert said.area == near(um2 * UM2)
    assert said.leakage == 0


@pytest.mark.parametrize(("given", "ticks"), [("", 32), (",steps=10", 10)])
def test_a_pulse_width_driver_compares_at_every_tick(given: str, ticks: int) -> None:
    # Aladdin's 32-bit comparator takes 29.47 fJ and 71 um^2, a register bit 9 fJ and 5.98 um^2.
    said = ask("driver", f"model=pulse-width,node=40 nm,supply=0.9 V,bits=6{given}")
    assert said.energy == near({"conversion": (ticks * 6 / 32 * 0.02947 + 6 * 0.009) * PJ})
    assert said.area == near((6 / 32 * 71 + 6 * 5.98) * UM2)
    assert said.leakage == near((6 / 32 * 71 + 6 * 5.98) * UM2 * LEAK_40)


@pytest.mark.parametrize(
    ("model", "node", "bits", "picojoules", "um2", "microwatts"),
    [
        ("isaac", 32, 1, 0.390625, 0.166, 0),
        ("puma", 32, 3, 0.350625 * 4, 0.167 * 4, 0.390625 * 4),
        ("brahms", 40, 8, 0.291, 438, 0),
        ("timely", 65, 7, 0.0375 / 2, 120, 0),
    ],
)
def test_published_drivers_double_with_each_bit(
    model: str, node: int, bits: int, picojoules: float, um2: float, microwatts: float
) -> None:
    said = ask("driver", f"model={model},node={node} nm,bits={bits}")
    assert said.energy == near({"conversion": picojoules * PJ})
    assert said.area == near(um2 * UM2)
    assert said.leakage == near(microwatts * 1e-6)


def test_a_photonic_driver_doubles_its_converter_with_each_bit() -> None:
    said = ask("driver", "model=photonic,outlook=moderate,bits=10,phase_time=3 ns")
    assert said.energy == near({"conversion": (4 * 2.6 + 1.41 * 3) * PJ})
    assert said.area == near((15066 + 4 * 153) * UM2)
    assert (said.leakage, said.latency) == (0, 0.2e-9)


def test_a_photonic_array_draws_its_power_all_the_time() -> None:
    assert ask("array", "model=photonic,rows=4,columns=3,devices=12").energy == {"cell": 0, "row": 0}


ARRAY = "node=14 nm,supply=0.8 V,rows=4,columns=10,devices=80,cell_area=2 um^2,phases=3,mean_activity=0.4"
CONDUCTING = f"{ARRAY},max_conductance=20 uS,mean_conductance=0.25,read_voltage=0.3 V,phase_time=50 ns"


@pytest.mark.parametrize(
    ("amplitude", "duty"), [("false", 0.4), ("true", pi / 2 * 0.16), ("true,mean_square=0.2", 0.2)]
)
def test_a_cell_conducts_for_its_pulses(amplitude: str, duty: float) -> None:
    said = ask("array", f"{CONDUCTING},amplitude={amplitude}")
    assert said.energy["cell"] == near(5e-6 * 0.3**2 * 50e-9 * 3 * duty)
    assert said.area == near(80 * 2 * UM2)
    assert said.leakage == 0


def test_a_row_charges_its_line_and_its_share_of_the_bit_lines() -> None:
    # Two devices per crossing: 20 gates of 0.1 fF on a row; a crossing is 4 um^2, so 2 um of 0.2 fF/um per column.
    said = ask("array", f"{CONDUCTING},word_line_voltage=1.2 V,bit_line_swing=0.5 V")
    assert said.energy["row"] == near((20 * 0.1 + 10 * 2 * 0.2) * FJ * (1.2**2 + 0.5**2))
    plain = ask("array", f"{CONDUCTING},gate_capacitance=0.3 fF,wire_capacitance=0.1 nF/m")
    assert plain.energy["row"] == near((20 * 0.3 + 10 * 2 * 0.1) * FJ * 0.8**2)


def test_a_charge_cell_charges_its_capacitor() -> None:
    said = ask("array", f"model=charge,{ARRAY},unit_capacitance=3 fF,leakage_per_cell=2 nW/bit")
    assert said.energy["cell"] == near(3 * FJ * 0.8**2 * 3 * 0.4)
    assert said.area == near(80 * 2 * UM2)
    assert said.leakage == near(80 * 2e-9)


def test_a_charge_array_leaks_as_sram_cells_do() -> None:
    settings = "rows=64,columns=64,devices=4096,cell_area=1 um^2,phases=1,mean_activity=0.5,unit_capacitance=1 fF"
    said = ask("array", f"model=charge,node=45 nm,{settings}")
    assert said.leakage == near(leaking(4096 * 0.44, E45, A45))


def test_a_line_of_a_square_array_is_as_long_as_its_cells_are_wide() -> None:
    energy = ask("array", CONDUCTING.replace("cell_area=2", "cell_area=18") + ",gate_capacitance=0 fF").energy["row"]
    assert energy == near(10 * sqrt(18 * 2) * 0.2 * FJ * 0.8**2)


def test_neurosim_interpolates_powers_between_nodes() -> None:
    # p1 b + p0 and the column's current at 10 kohm, of 32 and 22 nm, low power; four bits take 5 ns.
    at_32 = 1.1294 * 4 + 8.8998 + 1e6 * 0.079449 * exp(-2.297 * 4)
    at_22 = 0.538 * 4 + 4.3753 + 1e6 * 0.072341 * exp(-2.303 * 4)
    said = ask("adc", "model=neurosim,node=28 nm,flavour=low-power,bits=4,column_resistance=10 kohm")
    assert said.energy["conversion"] == near(between(28, (32, at_32), (22, at_22)) * 1e-6 * 5e-9)


PART = Published(Reference(32), (("sample", 2.0),), 10.0, 1e-6, "published", "somewhere")


@pytest.mark.parametrize(
    ("record", "bits", "factor", "notes"),
    [
        (PART, None, 1, 0),
        (PART, 4, 1, 0),
        (replace(PART, bits=8, rule=BitRule.LINEAR), None, 1, 0),
        (replace(PART, bits=8, rule=BitRule.LINEAR), 8, 1, 0),
        (replace(PART, bits=8, rule=BitRule.LINEAR), 4, 0.5, 1),
        (replace(PART, bits=8, rule=BitRule.FIXED), 4, 1, 1),
        (replace(PART, bits=8, rule=BitRule.POWER), 11, 8, 1),
    ],
)
def test_bits_count_where_both_sides_name_them(record: Published, bits: int | None, factor: float, notes: int) -> None:
    said = published(record, Process(node=32e-9), bits)
    assert said.energy_j[0][1].value == near(2 * PJ * factor)
    assert said.area_m2 and said.area_m2.value == near(10 * UM2 * factor)
    assert said.leakage_w and said.leakage_w.value == near(1e-6 * factor)
    assert len(said.notes) == notes
