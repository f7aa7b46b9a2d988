"""Fabrics, links and memories: each formula at a point, by hand from the coefficients of its source."""

from __future__ import annotations

from math import sqrt

import pytest

from tests.unit.cost.hand import (
    A14,
    A32,
    A45,
    A65,
    E7,
    E14,
    E20,
    E32,
    E45,
    E65,
    FJ,
    MM2,
    PJ,
    STEP,
    UM2,
    ask,
    between,
    leaking,
    near,
    switching,
)

E22 = between(22, (32, E32), (20, E20))


def test_a_router_between_two_widths_is_their_geometric_mean() -> None:
    # 128 bit lie halfway between 64 and 256: buffers, crossbar with arbitration, clock, each by itself.
    buffers, passing = sqrt((1.68 + 1.31) * (6.61 + 5.07)), sqrt((1.07 + 0.147) * (4.23 + 0.147))
    said = ask("router", "node=45 nm,width=128 bit")
    assert said.energy == near({"flit": (buffers + passing + sqrt(0.52 * 1.66)) * PJ})
    mm2 = sqrt(0.0319 * 0.183)
    assert said.area == near(mm2 * MM2)
    # Silicon at the 1.0 V that DSENT ran at.
    assert said.leakage == near(leaking(mm2 * 1e6, switching(45, 1.0), A45))


def test_a_routers_energy_goes_with_the_square_of_the_supply_over_dsents() -> None:
    said = ask("router", "node=45 nm,width=64 bit,supply=1.1 V")
    assert said.energy == near({"flit": (1.68 + 1.31 + 1.07 + 0.147 + 0.52) * 1.21 * PJ})
    assert said.leakage == near(leaking(31900, switching(45, 1.1), A45))


def test_a_free_running_clock_goes_with_its_frequency() -> None:
    said = ask("router", "node=45 nm,width=64 bit,supply=1.1 V,clock=3 GHz,clock_gated=false")
    assert said.energy == near({"flit": (1.68 + 1.31 + 1.07 + 0.147) * 1.21 * PJ})
    assert said.leakage == near(leaking(31900, switching(45, 1.1), A45) + 3e9 * 0.52 * 1.21 * PJ)


def test_a_router_above_dsents_nodes_goes_on_with_stillmaker() -> None:
    said = ask("router", "node=65 nm,width=64 bit")
    assert said.energy == near({"flit": (1.68 + 1.31 + 1.07 + 0.147 + 0.52) * E65 / E45 * PJ})
    assert said.area == near(0.0319 * A65 / A45 * MM2)
    assert said.leakage == near(leaking(31900 * A65 / A45, switching(65, 1.0), A65))


def test_a_router_below_dsents_nodes_falls_with_the_root_and_the_node() -> None:
    # 11 nm lies between two of Stillmaker's nodes; below 7 nm energy goes with the root, area with the node.
    volts = between(11, (14, 0.8), (10, 0.75))
    at_11 = between(11, (14, switching(14, volts)), (10, switching(10, volts)))
    said = ask("router", "node=5.5 nm,width=64 bit")
    assert said.energy == near({"flit": (0.137 + 0.1 + 0.083 + 0.011 + 0.05) * E7 * sqrt(5.5 / 7) / at_11 * PJ})
    mm2 = 0.00335 * 0.059 * 5.5 / 7 / between(11, (14, 0.17), (10, 0.1))
    assert said.area == near(mm2 * MM2)
    assert said.leakage == near(leaking(mm2 * 1e6, switching(7, 0.6) * sqrt(5.5 / 7), 0.059 * 5.5 / 7))


def test_a_router_with_more_room_has_an_sram_at_each_port() -> None:
    """Five ports of 2 kB, 64 bit wide, of slow cells; DSENT's eight flits a port are counted already."""
    said = ask("router", "node=45 nm,width=64 bit,supply=1 V,buffer=10 KiB")
    moved = 64 * (8.97 * 2**0.573 + 34.4 * 2**0.426) * 1e-3
    assert said.energy == near({"flit": (moved + 1.07 + 0.147 + 0.52) * PJ})
    more = (10 * 8192 - 5 * 8 * 64) * 0.435
    assert said.area == near((31900 + more) * UM2)
    assert said.leakage == near(leaking(31900 + more * STEP, switching(45, 1.0), A45))
    exactly = ask("router", "node=45 nm,width=64 bit,supply=1 V,buffer=2560 bit")
    assert exactly == ask("router", "node=45 nm,width=64 bit,supply=1 V")


def test_beyond_its_nodes_dsents_supply_is_held() -> None:
    plain, more = (ask("wire", f"node=65 nm,width=64 bit,length=1 mm{supply}") for supply in ("", ",supply=1.2 V"))
    assert more.energy["bit_hop"] == near(plain.energy["bit_hop"] * 1.44)


def test_isaacs_router_goes_with_its_width() -> None:
    said = ask("router", "model=isaac,node=32 nm,width=64 bit")
    assert said.energy == near({"flit": 20.74 / 4 * PJ})
    assert (said.area, said.leakage) == (near(0.151 * MM2), 0)
    moved = ask("router", "model=isaac,node=45 nm,width=256 bit")
    assert moved.energy == near({"flit": 20.74 * PJ * E45 / E32})
    assert moved.area == near(0.151 * MM2 * A45 / A32)


def test_a_repeated_wire_goes_with_its_length() -> None:
    said = ask("wire", "node=32 nm,width=128 bit,length=3 mm,supply=0.99 V")
    assert said.energy == near({"bit_hop": 3 * 32.4 * 1.21 * FJ})
    # DSENT's repeaters leak 21.8 uW a millimetre where its router leaks 7.6 mW on 0.0198 mm^2.
    mm2 = 3 * 2 * 21.8e-3 / 7.6 * 0.0198
    assert said.leakage == near(leaking(mm2 * 1e6, switching(32, 0.99), A32))
    assert said.area == 0


@pytest.mark.parametrize(
    ("node", "microwatts", "router_mw", "router_mm2"), [(45, 27.7, 8.9, 0.0319), (22, 15.4, 6.5, 0.0077)]
)
def test_repeaters_leak_as_much_as_their_share_of_dsents_router(
    node: int, microwatts: float, router_mw: float, router_mm2: float
) -> None:
    said = ask("wire", f"node={node} nm,width=64 bit,length=1 mm,supply=0.9 V")
    silicon = microwatts * 1e-3 / router_mw * router_mm2 * MM2
    assert said.leakage == near(
        ask("other", f"model=logic,node={node} nm,supply=0.9 V,logic_area={silicon!r} m^2").leakage
    )


def test_beyond_dsents_nodes_its_density_is_held() -> None:
    # Repeaters at 65 nm: DSENT's leakage goes on with energy, its density of 45 nm stays.
    said = ask("wire", "node=65 nm,width=64 bit,length=1 mm,supply=1 V")
    silicon = 27.7e-3 * E65 / E45 / 8.9 * 0.0319 * MM2
    assert said.leakage == near(leaking(silicon / UM2, switching(65, 1.0), A65))


def test_a_bare_wire_charges_for_the_bits_that_rise() -> None:
    said = ask("wire", "model=capacitance,node=45 nm,supply=0.8 V,width=64 bit,length=3 mm,rising=0.5")
    assert said.energy == near({"bit_hop": 0.5 * 3000 * 0.2 * FJ * 0.64})
    assert (said.area, said.leakage) == (0, 0)


def test_ground_referenced_wires() -> None:
    said = ask("wire", "model=grs,node=28 nm,width=64 bit,length=3 mm")
    assert said.energy == near({"bit_hop": 510 * FJ})
    assert (said.area, said.leakage) == (0, 0)


def test_isaacs_bus_has_384_wires() -> None:
    said = ask("wire", "model=isaac-bus,node=32 nm,width=192 bit,length=3 mm")
    assert said.energy == near({"bit_hop": 54 * FJ})
    assert (said.area, said.leakage) == (near(0.045 * MM2), 0)
    moved = ask("wire", "model=isaac-bus,node=45 nm,width=384 bit,length=3 mm")
    assert moved.energy == near({"bit_hop": 54 * FJ * E45 / E32})
    assert moved.area == near(0.09 * MM2 * A45 / A32)


def test_ucie_takes_the_edge_that_its_bandwidth_needs() -> None:
    # 224 GB/s a millimetre: 448 GB/s take two, half a millimetre deep.
    said = ask("chip-link", "model=ucie-standard,bandwidth=448 GB/s,depth=0.5 mm")
    assert said.area == near(1 * MM2)
    assert (said.leakage, said.latency) == (0, 2e-9)
    assert ask("chip-link", "model=ucie-advanced,bandwidth=1.3 TB/s").area == near(1 * MM2)


def test_published_links_have_neither_area_nor_latency_nor_idle_power() -> None:
    said = ask("chip-link", "model=grs-board,bandwidth=1 GB/s")
    assert said.energy == near({"bit": 1.17 * PJ})
    assert (said.area, said.leakage, said.latency) == (None, 0, None)


def test_a_hypertransport_link_draws_its_power_all_the_time() -> None:
    said = ask("chip-link", "model=hypertransport,bandwidth=6.4 GB/s")
    assert (said.energy, said.latency) == ({"bit": 0}, 5e-9)
    assert (said.leakage, said.area) == (near(2.6), near(5.72 * MM2))


def test_dram_idles_at_the_share_of_ibms() -> None:
    said = ask("memory", "model=hbm2,bandwidth=100 GB/s")
    assert said.energy == near({"read_bit": 3.9 * PJ, "write_bit": 3.9 * PJ})
    assert said.leakage == near(3.9 * PJ * 8e11 * 0.1297 / 0.2467)
    assert said.area == 0
    assert ask("memory", "model=hbm2,bandwidth=100 GB/s,background=0.3 W").leakage == 0.3


@pytest.mark.parametrize(
    ("model", "home", "read", "write", "mm2", "watts", "energy_step", "area_step"),
    [
        ("isaac-edram", (32, 64), 20.45e3 / 256, 20.45e3 / 256, 0.083, 0, 4**0.78, 4),
        ("raaam-edram", (16, 128), 2641.92e3 / 1024, 2460, 0.1316, 381e-6, 4**0.78, 4),
        # PUMA's two sizes set its slopes: a doubling costs 25.35 over 17.2 and 0.121 over 0.086.
        ("puma-edram", (32, 64), 17.2e3 / 256, 17.2e3 / 256, 0.086, 0.46e-3, (25.35 / 17.2) ** 2, (0.121 / 0.086) ** 2),
    ],
)
def test_embedded_dram_grows_by_its_stated_steps(
    model: str, home: tuple[int, int], read: float, write: float, mm2: float, watts: float,
    energy_step: float, area_step: float,
) -> None:  # fmt: skip
    node, kibibytes = home
    at_home, larger = (ask("buffer", f"model={model},node={node} nm,capacity={kibibytes * n} KiB") for n in (1, 4))
    assert at_home.energy == near({"read_bit": read * FJ, "write_bit": write * FJ})
    assert (at_home.area, at_home.leakage) == (near(mm2 * MM2), near(watts))
    assert larger.energy == near({"read_bit": read * FJ * energy_step, "write_bit": write * FJ * energy_step})
    assert (larger.area, larger.leakage) == (near(mm2 * MM2 * area_step), near(4 * watts))
    assert at_home.latency == (2e-9 if model == "puma-edram" else None)


def test_embedded_dram_moves_by_energy_and_area() -> None:
    said = ask("buffer", "model=puma-edram,node=45 nm,capacity=64 KiB")
    assert said.energy["read_bit"] == near(17.2e3 / 256 * FJ * E45 / E32)
    assert (said.area, said.leakage) == (near(0.086 * MM2 * A45 / A32), near(0.46e-3 * E45 / E32))


HP = "cell_type=hp,supply=0.9 V"


def test_an_sram_is_a_power_law_of_its_capacity() -> None:
    # 45 nm, 64 bit wide, 16 kB: k S^a.
    said = ask("buffer", f"node=45 nm,{HP},capacity=16 KiB,width=64 bit")
    assert said.energy == near({"read_bit": 16.78 * 16**0.548 * FJ, "write_bit": 67.1 * 16**0.435 * FJ})
    assert said.latency == near(0.233e-9 * 16**0.386)
    assert said.area == near(0.44 * 16 * 8192 * UM2)
    assert said.leakage == near(leaking(0.44 * 16 * 8192, E45, A45))


def test_an_sram_between_two_widths_is_their_geometric_mean() -> None:
    said = ask("buffer", f"node=45 nm,{HP},capacity=1 KiB,width=128 bit")
    assert said.energy == near({"read_bit": sqrt(16.78 * 14.00) * FJ, "write_bit": sqrt(67.1 * 30.1) * FJ})
    assert said.latency == near(sqrt(0.233 * 0.124) * 1e-9)
    assert said.leakage == near(leaking(sqrt(0.44 * 0.42) * 8192, E45, A45))


@pytest.mark.parametrize(("width", "held"), [(8, 64), (512, 256)])
def test_widths_beyond_the_fit_are_held(width: int, held: int) -> None:
    beyond, at_end = (ask("buffer", f"node=45 nm,{HP},capacity=8 KiB,width={w} bit") for w in (width, held))
    assert (beyond.energy, beyond.area, beyond.latency) == (at_end.energy, at_end.area, at_end.latency)


def test_an_sram_below_22_nm_shrinks_by_stillmaker_and_by_bit_cells() -> None:
    # Time is held at 22 nm.
    said = ask("buffer", f"node=14 nm,{HP},capacity=1 KiB,width=64 bit")
    assert said.energy == near({"read_bit": 4.63 * E14 / E22 * FJ, "write_bit": 18.8 * E14 / E22 * FJ})
    assert said.area == near(between(14, (16, 0.1), (7, 0.0386)) * 8192 * UM2)
    assert said.latency == near(0.112e-9)
    assert said.leakage == near(leaking(between(14, (16, 0.1), (7, 0.0386)) * 8192, switching(14, 0.9), A14))


def test_bit_cells_between_22_and_16_nm() -> None:
    said = ask("buffer", f"node=18 nm,{HP},capacity=1 KiB,width=256 bit")
    assert said.area == near(between(18, (22, 0.101), (16, 0.1)) * 8192 * UM2)


def test_slow_cells_leak_by_a_step_of_the_threshold_less() -> None:
    said = ask("buffer", "node=32 nm,cell_type=lop,capacity=1 KiB,width=64 bit")
    assert said.leakage == near(STEP * leaking(0.221 * 8192, E32, A32))
    given = ask("buffer", "node=22 nm,capacity=1 KiB,width=64 bit,leakage_per_bit=3 nW/bit")
    assert given.leakage == near(3e-9 * 8192)


def test_low_power_logic_has_slow_cells() -> None:
    slow, fast = (
        ask("buffer", f"node=45 nm,capacity=1 KiB,width=64 bit,flavour={f}") for f in ("low-power", "high-performance")
    )
    assert (slow.energy["read_bit"], fast.energy["read_bit"]) == (near(8.97 * FJ), near(16.78 * FJ))


@pytest.mark.parametrize(
    ("kibibytes", "picojoules"),
    [(8, 10), (32, 20), (1024, 100), (16, sqrt(200)), (64, between(64, (32, 20), (1024, 100)))],
)
def test_horowitz_memory_by_size(kibibytes: int, picojoules: float) -> None:
    said = ask("buffer", f"model=horowitz,node=45 nm,{HP},capacity={kibibytes} KiB,width=64 bit")
    assert said.energy == near({"read_bit": picojoules / 64 * PJ, "write_bit": picojoules / 64 * PJ})
    cacti = ask("buffer", f"node=45 nm,{HP},capacity={kibibytes} KiB,width=64 bit")
    assert (said.area, said.leakage, said.latency) == (cacti.area, cacti.leakage, None)
    moved = ask("buffer", f"model=horowitz,node=32 nm,{HP},capacity={kibibytes} KiB,width=64 bit")
    assert moved.energy["read_bit"] == near(picojoules / 64 * PJ * E32 / E45)


def test_words_say_where_an_sram_leaves_its_fit() -> None:
    at_22, at_14 = (ask("buffer", f"node={node} nm,{HP},capacity=1 KiB,width=64 bit").words for node in (22, 14))
    assert at_22["read_bit"] == "k S^a = 4.63 fJ/bit at S = 1 kB, 64 bit wide, itrs-hp; fit error up to 33%"
    assert f"itrs-hp, 22 nm x {E14 / E22:.3g} (Stillmaker to 14 nm, optimistic); fit" in at_14["read_bit"]
