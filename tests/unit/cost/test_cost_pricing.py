"""Pricing a chip: which components there are, what replaces a model's numbers, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import pytest

from archsim.chip import Chip, load_chip
from archsim.chip.fabric import Fabric
from archsim.cost import Bill, Kind, models, price
from archsim.errors import InputError, MissingCost

ChipMaker = Callable[..., Chip]


def test_every_component_is_counted(make_chip: ChipMaker) -> None:
    counts = {component.name: component.count for component in price(make_chip()).components}
    tiles, arrays = 12, 24
    assert counts == {
        "array": arrays,
        "driver": arrays * 64,
        "adc": arrays * 32 // 8,
        "affine": arrays,
        "buffer": tiles,
        "core": 3 * (12 // 4),
        "core-buffer": 3 * (12 // 4),
        "router": 12,
        # 3 x 4 mesh: 3 rows of 3 links and 4 columns of 2, both ways.
        "wire": 2 * (3 * 3 + 4 * 2),
        "dram": 1,
        "chip-link": 4,
    }


def test_units_in_tiles_follow_the_tiles(make_chip: ChipMaker) -> None:
    chip = make_chip({"units.core.where": "tile", "units.core.every": 1, "fabric.tiles": 10})
    assert price(chip).component("core").count == 30
    assert price(chip).component("buffer").count == 10


def test_actions_are_those_of_the_contract(make_chip: ChipMaker) -> None:
    actions = {component.name: {name for name, _ in component.energy_j} for component in price(make_chip()).components}
    assert actions == {
        "array": {"cell", "row"},
        "driver": {"conversion"},
        "adc": {"conversion"},
        "affine": {"mac", "add"},
        "buffer": {"read_bit", "write_bit"},
        "core": {"mac", "exp"},
        "core-buffer": {"read_bit", "write_bit"},
        "router": {"flit"},
        "wire": {"bit_hop"},
        "dram": {"read_bit", "write_bit"},
        "chip-link": {"bit"},
    }


def test_every_figure_says_where_it_comes_from(make_chip: ChipMaker) -> None:
    for component in price(make_chip()).components:
        figures = (*(figure for _, figure in component.energy_j), component.area_m2, component.leakage_w)
        for figure in figures:
            assert figure.formula and figure.source, component.name
            assert figure.value >= 0, component.name


def test_nothing_on_the_small_chip_is_outside_a_fit(make_chip: ChipMaker) -> None:
    chip = make_chip({"tile.buffer.capacity": 524288.0, "tile.buffer.cost.parameters": {"width": "256 bit"}})
    assert price(chip).notes == ()


def test_the_default_preset_is_within_every_fit() -> None:
    bill = price(load_chip("pcm-mesh-14nm"))
    assert bill.notes == ()
    assert {"array", "adc", "router"} <= {component.name for component in bill.components}


def test_a_model_outside_its_fit_leaves_a_note_that_names_the_component(make_chip: ChipMaker) -> None:
    notes = price(make_chip({"tile.adc.bits": 3})).notes
    assert any(note.startswith("adc: bits") and "4 to 20" in note for note in notes)


def test_a_model_whose_every_figure_is_replaced_leaves_no_note(make_chip: ChipMaker) -> None:
    changes: dict[str, object] = {"technology.node": 5e-9, "tile.adc.cost.energy": {"conversion": 1e-12}}
    some = price(make_chip(changes)).notes
    every = price(make_chip({**changes, "tile.adc.cost.area": 1e-10, "tile.adc.cost.leakage": 0.0})).notes
    assert any(note.startswith("adc: ") for note in some)
    assert not any(note.startswith("adc: ") for note in every)


def test_a_memory_beside_the_chip_needs_no_area_to_be_replaced(make_chip: ChipMaker) -> None:
    given = {"energy": {"read_bit": 1e-12, "write_bit": 1e-12}, "leakage": 0.1, "model": "lpddr-ibm"}
    hbm = {"memory.dram.kind": "hbm"}
    assert any(note.startswith("dram: ") for note in price(make_chip(hbm)).notes)
    assert not any(note.startswith("dram: ") for note in price(make_chip({**hbm, "memory.dram.cost": given})).notes)


def test_every_action_must_be_given_to_replace_a_model(make_chip: ChipMaker) -> None:
    some = {"energy": {"mac": 1e-12}, "area": 1e-9, "leakage": 0.0, "model": "datapath"}
    notes = price(make_chip({"technology.node": 5e-9, "units.core.cost": some})).notes
    assert any(note.startswith("core: ") for note in notes)


def test_given_numbers_replace_the_models(make_chip: ChipMaker) -> None:
    cost = {
        "model": "survey",
        "energy": {"conversion": 5e-12},
        "area": 2e-9,
        "leakage": 1e-6,
        "parameters": {"source": "our test chip"},
    }
    adc = price(make_chip({"tile.adc.cost": cost})).component("adc")
    for figure, value in ((adc.energy_of("conversion"), 5e-12), (adc.area_m2, 2e-9), (adc.leakage_w, 1e-6)):
        assert (figure.value, figure.formula, figure.source) == (value, "given", "our test chip")


def test_a_given_number_without_a_source_points_to_the_chip_file(make_chip: ChipMaker) -> None:
    adc = price(make_chip({"tile.adc.cost": {"model": "survey", "area": 2e-9}})).component("adc")
    assert adc.area_m2.source == "chip 'small', tile.adc.cost"
    assert adc.energy_of("conversion").formula != "given"


def test_numbers_alone_are_enough(make_chip: ChipMaker) -> None:
    cost = {"energy": {"flit": 3e-12}, "area": 1e-8, "leakage": 0.0}
    router = price(make_chip({"fabric.cost": cost})).component("router")
    assert router.energy_of("flit").value == 3e-12


def test_an_action_without_a_number_is_missed_when_it_is_asked_for(make_chip: ChipMaker) -> None:
    cost = {"energy": {"mac": 1e-13}, "area": 1e-9, "leakage": 0.0}
    core = price(make_chip({"units.core.cost": cost})).component("core")
    with pytest.raises(MissingCost, match=r"core\.exp"):
        core.energy_of("exp")


def test_no_model_and_no_numbers(make_chip: ChipMaker) -> None:
    with pytest.raises(MissingCost) as caught:
        price(make_chip({"tile.adc.cost": {}}))
    assert "adc.conversion" in caught.value.what
    assert "tile.adc.cost" in caught.value.where
    assert "conversion" in caught.value.remedy


def test_parameters_without_a_model(make_chip: ChipMaker) -> None:
    cost = {"energy": {"flit": 3e-12}, "area": 1e-8, "leakage": 0.0, "parameters": {"ports": 5.0}}
    with pytest.raises(InputError, match="no model that reads them"):
        price(make_chip({"fabric.cost": cost}))


@pytest.mark.parametrize("quantity", ["area", "leakage"])
def test_energy_without_area_or_leakage(make_chip: ChipMaker, quantity: str) -> None:
    cost = {"energy": {"flit": 3e-12}, "area": 1e-8, "leakage": 0.0}
    del cost[quantity]
    with pytest.raises(MissingCost, match=f"{quantity} of router"):
        price(make_chip({"fabric.cost": cost}))


def test_a_link_whose_area_nobody_published(make_chip: ChipMaker) -> None:
    with pytest.raises(MissingCost, match="area of chip-link"):
        price(make_chip({"system.link.cost": {"model": "grs-package"}}))
    given = price(make_chip({"system.link.cost": {"model": "grs-package", "area": 1e-6}}))
    assert given.component("chip-link").area_m2.value == 1e-6


def test_unknown_model_suggests_the_nearest(make_chip: ChipMaker) -> None:
    with pytest.raises(InputError) as caught:
        price(make_chip({"tile.adc.cost": {"model": "surveys"}}))
    assert "'survey'" in caught.value.remedy and "tile.adc.cost" in caught.value.where


def test_unknown_parameter_suggests_the_nearest(make_chip: ChipMaker) -> None:
    with pytest.raises(InputError) as caught:
        price(make_chip({"tile.adc.cost": {"model": "survey", "parameters": {"leakage_shar": 0.1}}}))
    assert "leakage_share" in caught.value.remedy and "tile.adc.cost" in caught.value.where


def test_unknown_action(make_chip: ChipMaker) -> None:
    with pytest.raises(InputError) as caught:
        price(make_chip({"tile.adc.cost": {"model": "survey", "energy": {"convert": 1e-12}}}))
    assert "convert" in caught.value.what and "conversion" in caught.value.remedy


def test_parameters_override_the_chips_own_fields(make_chip: ChipMaker) -> None:
    own = price(make_chip({"tile.adc.cost": {"model": "survey", "parameters": {"node": "28 nm"}}})).component("adc")
    other = price(make_chip({"technology.node": 28e-9})).component("adc")
    assert own.energy_of("conversion") == other.energy_of("conversion")


@pytest.mark.parametrize(
    ("path", "name"),
    [("units.router", "router"), ("units.adc", "adc"), ("other.array", "array"), ("other.core", "core")],
)
def test_two_components_of_one_name(make_chip: ChipMaker, path: str, name: str) -> None:
    value: object = {"area": 1e-9, "leakage": 0.0}
    if path.startswith("units"):
        value = {
            "where": "tile",
            "lanes": 1,
            "clock": 1e9,
            "pipeline": 1,
            "operations": {"add": 1.0},
            "cost": {"model": "datapath"},
        }
    with pytest.raises(InputError, match=f"'{name}' names two components"):
        price(make_chip({path: value}))


def test_other_parts_are_per_tile_and_do_nothing(make_chip: ChipMaker) -> None:
    bill = price(make_chip({"other.control": {"area": 1e-9, "leakage": 2e-3}, "other.clock": _clock()}))
    control, clock = bill.component("control"), bill.component("clock")
    assert (control.count, control.energy_j, control.leakage_w.value) == (12, (), 2e-3)
    assert clock.leakage_w.value > 0 and clock.area_m2.value == 0


def _clock() -> dict[str, object]:
    return {"model": "clock-tree", "parameters": {"clock": "1 GHz", "clocked_area": "0.1 mm^2"}}


def test_a_memory_beside_the_chip_takes_no_area_on_it(make_chip: ChipMaker) -> None:
    numbers = {"energy": {"read_bit": 1e-12, "write_bit": 1e-12}, "leakage": 0.1}
    dram = price(make_chip({"memory.dram.cost": numbers})).component("dram")
    assert dram.area_m2.value == 0 and "definition" in dram.area_m2.formula


def test_sample_and_holds_are_one_per_column(make_chip: ChipMaker) -> None:
    changes = {"tile.adc.held": True, "tile.adc.sample_hold": {"model": "isaac"}}
    hold = price(make_chip(changes)).component("sample-hold")
    assert hold.count == 24 * 32 and hold.energy_of("sample").value > 0


def test_a_faster_lane_is_larger_but_no_cheaper(make_chip: ChipMaker) -> None:
    one = price(make_chip()).component("core")
    four = price(make_chip({"units.core.operations": {"mac": 4.0, "exp": 1.0}})).component("core")
    assert four.area_m2.value > one.area_m2.value
    assert four.energy_of("mac") == one.energy_of("mac")


def test_sign_phases_do_not_let_a_device_conduct_more_often(make_chip: ChipMaker) -> None:
    one, two = price(make_chip()), price(make_chip({"tile.input.sign_phases": 2}))
    assert one.component("array").energy_of("cell").value == two.component("array").energy_of("cell").value


def test_bit_serial_phases_add_up(make_chip: ChipMaker) -> None:
    serial = {"tile.input.kind": "bit-serial", "tile.input.bits_per_phase": 1}
    one, eight = price(make_chip()), price(make_chip(serial))
    assert eight.component("array").energy_of("cell").value == pytest.approx(
        8 * one.component("array").energy_of("cell").value
    )


def test_voltages_conduct_by_their_square(make_chip: ChipMaker) -> None:
    pulse, voltage = price(make_chip()), price(make_chip({"tile.input.kind": "voltage"}))
    ratio = voltage.component("array").energy_of("cell").value / pulse.component("array").energy_of("cell").value
    assert ratio == pytest.approx(pi / 4)  # The mean square of half-normal inputs of 0.5 is pi / 8.


@pytest.mark.parametrize(
    ("topology", "rows", "columns", "links"),
    [
        ("mesh", 1, 1, 0),
        ("mesh", 2, 2, 8),
        ("torus", 3, 4, 2 * 2 * 12),
        ("torus", 2, 2, 8),
        ("ring", 1, 5, 10),
        ("ring", 1, 2, 2),
        ("tree", 1, 7, 26),
        ("bus", 1, 7, 1),
        ("bus", 1, 1, 0),
    ],
)
def test_links_of_each_topology(make_chip: ChipMaker, topology: str, rows: int, columns: int, links: int) -> None:
    fabric: Fabric = make_chip(
        {"fabric.topology": topology, "fabric.rows": rows, "fabric.columns": columns, "units": {}}
    ).fabric
    assert fabric.links == links


def test_a_bus_spans_all_its_routers(make_chip: ChipMaker) -> None:
    bus = price(make_chip({"fabric.topology": "bus"})).component("wire").energy_of("bit_hop").value
    mesh = price(make_chip()).component("wire").energy_of("bit_hop").value
    assert bus == pytest.approx(11 * mesh)


ALTERNATIVES = [
    ("tile.array.cost", "charge", {"unit_capacitance": "1 fF"}),
    ("tile.array.cost", "photonic", {"outlook": "moderate"}),
    *(("tile.input.cost", name, {}) for name in ("isaac", "puma", "brahms", "timely", "photonic")),
    *(
        ("tile.adc.cost", name, {})
        for name in ("neurosim", "ramp", "oscillator", "isaac", "newton", "forms", "puma", "timely", "neurram")
    ),
    ("tile.affine.cost", "adder-tree", {"inputs": 8.0}),
    *(("tile.affine.cost", name, {}) for name in ("isaac", "puma", "neurram")),
    *(
        ("tile.buffer.cost", name, {})
        for name in ("horowitz", "register-file", "isaac-edram", "puma-edram", "raaam-edram")
    ),
    *(("units.core.cost", name, {}) for name in ("horowitz", "stillwater")),
    ("fabric.cost", "isaac", {}),
    *(("fabric.wire_cost", name, {}) for name in ("capacitance", "grs", "isaac-bus")),
    *(("memory.dram.cost", name, {}) for name in ("lpddr4", "ddr3", "gddr6", "hbm2", "hbm3")),
    *(("system.link.cost", name, {}) for name in ("ucie-advanced", "hypertransport")),
]


@pytest.mark.parametrize(("path", "model", "parameters"), ALTERNATIVES)
def test_the_chip_tells_every_model_what_it_needs(
    make_chip: ChipMaker, path: str, model: str, parameters: dict[str, object]
) -> None:
    bill: Bill = price(make_chip({path: {"model": model, "parameters": parameters}}))
    assert all(component.energy_j for component in bill.components)


def test_every_kind_of_component_has_a_model() -> None:
    assert {model.kind for model in models()} == set(Kind)


@pytest.mark.parametrize(
    ("override", "note"),
    [
        (
            "memory.dram.kind=hbm",
            "dram: memory.dram.kind is hbm, and it is priced as lpddr by model 'lpddr-ibm' "
            "(for hbm: hbm2, hbm2-hwc, hbm2e, hbm3, hbm4)",
        ),
        (
            "tile.buffer.kind=register-file",
            "buffer: tile.buffer.kind is register-file, and it is priced as sram by model 'cacti' "
            "(for register-file: register-file)",
        ),
        (
            "tile.adc.cost.model=ramp",
            "adc: tile.adc.kind is oscillator, and it is priced as ramp by model 'ramp' "
            "(for oscillator: survey, oscillator, forms)",
        ),
        (
            "memory.dram.channels=4",
            "memory.dram.channels (4) changes nothing: accesses are striped over all channels",
        ),
    ],
)
def test_a_sort_that_the_model_does_not_price_is_named(override: str, note: str) -> None:
    assert price(load_chip("pcm-mesh-14nm", [override])).notes == (note,)


def test_fields_that_no_figure_goes_with_are_named() -> None:
    """PUMA gives every figure of its parts; an array that conducts asks for its cells' fields."""
    (note,) = price(load_chip("puma")).notes
    assert note == (
        "without effect on costs: technology.node, technology.supply, technology.flavour, tile.array.cell.area, "
        "tile.array.cell.mean_conductance, tile.array.cell.read_voltage, tile.input.mean_activity, fabric.pitch, "
        "tile.buffer.kind (the chip file gives every figure that would go with them)"
    )
    conducting = ["tile.array.cost.model=conduction", "tile.array.cost.energy=null", "tile.array.cost.area=null"]
    (shorter,) = price(load_chip("puma", conducting)).notes
    assert shorter == (
        "without effect on costs: fabric.pitch, tile.buffer.kind "
        "(the chip file gives every figure that would go with them)"
    )


@pytest.mark.parametrize("changes", [{"energy": {"conversion": 1e-12}}, {"leakage": 1e-6}, {"area": 1e-10}])
def test_a_model_that_gives_one_figure_still_reads_its_facts(make_chip: ChipMaker, changes: dict[str, object]) -> None:
    chip = make_chip({f"tile.adc.cost.{field}": value for field, value in changes.items()})
    assert not any("without effect" in note for note in price(chip).notes)
