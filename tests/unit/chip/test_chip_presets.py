"""The chips that come with archsim: complete, sourced, and adding up to what was published of them."""

from pathlib import Path

import pytest

from archsim.chip import Chip, chip_names, load_chip, resolved_yaml, sources
from archsim.chip.spiking_tile import SpikingTile
from archsim.cost import Bill, price
from archsim.network import Primitive
from tests.chips import analog_names

NAMES = chip_names()


def total_area_mm2(bill: Bill) -> float:
    return sum(part.count * part.area_m2.value for part in bill.components) * 1e6


def total_leakage_w(bill: Bill) -> float:
    return sum(part.count * part.standing_w for part in bill.components)


def product_j(chip: Chip, bill: Bill) -> float:
    """Joules of a full product on one array, by counting its actions."""
    tile, array = chip.tile, chip.tile.array
    phases = tile.input.phases
    columns = array.columns * (phases if tile.adc.per_phase else 1)
    counts = {
        ("array", "cell"): array.logical_rows * array.logical_columns * array.weight.devices,
        ("array", "row"): array.rows * phases,
        ("driver", "conversion"): array.rows * phases,
        ("adc", "conversion"): columns,
        ("affine", "mac"): array.logical_columns,
        ("affine", "add"): columns - array.logical_columns,
    }
    if tile.adc.held:
        counts["sample-hold", "sample"] = columns
    return sum(count * bill.component(part).energy_of(action).value for (part, action), count in counts.items())


def arrays(chip: Chip) -> int:
    return chip.fabric.tile_count * chip.tile.arrays


def operations(chip: Chip) -> int:
    """Operations of one product on every array of a chip."""
    return 2 * chip.tile.array.logical_rows * chip.tile.array.logical_columns * arrays(chip)


# Every preset


@pytest.mark.parametrize("name", NAMES)
def test_reads_back_exactly(name: str, tmp_path: Path) -> None:
    chip = load_chip(name)
    file = tmp_path / "resolved.yaml"
    file.write_text(resolved_yaml(chip), encoding="utf-8")
    assert load_chip(str(file)) == chip


@pytest.mark.parametrize("name", NAMES)
def test_every_number_has_a_source(name: str) -> None:
    assert [source.path for source in sources(name) if source.is_number and not source.source] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_chip_can_be_at_both_ends_of_each_of_its_ranges(name: str) -> None:
    for one in sources(name):
        for end in filter(None, (one.low, one.high)):
            assert price(load_chip(name, (f"{one.path}={end}",))).components


@pytest.mark.parametrize("name", NAMES)
def test_says_what_is_assumed(name: str) -> None:
    assumed = [source for source in sources(name) if source.assumed]
    assert 0 < len(assumed) < len(sources(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_component_has_a_price(name: str) -> None:
    bill = price(load_chip(name))
    assert total_area_mm2(bill) > 0


@pytest.mark.parametrize("name", [name for name in NAMES if not isinstance(load_chip(name).tile, SpikingTile)])
def test_some_unit_can_do_each_operation(name: str) -> None:
    units = load_chip(name).units.values()
    assert any(all(operation in unit.operations for operation in Primitive) for unit in units)


@pytest.mark.parametrize("name", analog_names())
def test_the_affine_stage_keeps_up_with_the_array(name: str) -> None:
    chip = load_chip(name)
    tile = chip.tile
    operations_per_product = tile.array.columns * (tile.input.phases if tile.adc.per_phase else 1)
    shared = tile.adc.conversion_time * tile.adc.columns_per_adc
    product_s = tile.input.phases * max(tile.input.phase_time, shared)
    assert operations_per_product / (tile.affine.lanes * tile.affine.clock) <= product_s * 1.1


# Published sums


def test_isaac_adds_up_to_its_table() -> None:
    chip = load_chip("isaac")
    bill = price(chip)
    product_s = 16 * 100e-9
    power_w = total_leakage_w(bill) + product_j(chip, bill) * arrays(chip) / product_s
    assert total_area_mm2(bill) == pytest.approx(85.4, rel=0.005)
    assert power_w == pytest.approx(65.8, rel=0.005)
    assert operations(chip) / product_s / 1e12 == pytest.approx(41.3, rel=0.005)
    converters_w = 168 * 12 * 16e-3
    assert converters_w / power_w == pytest.approx(0.49, abs=0.01)


def test_isaac_converts_within_its_phase() -> None:
    tile = load_chip("isaac").tile
    assert tile.adc.columns_per_adc * tile.adc.conversion_time == pytest.approx(100e-9, rel=0.005)
    assert tile.adc.columns_per_adc * tile.adc.conversion_time <= tile.input.phase_time


def test_puma_adds_up_to_its_node() -> None:
    chip = load_chip("puma")
    bill = price(chip)
    product_s = 2304e-9
    tile = chip.tile
    converters = tile.array.columns // tile.adc.columns_per_adc
    unit_leakage_w = (
        converters * bill.component("adc").leakage_w.value + tile.array.rows * bill.component("driver").leakage_w.value
    )
    assert product_j(chip, bill) + unit_leakage_w * product_s == pytest.approx(43.97e-9, rel=0.005)
    # Everything at full activity: buffers move 256 bit per ns, units and routers work every cycle, links are full.
    moved_w = 138 * (bill.component("buffer").energy_of("read_bit").value * 256 / 1e-9)
    vector_w = 138 * 8 * 4 * bill.component("vfu").energy_of("add").value / 1e-9
    network_w = 35 * bill.component("router").energy_of("flit").value / 1e-9
    links_w = 4 * 51.2e9 * bill.component("chip-link").energy_of("bit").value
    matrix_w = product_j(chip, bill) * arrays(chip) / product_s
    power_w = matrix_w + moved_w + vector_w + network_w + links_w + total_leakage_w(bill)
    assert power_w == pytest.approx(62.5, rel=0.01)
    assert total_area_mm2(bill) == pytest.approx(90.6, rel=0.005)
    assert operations(chip) / product_s / 1e12 == pytest.approx(31.4, rel=0.005)


def test_puma_holds_its_weights() -> None:
    chip = load_chip("puma")
    assert operations(chip) // 2 * chip.tile.array.weight.bits / 8 / 2**20 == pytest.approx(69, rel=0.005)


# Published totals that inputs were derived from: these prove units and counting only


@pytest.mark.parametrize(("name", "tops", "tops_per_w"), [("hermes-core", 1.008, 10.5), ("hermes-64core", 63.1, 9.76)])
def test_hermes_identity(name: str, tops: float, tops_per_w: float) -> None:
    chip = load_chip(name)
    bill = price(chip)
    product_s = chip.tile.input.phase_time + chip.tile.adc.conversion_time
    power_w = total_leakage_w(bill) + product_j(chip, bill) * arrays(chip) / product_s
    assert operations(chip) / product_s / 1e12 == pytest.approx(tops, rel=0.002)
    assert operations(chip) / product_s / power_w / 1e12 == pytest.approx(tops_per_w, rel=0.005)


def test_hermes_core_area_identity() -> None:
    assert total_area_mm2(price(load_chip("hermes-core"))) == pytest.approx(0.634, rel=0.002)


def test_34_tile_chip_identity() -> None:
    chip = load_chip("ibm-14nm-34tile")
    assert product_j(chip, price(chip)) == pytest.approx(26.2e-9, rel=0.005)
    assert chip.tile.input.phase_time + chip.tile.adc.conversion_time == pytest.approx(300e-9)


def test_nature_2018_identity() -> None:
    chip = load_chip("nature2018-training")
    bill = price(chip)
    operations_per_j = operations(chip) / arrays(chip) / product_j(chip, bill)
    operations_per_s = operations(chip) / 80e-9
    assert operations_per_j / 1e9 == pytest.approx(28_065, rel=0.001)
    assert operations_per_s / 1e12 / total_area_mm2(bill) == pytest.approx(3.6, rel=0.005)


@pytest.mark.parametrize(
    ("name", "tops_per_w"),
    [("neurram-3out-1in", 43.1), ("neurram", 23.1), ("neurram-7out-5in", 11.0), ("neurram-10out-8in", 6.44)],
)
def test_neurram_energy_identity(name: str, tops_per_w: float) -> None:
    chip = load_chip(name)
    assert operations(chip) / arrays(chip) / product_j(chip, price(chip)) / 1e12 == pytest.approx(tops_per_w, rel=0.02)


# Predictions


@pytest.mark.parametrize(
    ("name", "tops"),
    [("neurram-3out-1in", 2.122), ("neurram", 1.165), ("neurram-7out-5in", 0.525), ("neurram-10out-8in", 0.264)],
)
def test_neurram_throughput_prediction(name: str, tops: float) -> None:
    chip = load_chip(name)
    product_s = chip.tile.input.phases * (chip.tile.input.phase_time + chip.tile.adc.conversion_time)
    assert operations(chip) / product_s / 1e12 == pytest.approx(tops, rel=0.08)
