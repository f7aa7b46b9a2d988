"""Cost models against the tables that their authors published, and against arithmetic done on those by hand."""

from __future__ import annotations

import warnings

import pytest

from archsim.cost import CostRangeWarning, Quote, quote

PJ, FJ, UM2, MM2 = 1e-12, 1e-15, 1e-12, 1e-6


def _ask(kind: str, settings: str) -> Quote:
    with warnings.catch_warnings():
        # Some tables go beyond their own fits.
        warnings.simplefilter("ignore", CostRangeWarning)
        return quote(kind, [settings])


def _energy(kind: str, settings: str, action: str) -> float:
    return dict(_ask(kind, settings).energy_j)[action].value


# Andrulis et al.'s regression, evaluated by hand: node, bits, pJ and um^2 at 100 MS/s, pJ and um^2 at 1 GS/s.
SURVEY = [
    (65, (4, 6, 8, 10), (3.50, 4.04, 6.49, 12.5), (9859, 10288, 11861, 14442), (3.50, 4.04, 6.49, 52.8), 33667),
    (45, (4, 6, 8, 10), (1.75, 2.02, 3.25, 6.28), (5564, 5806, 6694, 8151), (1.75, 2.02, 3.25, 26.5), 19001),
    (28, (4, 6, 8, 10), (0.719, 0.829, 1.333, 2.58), (2660, 2775, 3200, 3896), (0.719, 0.829, 1.333, 10.8), 9083),
    (14, (4, 6, 8, 10), (0.195, 0.225, 0.362, 0.700), (904, 944, 1088, 1325), (0.195, 0.225, 0.362, 2.95), 3089),
    (7, (4, 6, 8, 10), (0.053, 0.061, 0.098, 0.190), (307, 321, 370, 450), (0.053, 0.061, 0.098, 0.80), 1051),
]


@pytest.mark.parametrize(("node", "bits", "slow", "areas", "fast", "widest"), SURVEY)
def test_survey_table(
    node: int,
    bits: tuple[int, ...],
    slow: tuple[float, ...],
    areas: tuple[float, ...],
    fast: tuple[float, ...],
    widest: float,
) -> None:
    for index, b in enumerate(bits):
        common = f"node={node} nm,bits={b},leakage_share=0"
        at_100_ms = _ask("adc", f"{common},conversion_time=10 ns")
        assert dict(at_100_ms.energy_j)["conversion"].value / PJ == pytest.approx(slow[index], rel=0.01)
        assert at_100_ms.area_m2 is not None
        assert at_100_ms.area_m2.value / UM2 == pytest.approx(areas[index], rel=3e-3)
        assert _energy("adc", f"{common},conversion_time=1 ns", "conversion") / PJ == pytest.approx(
            fast[index], rel=0.01
        )
    widest_area = _ask("adc", f"node={node} nm,bits=10,conversion_time=1 ns").area_m2
    assert widest_area is not None and widest_area.value / UM2 == pytest.approx(widest, rel=1e-3)


@pytest.mark.parametrize(("bits", "picojoules"), [(4, 0.924), (6, 1.065), (8, 1.714), (10, 3.31), (12, 29.06)])
def test_survey_at_32_nm(bits: int, picojoules: float) -> None:
    energy = _energy("adc", f"node=32 nm,bits={bits},leakage_share=0,conversion_time=10 ns", "conversion")
    assert energy / PJ == pytest.approx(picojoules, rel=2e-3)


def test_survey_splits_a_fifth_off_as_leakage() -> None:
    # hwcomponents-adc: 80 % per conversion, 20 % of the power at full rate all the time; together the survey's energy.
    answer = _ask("adc", "node=14 nm,bits=8,conversion_time=10 ns")
    assert answer.leakage_w is not None
    per_conversion = dict(answer.energy_j)["conversion"].value + answer.leakage_w.value * 10e-9
    assert per_conversion / PJ == pytest.approx(0.362, rel=2e-3)


@pytest.mark.parametrize(
    ("settings", "femtojoules"),
    [
        ("node=22 nm,flavour=low-power,bits=5,column_resistance=10 kohm", 86),
        ("node=14 nm,flavour=low-power,bits=8,column_resistance=10 kohm", 101),
    ],
)
def test_neurosim_sar(settings: str, femtojoules: float) -> None:
    assert _energy("adc", f"model=neurosim,{settings}", "conversion") / FJ == pytest.approx(femtojoules, rel=6e-3)


@pytest.mark.parametrize(
    ("node", "per_bit", "offset"), [(130, 6.4806, 49.047), (22, 0.7213, 3.3041), (7, 0.2008, 0.6823)]
)
def test_neurosim_without_column_current(node: int, per_bit: float, offset: float) -> None:
    # At a gigaohm the column's own power vanishes and (p1 b + p0) uW x (b + 1) ns is left.
    energy = _energy("adc", f"model=neurosim,node={node} nm,bits=6,column_resistance=1 Gohm", "conversion")
    assert energy / FJ == pytest.approx((per_bit * 6 + offset) * 7, rel=1e-3)


def test_neurosim_warms_by_0_13_per_cent_a_kelvin() -> None:
    settings = "model=neurosim,node=22 nm,bits=6,column_resistance=10 kohm"
    cold, warm = (_energy("adc", f"{settings},temperature={t} K", "conversion") for t in (300, 400))
    assert warm / cold == pytest.approx(1.13)


@pytest.mark.parametrize(
    ("node", "supply", "factor"),
    [
        (32, 0.9, 0.654),
        (28, 0.9, 0.518),
        (20, 0.9, 0.287),
        (16, 0.8, 0.172),
        (14, 0.8, 0.138),
        (14, 0.7, 0.101),
        (7, 0.7, 0.068),
    ],
)
@pytest.mark.parametrize(
    ("settings", "action", "picojoules"),
    [
        ("element_format=int16,operations=add", "add", 0.05),
        ("element_format=int8,operations=add", "add", 0.03),
        ("element_format=int32,operations=add", "add", 0.1),
        ("element_format=int8,operations=multiply", "multiply", 0.2),
        ("element_format=int32,operations=multiply", "multiply", 3.1),
        ("element_format=fp16,operations=add", "add", 0.4),
        ("element_format=fp16,operations=multiply", "multiply", 1.1),
        ("element_format=fp32,operations=add", "add", 0.9),
        ("element_format=fp32,operations=multiply", "multiply", 3.7),
        # 8-bit product and 32-bit sum.
        ("format=int8,operations=mac", "mac", 0.3),
        ("format=fp32,operations=mac", "mac", 4.6),
    ],
)
def test_horowitz_at_45_nm_and_moved(
    settings: str, action: str, picojoules: float, node: int, supply: float, factor: float
) -> None:
    at_45 = _energy("unit", f"model=horowitz,node=45 nm,supply=0.9 V,{settings}", action)
    assert at_45 / PJ == pytest.approx(picojoules, rel=1e-9)
    moved = _energy("unit", f"model=horowitz,node={node} nm,supply={supply} V,{settings}", action)
    assert moved / at_45 == pytest.approx(factor, rel=8e-3)


def test_horowitz_memory() -> None:
    energy = _energy("buffer", "model=horowitz,node=45 nm,supply=0.9 V,capacity=8 kibibyte,width=64 bit", "read_bit")
    assert 64 * energy / PJ == pytest.approx(10)


@pytest.mark.parametrize(("kibibytes", "picojoules"), [(8, 3.29), (32, 6.57), (1024, 48.1)])
def test_cacti_runs_within_the_fits_stated_error(kibibytes: int, picojoules: float) -> None:
    energy = _energy("buffer", f"node=45 nm,capacity={kibibytes} kibibyte,width=64 bit,cell_type=hp", "read_bit")
    assert 64 * energy / PJ == pytest.approx(picojoules, rel=0.14)


@pytest.mark.parametrize(
    ("cells", "node", "width", "read", "write", "um2"),
    [
        ("hp", 45, 64, 16.78, 67.1, 0.44),
        ("hp", 32, 256, 7.35, 16.4, 0.217),
        ("hp", 22, 64, 4.63, 18.8, 0.104),
        ("lop", 45, 256, 7.76, 15.4, 0.428),
        ("lop", 22, 64, 2.88, 9.6, 0.104),
    ],
)
def test_cacti_coefficients_are_the_cost_of_one_kilobyte(
    cells: str, node: int, width: int, read: float, write: float, um2: float
) -> None:
    # S^a is 1 at 1 kB.
    answer = _ask("buffer", f"node={node} nm,capacity=1 kibibyte,width={width} bit,cell_type={cells}")
    energies = {action: figure.value / FJ for action, figure in answer.energy_j}
    assert energies == pytest.approx({"read_bit": read, "write_bit": write})
    assert answer.area_m2 is not None
    assert answer.area_m2.value / 8192 / UM2 == pytest.approx(um2)


@pytest.mark.parametrize(
    ("node", "width", "parts", "area_mm2"),
    [
        (45, 64, (1.68, 1.31, 1.07, 0.147, 0.52), 0.0319),
        (32, 64, (0.925, 0.720, 0.591, 0.081, 0.289), 0.0198),
        (22, 256, (1.75, 1.28, 1.07, 0.037, 0.552), 0.0446),
        (11, 256, (0.542, 0.385, 0.327, 0.011, 0.174), 0.0208),
    ],
)
def test_dsent_router_rows(node: int, width: int, parts: tuple[float, ...], area_mm2: float) -> None:
    answer = _ask("router", f"node={node} nm,width={width} bit")
    assert dict(answer.energy_j)["flit"].value / PJ == pytest.approx(sum(parts))
    assert answer.area_m2 is not None
    assert answer.area_m2.value / MM2 == pytest.approx(area_mm2)


def test_a_free_running_router_clock_is_static_power() -> None:
    # 0.52 pJ per cycle at 45 nm and 1 GHz is 0.52 mW.
    gated = _ask("router", "node=45 nm,width=64 bit")
    running = _ask("router", "node=45 nm,width=64 bit,clock_gated=false")
    assert gated.leakage_w is not None and running.leakage_w is not None
    assert running.leakage_w.value - gated.leakage_w.value == pytest.approx(0.52e-3)
    saved = dict(gated.energy_j)["flit"].value - dict(running.energy_j)["flit"].value
    assert saved / PJ == pytest.approx(0.52)


@pytest.mark.parametrize(
    ("node", "femtojoules", "tolerance"),
    [(45, 40.4, 1e-9), (32, 32.4, 1e-9), (22, 23.6, 1e-9), (11, 13.2, 1e-9), (28, 29, 0.01), (14, 16, 0.02)],
)
def test_dsent_wire(node: int, femtojoules: float, tolerance: float) -> None:
    energy = _energy("wire", f"node={node} nm,width=64 bit,length=1 mm", "bit_hop")
    assert energy / FJ == pytest.approx(femtojoules, rel=tolerance)


def test_wire_capacitance() -> None:
    # 0.2 fF/um x 1 mm x (1 V)^2, a quarter of the bits rising.
    energy = _energy("wire", "model=capacitance,node=45 nm,supply=1 V,width=64 bit,length=1 mm", "bit_hop")
    assert energy / FJ == pytest.approx(50)


@pytest.mark.parametrize(
    ("memory", "picojoules"),
    [("lpddr4", 8), ("lpddr-2012", 40), ("ddr3", 70), ("gddr5", 14), ("gddr6", 7.5), ("hbm2", 3.9), ("hbm3", 4.05)],
)
def test_dram_energy_per_bit(memory: str, picojoules: float) -> None:
    assert _energy("memory", f"model={memory},bandwidth=1 GB/s", "read_bit") / PJ == pytest.approx(picojoules)


def test_ibm_lpddr() -> None:
    answer = _ask("memory", "model=lpddr-ibm,bandwidth=5.332 GB/s")
    assert dict(answer.energy_j)["read_bit"].value * 5.332e9 * 8 == pytest.approx(0.2467)
    assert answer.leakage_w is not None and answer.leakage_w.value == pytest.approx(0.1297)
    assert answer.area_m2 is not None and answer.area_m2.value == 0


@pytest.mark.parametrize(
    ("settings", "picojoules"),
    [
        ("model=ucie-standard,rate=16 GHz", 0.5),
        ("model=ucie-standard,rate=32 GHz", 0.6),
        ("model=ucie-advanced,rate=16 GHz", 0.25),
        ("model=ucie-advanced,rate=32 GHz", 0.3),
        ("model=ucie-3d", 0.05),
        ("model=grs-package", 0.54),
        ("model=grs-board", 1.17),
        ("model=parallel-32nm", 1.4),
    ],
)
def test_chip_links(settings: str, picojoules: float) -> None:
    assert _energy("chip-link", f"{settings},bandwidth=100 Gbit/s", "bit") / PJ == pytest.approx(picojoules)


def test_ucie_shoreline() -> None:
    # 224 GB/s take one millimetre of a standard package's edge.
    area = _ask("chip-link", "model=ucie-standard,bandwidth=224 GB/s,depth=1 mm").area_m2
    assert area is not None and area.value / MM2 == pytest.approx(1)


@pytest.mark.parametrize(
    ("settings", "femtojoules"),
    [
        ("max_conductance=5 uS,read_voltage=0.2 V,phase_time=128 ns", 25.6),
        ("max_conductance=25 uS,read_voltage=0.2 V,phase_time=250 ns", 250),
    ],
)
def test_device_read(settings: str, femtojoules: float) -> None:
    common = "node=14 nm,rows=1,columns=1,devices=1,cell_area=1 um^2,phases=1,mean_activity=1,mean_conductance=1"
    assert _energy("array", f"{common},{settings}", "cell") / FJ == pytest.approx(femtojoules)


def test_word_line_is_one_charging_of_its_capacitance() -> None:
    # 256 cells of 1 um pitch: 256 x (0.1 fF + 0.2 fF) x (1 V)^2.
    energy = _energy(
        "array",
        "node=14 nm,rows=1,columns=256,devices=256,cell_area=1 um^2,phases=1,mean_activity=1,mean_conductance=1,"
        "max_conductance=5 uS,read_voltage=0.2 V,phase_time=128 ns,word_line_voltage=1 V",
        "row",
    )
    assert energy / FJ == pytest.approx(256 * 0.3)


@pytest.mark.parametrize(
    ("outlook", "ring_mw", "laser_mw", "dac_pj", "modulator_mw"),
    [
        ("conservative", 3.1, 1.94, 5.2, 11.3),
        ("moderate", 0.388, 0.0743, 2.6, 1.41),
        ("aggressive", 0.155, 0.0614, 0.325, 0.565),
    ],
)
def test_albireo(outlook: str, ring_mw: float, laser_mw: float, dac_pj: float, modulator_mw: float) -> None:
    array = _ask("array", f"model=photonic,outlook={outlook},rows=4,columns=3,devices=12")
    assert array.leakage_w is not None and array.area_m2 is not None
    assert array.leakage_w.value * 1e3 == pytest.approx(12 * ring_mw + 4 * laser_mw)
    assert array.area_m2.value / UM2 == pytest.approx(12 * 410 + 4 * 6153 + 2 * 3 * 1846)
    energy = _energy("driver", f"model=photonic,outlook={outlook},bits=8,phase_time=0.2 ns", "conversion")
    assert energy / PJ == pytest.approx(dac_pj + modulator_mw * 0.2)


def test_edram_sizes() -> None:
    small, large = (
        256 * _energy("buffer", f"model=puma-edram,node=32 nm,capacity={size} kibibyte", "read_bit") / PJ
        for size in (64, 128)
    )
    assert (small, large) == pytest.approx((17.2, 25.35))
    areas = [_ask("buffer", f"model=puma-edram,node=32 nm,capacity={size} kibibyte").area_m2 for size in (64, 128)]
    assert [area.value / MM2 for area in areas if area] == pytest.approx([0.086, 0.121])


def test_register_bits() -> None:
    answer = _ask("buffer", "model=register-file,node=40 nm,supply=0.9 V,capacity=1 bit")
    assert dict(answer.energy_j)["read_bit"].value / FJ == pytest.approx(9)
    assert answer.area_m2 is not None and answer.area_m2.value / UM2 == pytest.approx(5.98)


def test_logic_leakage_is_that_of_aladdins_units() -> None:
    # 2.4 + 80 + 0.0251 + 0.321 uW on 278 + 6350 + 71 + 495.5 um^2.
    leakage = _ask("other", "model=logic,node=40 nm,supply=0.9 V,logic_area=7194.5 um^2").leakage_w
    assert leakage is not None and leakage.value * 1e6 == pytest.approx(82.7461)
