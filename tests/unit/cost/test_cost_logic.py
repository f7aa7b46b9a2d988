"""Digital logic: affine units, digital units, clock trees: each formula at a point, by hand from its source."""

from __future__ import annotations

import pytest

from archsim.cost import quote
from tests.unit.cost.hand import (
    A32,
    A40,
    A45,
    E7,
    E14,
    E32,
    E40,
    E45,
    FJ,
    LEAK_40,
    MM2,
    PJ,
    STEP,
    UM2,
    ask,
    between,
    near,
)

AT_45, AT_40 = "node=45 nm,supply=0.9 V", "node=40 nm,supply=0.9 V"
# Horowitz's additions by width, and multiplications, in pJ at 45 nm; nine bits lie between eight and sixteen.
ADD_9, ADD_10, ADD_24 = (between(9, (8, 0.03), (16, 0.05)), between(10, (8, 0.03), (16, 0.05)),
                         between(24, (16, 0.05), (32, 0.1)))  # fmt: skip
MULTIPLY_16 = between(16, (8, 0.2), (32, 3.1))
REGISTER = 0.009 * E45 / E40  # Aladdin's bit, moved from 40 nm to 45 nm
TABLE_BIT_PJ = 16.78e-3 * 2**0.548  # CACTI, 45 nm, 64 bit wide: 2 kB


def test_an_affine_unit_multiplies_adds_and_keeps() -> None:
    # 16 x 4 bits have as many partial products as 8 x 8.
    said = ask("affine", f"{AT_45},lanes=4,sum_bits=24,input_bits=16,scale_bits=4")
    assert said.energy == near(
        {"mac": (0.2 + ADD_24 + (16 + 4 + 24) * REGISTER) * PJ, "add": (ADD_24 + 2 * 24 * REGISTER) * PJ}
    )


def test_an_affine_unit_is_lanes_of_multiplier_adder_and_registers() -> None:
    said = ask("affine", f"{AT_40},lanes=4,sum_bits=24,input_bits=16,scale_bits=4")
    um2 = 4 * (16 * 4 / 1024 * 6350 + 24 / 32 * 278 + (16 + 4 + 2 * 24) * 5.98)
    assert said.area == near(um2 * UM2)
    assert said.leakage == near(um2 * UM2 * LEAK_40)


@pytest.mark.parametrize("inputs", [5, 8])
def test_a_tree_of_eight_has_four_two_and_one_adders(inputs: int) -> None:
    said = ask("affine", f"model=adder-tree,{AT_45},lanes=3,inputs={inputs},input_bits=7")
    mean = (4 * 0.03 + 2 * ADD_9 + ADD_10) / 7
    assert said.energy == near({"mac": mean * PJ, "add": mean * PJ})
    larger = ask("affine", f"model=adder-tree,{AT_40},lanes=3,inputs={inputs},input_bits=7")
    assert larger.area == near(3 * (4 * 8 + 2 * 9 + 10) / 32 * 278 * UM2)
    assert larger.leakage == near(3 * (4 * 8 + 2 * 9 + 10) / 32 * 278 * UM2 * LEAK_40)


@pytest.mark.parametrize("inputs", [1, 2])
def test_the_smallest_tree_is_one_adder(inputs: int) -> None:
    assert ask("affine", f"model=adder-tree,{AT_45},lanes=1,inputs={inputs},input_bits=7").energy["add"] == near(
        0.03 * PJ
    )


@pytest.mark.parametrize(
    ("model", "process", "bits", "picojoules", "um2", "nanowatts"),
    [
        ("isaac", "node=32 nm", 16, 0.2 / 9.6, 60, 0),
        ("isaac", "node=32 nm", 8, 0.2 / 9.6 / 2, 30, 0),
        ("puma", "node=32 nm", 32, 0.1, 120, 0),
        ("neurram", "node=130 nm,supply=1.8 V", 24, 0.3, 510, 300),
    ],
)
def test_published_shift_and_adds(
    model: str, process: str, bits: int, picojoules: float, um2: float, nanowatts: float
) -> None:
    said = ask("affine", f"model={model},{process},sum_bits={bits},per_array=3")
    assert said.energy == near({"mac": picojoules * PJ, "add": picojoules * PJ})
    assert said.area == near(3 * um2 * UM2)
    assert said.leakage == near(3 * nanowatts * 1e-9)
    assert said.latency is None


EVERY = "operations=mac,add,multiply,compare,exp,divide,rsqrt,lookup,move"
ARITHMETIC = {
    "mac": 0.2 + 0.1,
    "add": 0.05,
    "compare": 0.05,
    "multiply": MULTIPLY_16,
    "exp": 16 * TABLE_BIT_PJ + MULTIPLY_16 + 0.05,
    "rsqrt": 16 * TABLE_BIT_PJ + MULTIPLY_16 + 0.05,
    "divide": 16 * TABLE_BIT_PJ + 2 * MULTIPLY_16 + 0.05,
    "lookup": 16 * TABLE_BIT_PJ,
    "move": 2 * 16 * REGISTER,
}
# Registers of operands and results: a product of two bytes into a 32-bit sum, then 16-bit words.
WORDS = {"add": 3, "compare": 3, "multiply": 3, "exp": 2, "rsqrt": 2, "divide": 3, "lookup": 2}


def test_arithmetic_of_every_operation() -> None:
    said = ask("unit", f"model=horowitz,{AT_45},{EVERY}")
    assert said.energy == near({name: picojoules * PJ for name, picojoules in ARITHMETIC.items()})


def test_a_datapath_adds_the_registers_of_every_operation() -> None:
    bits = {"mac": 8 + 8 + 32, **{name: 16 * words for name, words in WORDS.items()}, "move": 0}
    said = ask("unit", f"model=datapath,{AT_45},{EVERY}")
    assert said.energy == near({name: (ARITHMETIC[name] + bits[name] * REGISTER) * PJ for name in ARITHMETIC})


def test_floating_point_products_sum_into_32_bits() -> None:
    said = ask("unit", f"model=horowitz,{AT_45},format=fp16,element_format=fp32,operations=mac,add,multiply")
    assert said.energy == near({"mac": (1.1 + 0.9) * PJ, "add": 0.9 * PJ, "multiply": 3.7 * PJ})


# Square micrometres at 45 nm: Aladdin's multiplier, adder and register come from 40 nm, Horowitz's are at home.
UP = A45 / A40
BYTE_MULTIPLIER, WORD_MULTIPLIER = 64 / 1024 * 6350 * UP, 256 / 1024 * 6350 * UP
ADD_32, ADD_16 = 278 * UP, 278 / 2 * UP
TABLE = 0.44 * 2 * 8192


@pytest.mark.parametrize(
    ("operations", "um2"),
    [
        ("mac", BYTE_MULTIPLIER + ADD_32),
        ("mac:2.5", 3 * (BYTE_MULTIPLIER + ADD_32)),
        ("add", ADD_16),
        ("add:2,compare:3", 3 * ADD_16),
        ("multiply", WORD_MULTIPLIER + ADD_32),
        ("multiply,add", WORD_MULTIPLIER + ADD_32),
        ("multiply,add:3", WORD_MULTIPLIER + ADD_32 + 2 * ADD_16),
        ("exp:2,multiply", 2 * (WORD_MULTIPLIER + ADD_32) + 2 * TABLE),
        ("lookup", TABLE),
        ("move", 0.0),
        ("mac,exp", BYTE_MULTIPLIER + ADD_32 + WORD_MULTIPLIER + ADD_32 + TABLE),
    ],
)
def test_a_lane_holds_what_its_operations_share(operations: str, um2: float) -> None:
    said = ask("unit", f"model=horowitz,{AT_45},lanes=4,operations={operations}")
    assert said.area == near(4 * um2 * UM2)


@pytest.mark.parametrize(
    ("operations", "bits"), [("mac", 48), ("mac:2,add", 96), ("add", 48), ("exp", 32), ("move", 32), ("add:2", 96)]
)
def test_a_datapath_has_the_registers_of_its_widest_operation(operations: str, bits: int) -> None:
    bare, whole = (
        ask("unit", f"model={name},{AT_45},lanes=2,operations={operations}") for name in ("horowitz", "datapath")
    )
    assert whole.area is not None and bare.area is not None
    assert whole.area - bare.area == near(2 * bits * 5.98 * UP * UM2)


@pytest.mark.parametrize(
    ("format_", "operation", "um2"),
    [
        ("format=fp16", "mac", 1640 + 4184),
        ("format=fp32", "mac", 7700 + 4184),
        ("element_format=fp16", "add", 1360),
        ("element_format=fp32", "multiply", 7700 + 4184),
    ],
)
def test_areas_of_floating_point(format_: str, operation: str, um2: float) -> None:
    assert ask("unit", f"model=horowitz,{AT_45},{format_},operations={operation}").area == near(um2 * UM2)


def test_a_unit_leaks_by_its_area() -> None:
    said = ask("unit", f"model=datapath,{AT_40},operations=add")
    assert said.leakage == near((278 / 2 + 48 * 5.98) * UM2 * LEAK_40)


@pytest.mark.parametrize(
    ("node", "picojoules"),
    [(28, 0.55), (25, 0.55), (22, 0.55), (14, 0.365), (7, 0.245), (10, between(10, (14, 0.365), (7, 0.245)))],
)
def test_stillwaters_estimates(node: float, picojoules: float) -> None:
    said = ask("unit", f"model=stillwater,node={node} nm,operations=add,exp")
    assert said.energy == near({"add": picojoules * PJ, "exp": picojoules * PJ})
    assert said.area == near(ask("unit", f"model=datapath,node={node} nm,operations=add,exp").area)


def test_logic_moves_by_energy_over_area() -> None:
    # Leakage over area goes with energy over area.
    said = ask("other", "model=logic,node=32 nm,supply=0.9 V,logic_area=2 mm^2")
    assert said.area == near(2 * MM2)
    assert said.leakage == near(2 * MM2 * LEAK_40 * (E32 / E40) / (A32 / A40))


def test_logic_of_a_higher_threshold_leaks_less() -> None:
    said = ask("other", "model=logic,node=32 nm,supply=0.9 V,flavour=low-power,logic_area=2 mm^2")
    assert said.leakage == near(STEP * 2 * MM2 * LEAK_40 * (E32 / E40) / (A32 / A40))
    for flavour, named in (("low-power", True), ("high-performance", False)):
        leakage = quote("other", [f"model=logic,node=32 nm,flavour={flavour},logic_area=2 mm^2"]).leakage_w
        assert leakage is not None and ("ASAP7" in leakage.source) is named


def test_a_clock_tree_runs_as_dsents_router_of_64_bit() -> None:
    # 0.52 pJ per cycle on 0.0319 mm^2 at 45 nm and 1.0 V.
    said = ask("other", "model=clock-tree,node=45 nm,supply=1.1 V,clock=2 GHz,clocked_area=3 mm^2")
    assert said.leakage == near(0.52 * PJ / 0.0319 * 3 * 2e9 * 1.1**2)
    assert (said.energy, said.area) == ({}, 0)


@pytest.mark.parametrize(
    ("settings", "factor"),
    [
        ("node=14 nm,supply=0.8 V", E14 / E45),
        ("node=7 nm,supply=0.7 V", E7 / E45),
        ("node=32 nm,supply=0.7 V", (0.8367 * 0.49 - 0.4341 * 0.7 + 0.1701) / E45),
        # The low-power parabolas are another family, with their own 45 nm.
        (
            "node=14 nm,supply=0.8 V,flavour=low-power",
            (0.1556 * 0.64 - 0.06472 * 0.8 + 0.03066) / (1.103 * 0.81 - 0.362 * 0.9 + 0.2767),
        ),
        # Below its minimum at 0.267 V the 14 nm parabola would rise again.
        ("node=7 nm,supply=0.2 V", (0.02447 - 0.09097**2 / 4 / 0.1776) / E45),
        # Beyond the fit, energy goes with the root of the node.
        ("node=3.5 nm,supply=0.7 V", E7 / E45 * 0.5**0.5),
        ("node=360 nm,supply=1.8 V", (24.64 * 1.8 - 17.98) / E45 * 2**0.5),
    ],
)
def test_an_addition_moves_as_stillmaker_says(settings: str, factor: float) -> None:
    assert ask("unit", f"model=horowitz,{settings},operations=add").energy["add"] == near(0.05 * PJ * factor)


def test_register_files_are_flip_flops() -> None:
    said = ask("buffer", f"model=register-file,{AT_40},capacity=512 bit")
    assert said.energy == near({"read_bit": 9 * FJ, "write_bit": 9 * FJ})
    assert said.area == near(512 * 5.98 * UM2)
    assert said.leakage == near(512 * 5.98 * UM2 * LEAK_40)
