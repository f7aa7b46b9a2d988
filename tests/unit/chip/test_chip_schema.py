"""What does not fit together in a chip is refused, with a way out."""

import pytest

from archsim.chip import load_chip
from archsim.chip.periphery import InputKind
from archsim.chip.schema import Chip
from archsim.chip.section import CostChoice
from archsim.chip.system import System
from archsim.errors import InputError

BASE = "pcm-mesh-14nm"

CONTRADICTIONS = [
    (
        ["tile.input.kind=bit-serial"],
        "tile.input",
        "a bit-serial input does not say how many bits a phase has",
        "Add 'bits_per_phase: 1'.",
    ),
    (
        ["tile.input.kind=voltage", "tile.input.bits_per_phase=1", "tile.input.phase_bits=null"],
        "tile.input",
        "bits_per_phase is given for a voltage input",
        "Remove it",
    ),
    (["tile.input.phase_growth=2"], "tile.input", "phase_growth is given for a pulse-width input", "Remove it"),
    (["tile.input.bits_per_phase=9"], "tile.input", "9 bits per phase of a 8-bit input", "Give at most"),
    (
        ["tile.input.kind=bit-serial", "tile.input.bits_per_phase=9"],
        "tile.input",
        "9 bits per phase of a 8-bit input",
        "Give at most",
    ),
    (
        ["tile.array.weight.columns=3", "tile.array.weight.devices=6"],
        "tile.array",
        "512 columns are not a multiple of weight.columns = 3",
        "Change array.columns",
    ),
    (
        ["tile.array.weight.rows=3", "tile.array.weight.devices=6"],
        "tile.array",
        "512 rows are not a multiple of weight.rows = 3",
        "Change array.rows",
    ),
    (["tile.array.weight.columns=3"], "tile.array.weight", "4 devices do not fill 1 rows x 3 columns evenly", "Make"),
    (["tile.array.weight.slices=2"], "tile.array.weight", "2 slices do not divide 1 columns", "Slices are converted"),
    (["tile.array.weight.bits=1"], "tile.array.weight", "a signed weight of 1 bit is always zero", "Give at least"),
    (
        ["tile.array.weight.slices=2", "tile.array.weight.columns=2"],
        "tile.array.weight",
        "a weight of 2 slices does not say its bits",
        "Add 'bits'",
    ),
    (
        ["tile.array.weight.significance=3", "tile.array.weight.devices=2"],
        "tile.array.weight",
        "a significance of 3 is given for a weight without pairs of rising significance",
        "Remove it",
    ),
    (
        ["tile.array.weight.bits=2", "tile.array.weight.slices=2", "tile.array.weight.columns=2"],
        "tile.array.weight",
        "2 slices of a differential weight of 2 bits, 1 of them in cells",
        "A slice holds",
    ),
    (
        ["tile.array.weight.devices=1"],
        "tile.array.weight",
        "a differential weight of 1 slices has 1 devices",
        "It needs a pair",
    ),
    (
        ["tile.adc.columns_per_adc=8"],
        "tile.adc",
        "a converter that counts during integration is shared by 8 columns",
        "Give every column its own",
    ),
    (
        ["tile.adc.columns_per_adc=7", "tile.adc.during_integration=false"],
        "tile",
        "512 columns cannot share converters 7 each",
        "Make array.columns a multiple",
    ),
    (["tile.adc.held=true"], "tile.adc", "a sample-and-hold and its cost go together", "Give both"),
    (
        ["tile.adc.held=true", "tile.adc.sample_hold.model=isaac"],
        "tile.adc",
        "a converter that counts during integration has nothing to hold",
        "Remove one",
    ),
    (["units.local.every=4"], "units.local", "every: 4 is given for units that are in every tile", "Remove it"),
    (
        ["units.core.every=1", "units.core.routers=257"],
        "",
        "unit 'core' is at 257 of 256 routers",
        "Set units.core.routers to at most 256.",
    ),
    (["units.core.routers=7"], "units.core", "routers: 7 is given beside 'every: 4'", "Keep one of them."),
    (["fabric.arity=4"], "fabric", "arity is given for a mesh", "Remove it, or choose 'topology: tree'."),
    (
        ["units.core.every=300"],
        "",
        "unit 'core' is at every 300th of 256 routers: there is none",
        "Set units.core.every to at most 256.",
    ),
    (["fabric.tiles=257"], "fabric", "257 tiles do not fit the 256 places of 16 x 16 routers", "Raise rows"),
    (["fabric.concentration=4"], "fabric", "a mesh has 4 tiles per router", "Choose 'topology: concentrated-mesh'."),
    (
        ["fabric.topology=concentrated-mesh"],
        "fabric",
        "a concentrated-mesh has at least 2 tiles per router",
        "Set concentration",
    ),
    (["system.link=null"], "system", "as needed chips have no link between them", "Describe system.link"),
    (["memory.dram.where=chip"], "memory.dram", "lpddr is given with where: chip", "Write 'where: system'."),
    (["memory.dram.kind=sram"], "memory.dram", "sram is given with where: system", "Write 'where: chip'."),
    (
        ["mapping.schedule.ahead=true", "tile.array.programming=null"],
        "",
        "weights are to be written ahead (mapping.schedule.ahead), and nothing says how they are written",
        "Describe tile.array.programming",
    ),
    (
        ["mapping.grouped=digital", "units.local=null", "units.core.operations.mac=null"],
        "",
        "grouped convolutions run on digital units, and none of them does 'mac'",
        "Add 'mac'",
    ),
]


@pytest.mark.parametrize(("overrides", "where", "what", "remedy"), CONTRADICTIONS)
def test_contradictions(overrides: list[str], where: str, what: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        load_chip(BASE, overrides)
    assert caught.value.what == what
    assert caught.value.where.endswith(where)
    assert caught.value.remedy.startswith(remedy)


def test_one_chip_needs_no_link() -> None:
    assert load_chip(BASE, ["system.link=null", "system.chips=1"]).system.link is None


def test_phases() -> None:
    serial = ["tile.input.kind=bit-serial", "tile.input.bits_per_phase=3", "tile.input.sign_phases=2"]
    assert load_chip(BASE).tile.input.phases == 1
    assert load_chip(BASE, serial).tile.input.phases == 3 * 2


def test_logical_size_of_an_array() -> None:
    isaac = load_chip("isaac").tile.array
    assert (isaac.logical_rows, isaac.logical_columns) == (128, 16)
    neurram = load_chip("neurram").tile.array
    assert (neurram.logical_rows, neurram.logical_columns) == (128, 256)


@pytest.mark.parametrize(
    ("name", "tiles"), [("pcm-mesh-14nm", 256), ("isaac", 168), ("puma", 138), ("ibm-14nm-34tile", 34), ("neurram", 48)]
)
def test_tiles_on_a_chip(name: str, tiles: int) -> None:
    assert load_chip(name).fabric.tile_count == tiles


def test_python_may_give_si_numbers() -> None:
    assert System(host_bandwidth=1e9).host_bandwidth == 1e9
    assert CostChoice(area="1 mm^2") == CostChoice(area=1e-6)


def test_a_chip_is_frozen() -> None:
    chip: Chip = load_chip(BASE)
    with pytest.raises(ValueError, match="frozen"):
        chip.tile.input.kind = InputKind.VOLTAGE  # type: ignore[misc]
