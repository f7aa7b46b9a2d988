"""One density of leakage for logic and SRAM, held against libraries and silicon that it was not made from.

What each figure is, from published tables and public repositories: standard cells of ASAP7 (OpenROAD's libraries, 25
C, low and regular threshold); Piton, 32 nm SOI, 389 mW of static power on 36 mm^2; Loihi, 14 nm, 104 mW per chip of 60
mm^2 with 33 MB of SRAM; SRAM of PULP's power models (GVSoC, 25 C), nW per 1,024 bits; PUMA's
router of 4 ports.
"""

from __future__ import annotations

import pytest

from archsim.accounting.router_room import router_room
from archsim.chip import load_chip
from archsim.cost import price, quote
from archsim.cost.leakage import density
from archsim.cost.scaling import Flavour, Point
from archsim.report.leakage import leakage_table
from archsim.simulation import Settings, simulate

NM, MW_MM2 = 1e-9, 1e3


@pytest.mark.parametrize(
    ("node", "supply", "flavour", "published", "within"),
    [
        (7, 0.7, "high-performance", 10.3, 0.2),
        (7, 0.7, "low-power", 1.08, 0.2),
        (32, 1.0, "high-performance", 10.8, 0.7),
    ],
)
def test_logic_leaks_as_libraries_and_chips_do(
    node: float, supply: float, flavour: Flavour, published: float, within: float
) -> None:
    # Piton's is static power over the whole die, of which cells cover some six tenths.
    assert density(Point(node * NM, supply, flavour)) / MW_MM2 == pytest.approx(published, rel=within)


@pytest.mark.parametrize(("node", "supply", "nanowatts"), [(22, 0.9, 128), (12, 0.8, 77), (7, 0.6, 51), (5, 0.6, 45)])
def test_low_power_cells_leak_as_sram_of_inference_chips(node: float, supply: float, nanowatts: float) -> None:
    asked = f"capacity=64 KiB,width=64 bit,cell_type=lop,node={node} nm,supply={supply} V"
    leakage = quote("buffer", [asked]).leakage_w
    assert leakage is not None
    assert 1 / 1.6 < leakage.value / (64 * 8192) * 1024 * 1e9 / nanowatts < 1.6


def test_a_chip_of_low_power_sram_leaks_less_than_loihi_draws() -> None:
    leakage = quote("buffer", ["capacity=1 MiB,width=64 bit,cell_type=lop,node=14 nm,supply=0.8 V"]).leakage_w
    assert leakage is not None
    assert 0.1 < 33 * leakage.value / 104e-3 < 1
    low, high = (density(Point(14 * NM, 0.8, flavour)) for flavour in ("low-power", "high-performance"))
    assert low < 104e-3 / 60e-6 < high


def test_a_router_leaks_as_the_logic_that_it_is_and_as_puma_has_it() -> None:
    answer = quote("router", ["node=32 nm,width=64 bit,supply=0.9 V"])
    assert answer.leakage_w is not None and answer.area_m2 is not None
    per_area = answer.leakage_w.value / answer.area_m2.value
    assert per_area == pytest.approx(density(Point(32 * NM, 0.9)))
    assert per_area / MW_MM2 == pytest.approx(0.41 / 0.047, rel=0.7)


def test_a_router_with_a_memory_pays_for_it() -> None:
    """Area, leakage and energy of 64 KiB beside 1.25 KiB of flits, each from the memory's own price."""
    common = "node=14 nm,supply=0.8 V,width=256 bit"
    plain, large = quote("router", [common]), quote("router", [f"{common},buffer=64 KiB"])
    memory = quote("buffer", [f"{common},capacity={64 * 8192 - 5 * 8 * 256} bit,cell_type=lop"])
    port = quote("buffer", [f"{common},capacity={64 * 8192 / 5} bit,cell_type=lop"])
    assert large.area_m2 and plain.area_m2 and memory.area_m2
    assert large.area_m2.value - plain.area_m2.value == pytest.approx(memory.area_m2.value)
    assert large.leakage_w and plain.leakage_w and memory.leakage_w
    assert large.leakage_w.value - plain.leakage_w.value == pytest.approx(memory.leakage_w.value)
    in_and_out = sum(figure.value for _, figure in port.energy_j) * 256
    assert dict(large.energy_j)["flit"].value > in_and_out
    assert dict(quote("router", [f"{common},buffer=1 KiB"]).energy_j) == dict(plain.energy_j)


def test_what_a_router_holds_is_what_it_is_priced_for() -> None:
    small = simulate("resnet18", "pcm-mesh-14nm", Settings(batch=1))
    assert 8 * 8192 < router_room(small.program) <= 64 * 8192
    tight = simulate("resnet18", "pcm-mesh-14nm", Settings(batch=1), overrides=["fabric.router_buffer=8 KiB"])
    assert router_room(tight.program) <= 8 * 8192
    assert not [note for note in tight.ledger.notes if note.startswith("routers:")]
    none = simulate("resnet18", "pcm-mesh-14nm", Settings(batch=1), overrides=["fabric.router_buffer=null"])
    (note,) = [note for note in none.ledger.notes if note.startswith("routers:")]
    assert "see fabric.router_buffer" in note
    least = simulate("resnet18", "pcm-mesh-14nm", Settings(batch=1), overrides=["fabric.router_buffer=1 KiB"])
    (note,) = [note for note in least.ledger.notes if note.startswith("routers:")]
    assert "more than the 1 KiB" in note


def test_every_part_of_the_default_chip_leaks_as_its_process_and_what_stands_out_is_named() -> None:
    chip = load_chip("pcm-mesh-14nm")
    assert set(leakage_table(chip, price(chip), ()).verdict) == {"as its process", "none", "no area"}
    odd = load_chip("pcm-mesh-14nm", ["fabric.cost.leakage=11.4 mW"])
    frame = leakage_table(odd, price(odd), ()).frame()
    assert frame[frame.verdict == "outlier"].component.tolist() == ["router"]
    row = frame[frame.component == "router"].iloc[0]
    assert row.relative == pytest.approx(11.4e-3 * 256 / row.area_m2 / density(Point(14 * NM, 0.8)))
