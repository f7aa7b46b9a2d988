"""A chip in a few lines, and where its numbers come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from archsim.accounting import peak_of
from archsim.chip import Chip, Source, json_schema, resolved_yaml
from archsim.columns import Columns, Texts
from archsim.cost import Bill, price
from archsim.errors import ArchsimError
from archsim.machine import matrix_unit
from archsim.report.document import Document, Paragraph, Verbatim, section
from archsim.report.plain import plain_table
from archsim.report.quantities import counted, engineering, significant, square_metres
from archsim.report.records import json_text, records


def chip_facts(chip: Chip, bill: Bill) -> str:
    """One line: tiles, arrays, area and peak figures."""
    unit, fabric = matrix_unit(chip), chip.fabric
    peak = peak_of(chip, bill)
    return (
        f"{counted(fabric.tile_count, 'tile')} of {counted(unit.places, 'array')} "
        f"of {unit.limits.rows} x {unit.limits.columns} weights, "
        f"{'layer by layer' if chip.alone else f'{fabric.topology} of {fabric.rows} x {fabric.columns}'}; "
        f"{square_metres(peak.area_m2)}, peak {significant(peak.operations_per_s / 1e12)} TOP/s "
        f"at {engineering(peak.power_w, 'W')}: {significant(peak.gops_per_w)} GOP/s/W, "
        f"{significant(peak.tops_per_mm2)} TOP/s/mm²"
    )


@dataclass(frozen=True, slots=True, eq=False)
class SourceTable(Columns):
    """Where the values of a chip's description come from; every column of shape ``(values,)``."""

    field: Texts
    value: Texts
    source: Texts
    origin: Texts


def source_table(sources: Sequence[Source]) -> SourceTable:
    """One row per value of a chip's description."""
    return SourceTable.of_rows([(source.path, source.value, source.source, source.origin) for source in sources])


def source_facts(sources: Sequence[Source]) -> str:
    """One line: how many numbers, and how many of them are assumed."""
    numbers = [source for source in sources if source.is_number]
    assumed = sum(source.assumed for source in numbers)
    unsourced = sum(not source.source for source in numbers)
    return f"{counted(len(numbers), 'number')}: {assumed} assumed, {unsourced} without a source"


def chip_document(chip: Chip) -> Document:
    """A chip's whole description as a chip file, headed by its facts."""
    heading = Verbatim(f"# {_facts(chip)}")
    description: JsonValue = chip.model_dump(mode="json", exclude_none=True)
    return Document((section(heading, Verbatim(resolved_yaml(chip).rstrip(), "yaml")),), description)


def _facts(chip: Chip) -> str:
    """One line, also for a chip whose costs are incomplete."""
    try:
        return chip_facts(chip, price(chip))
    except ArchsimError as error:
        return f"no peak figures: {error.where}: {error.what}"


def source_document(name: str, given: Sequence[Source]) -> Document:
    """Where each value of a chip comes from."""
    values = source_table(given)
    shown = plain_table(values, sentences=("value", "source"))
    return Document((section(Paragraph(f"{name}: {source_facts(given)}")), section(shown)), records(values), values)


def schema_document() -> Document:
    """The JSON schema of chip files."""
    schema: JsonValue = json_schema()
    return Document((section(Verbatim(json_text(schema), "json")),), schema)
