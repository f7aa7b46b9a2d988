"""A chip on one page: what it could do, how it is laid out, and what each part takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from archsim.accounting import peak_of, scope_of
from archsim.chip import Chip, Source, resolved_yaml
from archsim.columns import Columns, Reals, Texts
from archsim.cost import Bill
from archsim.machine import Place
from archsim.report.blueprint.floorplan import chip_drawing, layout_of, layout_words
from archsim.report.blueprint.silicon import silicon_of
from archsim.report.blueprint.tile import array_drawing, tile_drawing
from archsim.report.datasheet import source_facts
from archsim.report.document import (
    Card,
    Cards,
    Document,
    Fact,
    Facts,
    Paragraph,
    Part,
    Remark,
    Section,
    Table,
    Verbatim,
    bars,
    names,
    numbers,
    prose,
    section,
    table,
)
from archsim.report.quantities import counted, engineering, percent, significant, square_metres, whole
from archsim.report.records import records
from archsim.report.review.assumptions import source_rows
from archsim.report.scope import scope_sentence
from archsim.report.totals import largest

_PLACES = {Place.TILE: "in the tiles", Place.FABRIC: "at routers", Place.PORT: "at the edge"}


def blueprint_document(chip: Chip, bill: Bill, given: tuple[Source, ...]) -> Document:
    """A chip drawn to scale, with the area of each part.

    Parameters
    ----------
    chip : Chip
    bill : Bill
    given : tuple of Source
        Where the description's values come from.
    """
    parts = chip_parts(bill)
    return Document(tuple(_sections(chip, bill, given, parts)), _data(chip, parts), parts, title=chip.name)


@dataclass(frozen=True, slots=True, eq=False)
class ChipParts(Columns):
    """The components of one chip; every column of shape ``(components,)``."""

    component: Texts
    place: Texts
    purpose: Texts
    count: NDArray[np.int64 | np.float64]
    area_each_m2: Reals
    area_m2: Reals
    leakage_w: Reals
    formula: Texts
    source: Texts


def chip_parts(bill: Bill) -> ChipParts:
    """One row per component of one chip, the largest first."""
    parts = ChipParts.of_rows(
        (
            part.name, part.place.value, part.purpose.value, part.count, part.area_m2.value,
            part.count * part.area_m2.value, bill.leaking(part), part.area_m2.formula,
            part.area_m2.source,
        )
        for part in bill.components
    )  # fmt: skip
    return parts.take(largest(parts.area_m2))


def _sections(chip: Chip, bill: Bill, given: tuple[Source, ...], parts: ChipParts) -> Iterator[Section]:
    about = (Paragraph("", chip.description),) if chip.description else ()
    yield section(*about, peak_cards(chip, bill))
    yield section(*_floorplan(chip, bill), title="Floorplan")
    yield section(*_tile(chip, bill), title="Tile")
    yield section(fabric_facts(chip), title="Fabric and links")
    yield section(part_table(parts), Remark(f"{scope_sentence(scope_of(chip, bill)).capitalize()}."), title="Parts")
    yield section(Paragraph("", f"The description has {source_facts(given)}."), source_rows(given), title="Sources")
    yield section(Verbatim(resolved_yaml(chip).rstrip(), "yaml"), title="Description")


def peak_cards(chip: Chip, bill: Bill) -> Cards:
    """The chip's own figures."""
    peak = peak_of(chip, bill)
    return Cards(
        (
            Card("Peak speed", f"{significant(peak.operations_per_s / 1e12)} TOP/s", "every array always busy"),
            Card("Peak efficiency", f"{significant(peak.gops_per_w)} GOP/s/W", "products and all leakage"),
            Card("Peak density", f"{significant(peak.tops_per_mm2)} TOP/s/mm²", "over all silicon"),
            Card("Peak power", engineering(peak.power_w, "W"), "products and all leakage"),
            Card("Silicon", square_metres(peak.area_m2), counted(chip.fabric.tile_count, "tile")),
        )
    )


def _floorplan(chip: Chip, bill: Bill) -> Iterator[Part]:
    drawing = chip_drawing(chip, bill)
    if drawing is None:
        yield Remark(f"{counted(chip.fabric.tile_count, 'tile')} are too many to draw.")
        return
    yield Paragraph("", layout_words(chip, layout_of(chip, silicon_of(chip, bill))))
    yield drawing


def _tile(chip: Chip, bill: Bill) -> Iterator[Part]:
    drawings = [drawing for drawing in (tile_drawing(chip, bill), array_drawing(chip, bill)) if drawing is not None]
    yield Paragraph("", "Parts are as large as they are described; where they lie within a tile, no chip file says.")
    yield from drawings
    if not drawings:
        yield Remark("Nothing in a tile is given an area.")


def fabric_facts(chip: Chip) -> Facts:
    """The fabric on the chip, the links out of it, and what is beside it."""
    return Facts((*_fabric(chip), *_outside(chip)))


def _fabric(chip: Chip) -> Iterator[Fact]:
    fabric = chip.fabric
    yield Fact(
        "fabric",
        f"{fabric.topology} of {fabric.rows} x {fabric.columns}",
        f"{counted(fabric.switches, 'router')}, {counted(fabric.concentration, 'place')} for a tile at each",
    )
    yield Fact(
        "link",
        f"{engineering(fabric.link_width * fabric.clock / 8, 'B/s')}",
        f"{counted(fabric.links, 'link')} one way, {fabric.link_width:g} bit at {engineering(fabric.clock, 'Hz')}",
    )
    yield Fact(
        "wires",
        engineering(fabric.pitch, "m"),
        f"between neighbours; a header takes {_cycles(chip)} from one to the next",
    )


def _cycles(chip: Chip) -> str:
    return counted(chip.fabric.router_delay + chip.fabric.link_delay, "cycle")


def _outside(chip: Chip) -> Iterator[Fact]:
    system = chip.system
    if system.link is not None:
        yield Fact(
            "links to chips",
            f"{engineering(system.link.bandwidth / 8, 'B/s')}",
            f"each of {whole(system.link.ports)}, each way, after {engineering(system.link.latency, 's')}; "
            f"{_joined(system.chips)} in a {system.topology}",
        )
    for name, memory in chip.memory.items():
        side = "on the chip" if memory.where == "chip" else "beside the chip"
        yield Fact(
            name,
            f"{engineering(memory.bandwidth / 8, 'B/s')}",
            f"{memory.kind} of {engineering(memory.capacity / 8, 'B')} {side}, "
            f"first bit after {engineering(memory.latency, 's')}",
        )
    yield Fact("host", f"{engineering(system.host_bandwidth / 8, 'B/s')}", "in and out")


def _joined(chips: int | str) -> str:
    return "as many chips as a network needs" if isinstance(chips, str) else counted(chips, "chip")


def part_table(parts: ChipParts) -> Table:
    """One row per component, and their sum."""
    area = float(parts.area_m2.sum())
    shares = parts.area_m2 / area if area else parts.area_m2
    return table(
        f"What each part takes, on one chip: {square_metres(area)}",
        names("part", parts.component),
        names("where", (_PLACES[Place(place)] for place in parts.place)),
        numbers("number", parts.count, whole),
        numbers("each", parts.area_each_m2, square_metres),
        numbers("all", parts.area_m2, square_metres),
        numbers("of the chip", shares, percent),
        bars(shares),
        numbers("leakage", parts.leakage_w, lambda watts: engineering(watts, "W")),
        prose("area from", parts.formula),
        prose("source", parts.source),
    )


def _data(chip: Chip, parts: ChipParts) -> JsonValue:
    return {"chip": chip.name, "parts": records(parts), "description": chip.model_dump(mode="json", exclude_none=True)}
