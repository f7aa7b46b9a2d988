"""What a chip's figures include: from the zeros and parts that its file states."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archsim.accounting import Aspect, Extent, scope_of, without_area, without_leakage
from archsim.accounting.scope import Inclusion, Scope
from archsim.chip import chip_names, load_chip
from archsim.chip.schema import Chip
from archsim.cost import Bill, price
from archsim.cost.bill import Component, Figure
from archsim.machine import Place, Purpose
from tests.chips import make_chip, make_memory, make_system


def scope(chip: str, *overrides: str) -> Scope:
    described = load_chip(chip, overrides)
    return scope_of(described, price(described))


def test_a_chip_without_any_leakage_includes_none() -> None:
    # Every leakage in its file is 0 W; the link's model counts it in the energy per bit.
    assert scope("nature2018-training").extent(Aspect.LEAKAGE) is Extent.NONE


def test_parts_whose_area_the_file_gives_as_zero_are_named() -> None:
    chip = load_chip("nature2018-training")
    # All but array and converter, and the wires, whose model routes them over the logic.
    backward = ["column-driver", "row-adc", "row-sample-hold", "pulse-driver"]
    around = ["buffer", "local", "core", "core-buffer", "router", "chip-link"]
    expected = ["driver", "sample-hold", "affine", *backward, *around]
    assert [part.name for part in without_area(price(chip))] == expected


def test_zeros_of_models_have_their_reason() -> None:
    # Its cells are non-volatile and its wires lie over the logic: models say so, not the file.
    chip = load_chip("pcm-mesh-14nm")
    assert without_leakage(chip, price(chip)) == ()
    assert scope("pcm-mesh-14nm").extent(Aspect.LEAKAGE) is Extent.ALL
    assert scope("pcm-mesh-14nm").extent(Aspect.AREA) is Extent.ALL


def test_one_part_without_leakage_makes_it_partial() -> None:
    found = scope("pcm-mesh-14nm", "tile.adc.cost.leakage=0 W")
    assert found.extent(Aspect.LEAKAGE) is Extent.PART
    assert "leakage in part" in found.included


@pytest.mark.parametrize(
    ("serves", "aspect"),
    [("clock", Aspect.CLOCK), ("control", Aspect.CONTROL), ("supply", Aspect.SUPPLY)],
)
def test_a_part_says_what_it_serves(serves: str, aspect: Aspect) -> None:
    part = ("other.x.leakage=1 mW", "other.x.area=1 mm^2", f"other.x.serves={serves}")
    assert scope("pcm-mesh-14nm").extent(aspect) is Extent.NONE
    assert scope("pcm-mesh-14nm", *part).extent(aspect) is Extent.ALL


def test_a_part_that_draws_nothing_does_not_count() -> None:
    part = ("other.x.leakage=0 W", "other.x.area=1 mm^2", "other.x.serves=clock")
    assert scope("pcm-mesh-14nm", *part).extent(Aspect.CLOCK) is Extent.NONE


def test_instruction_memories_are_control_and_registers_are_not() -> None:
    assert scope("puma").extent(Aspect.CONTROL) is Extent.ALL
    assert scope("isaac").extent(Aspect.CONTROL) is Extent.NONE  # its other parts are a bus and registers


def test_memory_beside_the_chip() -> None:
    free = [f"memory.dram.cost.energy.{action}=0 J" for action in ("read_bit", "write_bit")]
    quiet = "memory.dram.cost.leakage=0 W"
    assert scope("pcm-mesh-14nm").extent(Aspect.DRAM) is Extent.ALL
    assert scope("pcm-mesh-14nm", quiet).extent(Aspect.DRAM) is Extent.PART
    assert scope("pcm-mesh-14nm", quiet, *free).extent(Aspect.DRAM) is Extent.NONE
    assert scope("pcm-mesh-14nm", "memory=null").extent(Aspect.DRAM) is Extent.ABSENT


def test_links_between_chips() -> None:
    assert scope("pcm-mesh-14nm").extent(Aspect.IO) is Extent.ALL
    assert scope("pcm-mesh-14nm", "system.link=null", "system.chips=1").extent(Aspect.IO) is Extent.ABSENT
    assert scope("puma", "system.link.cost.energy.bit=0 J").extent(Aspect.IO) is Extent.NONE


def component(name: str, *, given: bool = True, leakage: float = 1e-3, area: float = 1e-6, **more: object) -> Component:
    def figure(value: float) -> Figure:
        return Figure(value, "by hand", "by hand", given=given)

    place = Place.PORT if name in ("dram", "chip-link") else Place.TILE
    return Component(name, place, Purpose.COMPUTE, 1, (), figure(area), figure(leakage), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "extent", "without"),
    [
        ([component("a"), component("b")], Extent.ALL, ()),
        ([component("a"), component("b", leakage=0.0)], Extent.PART, ("b",)),
        ([component("a"), component("b", leakage=0.0, given=False)], Extent.ALL, ()),
        ([component("a", leakage=0.0), component("b", leakage=0.0)], Extent.NONE, ("a", "b")),
        ([component("a", leakage=0.0, given=False)], Extent.NONE, ()),
        # What stands beside the die is not asked.
        ([component("a"), component("dram", leakage=0.0)], Extent.ALL, ()),
    ],
)
def test_leakage_of_parts_by_hand(parts: list[Component], extent: Extent, without: tuple[str, ...]) -> None:
    found = scope_of(load_chip("pcm-mesh-14nm"), Bill(tuple(parts))).inclusions[0]
    assert (found.aspect, found.extent, found.without) == (Aspect.LEAKAGE, extent, without)


@pytest.mark.parametrize(
    "more",
    [{"running_w": Figure(1e-3, "", "")}, {"along": (("a", 0.1),)}, {"energy_j": (("x", Figure(1e-12, "", "")),)}],
)
def test_a_purpose_is_served_by_whatever_draws_power(more: dict[str, object]) -> None:
    part = component("x", leakage=0.0)
    for changes, extent in (({}, Extent.NONE), (more, Extent.ALL)):
        serving = replace(part, purpose=Purpose.SUPPLY, **changes)  # type: ignore[arg-type]
        found = scope_of(load_chip("pcm-mesh-14nm"), Bill((component("a"), serving)))
        assert found.extent(Aspect.SUPPLY) is extent
        within = replace(part, covers=frozenset({Purpose.CLOCK}), **changes)  # type: ignore[arg-type]
        found = scope_of(load_chip("pcm-mesh-14nm"), Bill((component("a"), within)))
        assert found.extent(Aspect.CLOCK) is extent


def test_what_is_included_in_words() -> None:
    told = Scope(
        (
            Inclusion(Aspect.LEAKAGE, Extent.PART, ("b",)),
            Inclusion(Aspect.AREA, Extent.ALL),
            Inclusion(Aspect.CLOCK, Extent.NONE),
            Inclusion(Aspect.DRAM, Extent.ABSENT),
            Inclusion(Aspect.HOST, Extent.NONE),
        )
    )
    assert (told.included, told.excluded) == ("leakage in part, area", "clock, host")
    assert Scope((Inclusion(Aspect.IO, Extent.NONE),)).included == "dynamic energy alone"


@pytest.mark.parametrize("chip", chip_names())
def test_every_aspect_of_every_chip_is_told(chip: str) -> None:
    found = scope(chip)
    assert tuple(one.aspect for one in found.inclusions) == tuple(Aspect)
    told = f"{found.included}, {found.excluded}"
    assert all(one.aspect in told for one in found.inclusions if one.extent is not Extent.ABSENT)


def told(*parts: Component, chip: Chip | None = None) -> Scope:
    """The scope of a small chip, with a memory beside it and no links, whose bill has these parts alone."""
    return scope_of(chip or make_chip(memory=make_memory()), Bill(parts, ()))


def part(
    name: str = "adc",
    *,
    leakage_w: float = 0.0,
    energy_j: float = 0.0,
    area_m2: float = 0.0,
    place: Place = Place.TILE,
    purpose: Purpose = Purpose.CONVERT,
    covers: frozenset[Purpose] = frozenset(),
    given: bool = False,
) -> Component:
    leakage, energy, area = (Figure(value, "by hand", "assumed", given) for value in (leakage_w, energy_j, area_m2))
    return Component(name, place, purpose, 1, (("act", energy),), area, leakage, covers=covers)


@pytest.mark.parametrize(
    ("leakage_w", "energy_j", "extent", "without"),
    [
        (1.0, 1.0, Extent.ALL, ()),
        (1.0, 0.0, Extent.PART, ("accesses",)),
        (0.0, 1.0, Extent.PART, ("power without accesses",)),
        (0.0, 0.0, Extent.NONE, ()),
    ],
)
def test_a_memory_has_accesses_and_power_without_them(
    leakage_w: float, energy_j: float, extent: Extent, without: tuple[str, ...]
) -> None:
    found = told(part("dram", leakage_w=leakage_w, energy_j=energy_j, place=Place.PORT))
    (memory,) = (one for one in found.inclusions if one.aspect is Aspect.DRAM)
    assert (memory.extent, memory.without) == (extent, without)
    # It is not on the die: the chip itself has no leakage there.
    assert found.extent(Aspect.LEAKAGE) is Extent.NONE
    assert ("DRAM" in found.excluded) == (extent is Extent.NONE)


@pytest.mark.parametrize(
    ("leakage_w", "covers", "extent"),
    [
        (1.0, frozenset({Purpose.STORE}), Extent.ALL),
        (0.0, frozenset({Purpose.STORE}), Extent.PART),
        (1.0, frozenset({Purpose.CLOCK}), Extent.PART),
    ],
)
def test_a_memorys_power_may_be_within_a_larger_figure(
    leakage_w: float, covers: frozenset[Purpose], extent: Extent
) -> None:
    accessed = part("dram", energy_j=1.0, place=Place.PORT)
    found = told(accessed, part("board", leakage_w=leakage_w, covers=covers, place=Place.PORT))
    assert found.extent(Aspect.DRAM) is extent
    assert found.extent(Aspect.CLOCK) is (Extent.ALL if Purpose.CLOCK in covers else Extent.NONE)


@pytest.mark.parametrize(
    ("leakage_w", "energy_j", "extent"), [(1.0, 0.0, Extent.ALL), (0.0, 1.0, Extent.ALL), (0.0, 0.0, Extent.NONE)]
)
def test_links_and_what_serves_count_where_they_cost_anything(
    leakage_w: float, energy_j: float, extent: Extent
) -> None:
    link = part("chip-link", leakage_w=leakage_w, energy_j=energy_j, place=Place.PORT, purpose=Purpose.MOVE)
    clock = part("clock", leakage_w=leakage_w, energy_j=energy_j, purpose=Purpose.CLOCK)
    memory = part("dram", energy_j=1.0, place=Place.PORT)
    # The memory at the port is no link.
    found = told(link, clock, memory, chip=make_chip(memory=make_memory(), system=make_system(2)))
    assert (found.extent(Aspect.IO), found.extent(Aspect.CLOCK)) == (extent, extent)
    assert told(memory, chip=make_chip(memory=make_memory(), system=make_system(2))).extent(Aspect.IO) is Extent.NONE
    assert told(link, clock, memory).extent(Aspect.IO) is Extent.ABSENT


def test_zeros_that_a_file_gives_are_told_from_those_of_models() -> None:
    leaking, modelled = part(leakage_w=1.0, area_m2=1.0), part("driver")
    silent = part("router", given=True)
    found = told(leaking, modelled)
    assert [found.extent(aspect) for aspect in (Aspect.LEAKAGE, Aspect.AREA)] == [Extent.ALL, Extent.ALL]
    found = told(leaking, modelled, silent)
    for one in found.inclusions[:2]:
        assert (one.extent, one.without) == (Extent.PART, ("router",))
    assert found.included == "leakage in part, area in part"
    # No memory is on the bill, and no link on the chip.
    assert found.excluded == "clock, control, power conversion, host"
    assert told(modelled, silent).included == "dynamic energy alone"
