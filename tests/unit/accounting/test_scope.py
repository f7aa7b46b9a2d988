"""What a chip's figures include: from the zeros and parts that its file states."""

from __future__ import annotations

import pytest

from archsim.accounting import Aspect, Extent, scope_of, without_area, without_leakage
from archsim.accounting.scope import Scope
from archsim.chip import chip_names, load_chip
from archsim.cost import price


def scope(chip: str, *overrides: str) -> Scope:
    described = load_chip(chip, overrides)
    return scope_of(described, price(described))


def test_a_chip_without_any_leakage_includes_none() -> None:
    # Every leakage in its file is 0 W; the link's model counts it in the energy per bit.
    assert scope("nature2018-training").extent(Aspect.LEAKAGE) is Extent.NONE


def test_parts_whose_area_the_file_gives_as_zero_are_named() -> None:
    chip = load_chip("nature2018-training")
    # All but array and converter, and the wires, whose model routes them over the logic.
    expected = ["driver", "sample-hold", "affine", "buffer", "local", "core", "core-buffer", "router", "chip-link"]
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


@pytest.mark.parametrize("chip", chip_names())
def test_every_aspect_of_every_chip_is_told(chip: str) -> None:
    found = scope(chip)
    assert tuple(one.aspect for one in found.inclusions) == tuple(Aspect)
    told = f"{found.included}, {found.excluded}"
    assert all(one.aspect in told for one in found.inclusions if one.extent is not Extent.ABSENT)
