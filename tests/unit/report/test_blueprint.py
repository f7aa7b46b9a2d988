"""Drawings of chips: to scale, without overlaps, all of the silicon."""

from __future__ import annotations

from itertools import combinations
from math import fsum, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.chip import Chip, load_chip, sources
from archsim.cost import price
from archsim.report.blueprint import blueprint_document
from archsim.report.blueprint.floorplan import chip_drawing, fabric_wires, layout_of
from archsim.report.blueprint.packing import Room, packed
from archsim.report.blueprint.scale import bar_of
from archsim.report.blueprint.silicon import silicon_of
from archsim.report.blueprint.tile import array_drawing, tile_drawing
from archsim.report.drawing import Box, Drawing
from archsim.report.html import html

CHIPS = ("pcm-mesh-14nm", "isaac", "puma", "ibm-14nm-34tile-x5", "hermes-core", "reram-mesh-22nm")


def apart(one: Room, other: Room) -> bool:
    slack = 1e-9 * max(one.width, one.height, other.width, other.height)
    return (
        one.x + one.width <= other.x + slack
        or other.x + other.width <= one.x + slack
        or one.y + one.height <= other.y + slack
        or other.y + other.height <= one.y + slack
    )


@given(st.lists(st.floats(1e-3, 1.0), min_size=1, max_size=12), st.floats(0.2, 5.0), st.floats(0.2, 1.0))
def test_rectangles_have_their_areas_and_do_not_overlap(areas: list[float], ratio: float, full: float) -> None:
    area = fsum(areas) / full
    room = Room(1.0, 2.0, sqrt(area * ratio), sqrt(area / ratio))
    found = packed(areas, room)
    assert [one.area for one in found] == pytest.approx(areas)
    for one, other in combinations(found, 2):
        assert apart(one, other)
    for one in found:
        assert room.x - 1e-9 <= one.x
        assert one.x + one.width <= room.x + room.width * (1 + 1e-9)
        assert one.y + one.height <= room.y + room.height * (1 + 1e-9)


def test_six_areas_as_published() -> None:
    # Bruls et al., figure 4: 6, 6, 4, 3, 2, 2, 1 in a room of 6 x 4; its rectangles by hand.
    found = packed([6, 6, 4, 3, 2, 2, 1], Room(0, 0, 6, 4))
    assert [one.width for one in found[:4]] == pytest.approx([3, 3, 12 / 7, 9 / 7])
    assert [one.height for one in found[:4]] == pytest.approx([2, 2, 7 / 3, 7 / 3])


def test_nothing_takes_nothing() -> None:
    assert [one.area for one in packed([0.0, 2.0], Room(0, 0, 2, 1))] == [0.0, 2.0]


@pytest.mark.parametrize(("width", "bar"), [(0.0262, (5e-3, "5 mm")), (1.2e-3, (2e-4, "200 µm")), (3.4, (1.0, "1 m"))])
def test_the_bar_is_a_round_length(width: float, bar: tuple[float, str]) -> None:
    length, told = bar_of(width)
    assert (pytest.approx(length), told) == bar


def drawn(drawing: Drawing) -> float:
    """Square metres of all boxes, at all places."""
    return fsum(len(stamp.places) * box.width * box.height for stamp in drawing.stamps for box in stamp.boxes)


def chip_named(name: str) -> Chip:
    return load_chip(name)


@pytest.mark.parametrize("name", CHIPS)
def test_the_floorplan_holds_all_of_the_silicon(name: str) -> None:
    chip = chip_named(name)
    bill = price(chip)
    drawing = chip_drawing(chip, bill)
    assert drawing is not None
    assert drawn(drawing) == pytest.approx(fsum(part.count * part.area_m2.value for part in bill.components))
    for stamp in drawing.stamps:
        for x, y in stamp.places:
            for box in stamp.boxes:
                assert x + box.x + box.width <= drawing.width * (1 + 1e-9)
                assert y + box.y + box.height <= drawing.height * (1 + 1e-9)


@pytest.mark.parametrize("name", CHIPS)
def test_the_tile_holds_all_of_its_parts(name: str) -> None:
    chip = chip_named(name)
    bill = price(chip)
    drawing = tile_drawing(chip, bill)
    assert drawing is not None
    each = fsum(part.count * part.area_m2.value for part in bill.components if part.place == "tile")
    assert drawn(drawing) == pytest.approx(each / chip.fabric.tile_count)


def boxes_of(drawing: Drawing) -> dict[str, Box]:
    return {box.name: box for stamp in drawing.stamps for box in stamp.boxes}


def test_the_array_has_its_periphery_at_its_edges() -> None:
    # 512 x 512 weights of four devices of 1.35 um2; 512 converters of 4 um x 250 um below, as wide as the array.
    chip = chip_named("pcm-mesh-14nm")
    drawing = array_drawing(chip, price(chip))
    assert drawing is not None
    boxes = boxes_of(drawing)
    side = sqrt(512 * 512 * 4 * 1.35e-12)
    assert (boxes["array"].width, boxes["array"].height) == pytest.approx((side, side))
    assert boxes["adc"].width == pytest.approx(side)
    assert boxes["adc"].height == pytest.approx(512 * 4e-6 * 250e-6 / side)
    assert boxes["driver"].x + boxes["driver"].width == pytest.approx(boxes["array"].x)
    assert boxes["adc"].y == pytest.approx(side)


def test_places_are_as_far_apart_as_the_wires_are_long() -> None:
    chip = chip_named("hermes-64core")
    layout = layout_of(chip, silicon_of(chip, price(chip)))
    assert layout.side == chip.fabric.pitch == pytest.approx(1.4e-3)
    assert layout.corner(9) == pytest.approx((1.4e-3, 1.4e-3))


@pytest.mark.parametrize(
    ("topology", "links"), [("mesh", 2 * 4 * 3), ("torus", 2 * 16), ("ring", 16), ("tree", 2 * 15), ("bus", 15)]
)
def test_every_link_is_a_line(topology: str, links: int) -> None:
    # Of 4 x 4 routers: a mesh has 3 links in each row and column, a torus 4, a ring 16, a tree one
    # above each router but one, a bus goes from each to the next.
    chip = load_chip("hermes-64core", ["fabric.rows=4", "fabric.columns=4", f"fabric.topology={topology}"])
    layout = layout_of(chip, silicon_of(chip, price(chip)))
    wires = list(fabric_wires(chip, layout))
    assert len(wires) == links
    straight = [wire for wire in wires if not wire.bent]
    if topology == "mesh":
        lengths = {round(abs(wire.to_x - wire.x) + abs(wire.to_y - wire.y), 9) for wire in straight}
        assert lengths == {round(chip.fabric.pitch, 9)}
    assert (len(straight) == len(wires)) == (topology in ("mesh", "tree"))


@pytest.mark.parametrize("name", CHIPS)
def test_the_page_is_whole(name: str) -> None:
    chip = chip_named(name)
    document = blueprint_document(chip, price(chip), sources(name))
    page = html(document)
    assert len(page) < 300_000
    assert page.count("<svg") == 2 + (array_drawing(chip, price(chip)) is not None)


def test_too_many_places_are_not_drawn() -> None:
    chip = load_chip("hermes-64core", ["fabric.rows=70", "fabric.columns=70"])
    assert chip_drawing(chip, price(chip)) is None
    assert "4 900 tiles are too many to draw" in html(blueprint_document(chip, price(chip), ()))
