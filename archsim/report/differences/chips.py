"""Two chips beside each other, as a document: no network runs, so the figures are the chips' own peaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import JsonValue

from archsim.accounting import Peak, peak_of, scope_of
from archsim.accounting.peak import PRODUCT, product_actions, product_interval
from archsim.chip import Chip, Source, load_chip, resolved_yaml, sources
from archsim.chip.text import parse_tree
from archsim.cost import Bill, price
from archsim.errors import ArchsimError
from archsim.mapping import Floorplan
from archsim.report.differences.figures import Moved, figure_frame, figure_parts, largest
from archsim.report.differences.inputs import NOTHING, differing, input_parts
from archsim.report.differences.parts import parts_between, parts_table
from archsim.report.differences.record import chip_fields
from archsim.report.document import Document, Paragraph, Part, Remark, Section, Table, names, numbers, section, table
from archsim.report.ladder import signed_percent
from archsim.report.quantities import engineering, joules, significant, square_metres
from archsim.report.records import records

MOST_FIELDS = 60
"""Fields that are changed one at a time; chips that differ in more are of different kinds."""


@dataclass(frozen=True, slots=True, eq=False)
class ChipRecord:
    """A chip and its bill.

    Parameters
    ----------
    name : str
        A preset's name or a chip file, as the user gave it.
    chip : Chip
    bill : Bill
    peak : Peak
    fields : mapping of str to str
        All fields, dotted, with all defaults.
    given : mapping of str to Source
        Those that a file gives.
    """

    name: str
    chip: Chip
    bill: Bill
    peak: Peak
    fields: Mapping[str, str]
    given: Mapping[str, Source]


def chip_record(name: str) -> ChipRecord:
    """Read and price a chip.

    Raises
    ------
    ArchsimError
        If there is no such chip, or it cannot be priced.
    """
    chip = load_chip(name)
    bill = price(chip)
    fields = chip_fields(parse_tree(resolved_yaml(chip), name))
    return ChipRecord(name, chip, bill, peak_of(chip, bill), fields, {one.path: one for one in sources(name)})


def chips_document(before: ChipRecord, after: ChipRecord) -> Document:
    """Which of two chips' own figures differ, and why: field by field, part by part.

    Parameters
    ----------
    before, after : ChipRecord
    """
    figures, fields = list(_figures(before, after)), _fields(before, after)
    effects = field_effects(before, fields)
    return Document(
        tuple(_sections(before, after, figures, fields, effects)),
        _data(before, after, figures, fields, effects),
        figure_frame(figures),
        title=f"{before.name} and {after.name}",
    )


def _fields(before: ChipRecord, after: ChipRecord) -> pd.DataFrame:
    frame = differing(before.fields, after.fields)
    return frame.assign(source=[_source(after.given.get(field)) for field in frame.field])


def _source(given: Source | None) -> str:
    return "" if given is None else given.source


def area_parts(before: ChipRecord, after: ChipRecord) -> pd.DataFrame:
    """Silicon by component of one chip, in square metres: ``part, before, after, change``."""
    return parts_between(*(_own(one, lambda part: part.count * part.area_m2.value) for one in (before, after)))


def leakage_parts(before: ChipRecord, after: ChipRecord) -> pd.DataFrame:
    """Leakage by component of one chip, in watts, as `area_parts`."""
    return parts_between(
        *(_by_component(one, lambda part: part.count * part.leakage_w.value) for one in (before, after))
    )


def running_parts(before: ChipRecord, after: ChipRecord) -> pd.DataFrame:
    """What runs while parts are on (clocks, lasers) by component of one chip, in watts, as `area_parts`."""
    return parts_between(
        *(_by_component(one, lambda part: part.count * part.running_w.value) for one in (before, after))
    )


def _own(record: ChipRecord, of: Callable[..., float]) -> pd.Series[float]:
    return pd.Series({part.name: of(part) for part in record.bill.components}, dtype=float)


def _by_component(record: ChipRecord, of: Callable[..., float]) -> pd.Series[float]:
    return _with_shares(_own(record, of), record)


def _with_shares(own: pd.Series[float], record: ChipRecord) -> pd.Series[float]:
    """The same, with what some components draw as a share of the others."""
    drawn = {part.name: sum(each * own.get(name, 0.0) for name, each in part.along) for part in record.bill.shares}
    return pd.concat([own.drop(list(drawn), errors="ignore"), pd.Series(drawn, dtype=float)])


def product_parts(before: ChipRecord, after: ChipRecord) -> pd.DataFrame:
    """Power of products at the peak by component, in watts, as `area_parts`."""
    return parts_between(_product_powers(before), _product_powers(after))


def _product_powers(record: ChipRecord) -> pd.Series[float]:
    per_s = Floorplan(record.chip).arrays / product_interval(record.chip)
    powers: dict[str, float] = {}
    for name, action, count in product_actions(record.chip):
        part = record.bill.component(name)
        if part.purpose in PRODUCT:
            powers[name] = powers.get(name, 0.0) + part.energy_of(action).value * count * per_s
    return _with_shares(pd.Series(powers, dtype=float), record)


def power_parts(before: ChipRecord, after: ChipRecord) -> pd.DataFrame:
    """Power at the peak by component: products, leakage, and what runs while it is on; in watts, as `area_parts`."""
    kinds = {
        "products": product_parts(before, after),
        "leakage": leakage_parts(before, after),
        "running": running_parts(before, after),
    }
    called = [frame.assign(part=[f"{part}, {kind}" for part in frame.part]) for kind, frame in kinds.items()]
    frame = pd.concat(called, ignore_index=True)
    return frame.iloc[np.argsort(-frame.change.abs().to_numpy(), kind="stable")].reset_index(drop=True)


def action_parts(before: ChipRecord, after: ChipRecord) -> pd.DataFrame:
    """Joules of each action that either chip prices, as `area_parts`; these do not add up."""
    return parts_between(*(_actions(one) for one in (before, after)))


def _actions(record: ChipRecord) -> pd.Series[float]:
    return pd.Series(
        {f"{part.name}.{action}": figure.value for part in record.bill.components for action, figure in part.energy_j},
        dtype=float,
    )


def _figures(before: ChipRecord, after: ChipRecord) -> Iterator[Moved]:
    one, other = before.peak, after.peak
    power, area = power_parts(before, after), area_parts(before, after)
    per_joule = (
        f"speed {_over(one.operations_per_s, other.operations_per_s)}, power {_over(one.power_w, other.power_w)}"
    )
    per_area = (
        f"speed {_over(one.operations_per_s, other.operations_per_s)}, silicon {_over(one.area_m2, other.area_m2)}"
    )
    yield Moved(
        "peak speed", one.operations_per_s / 1e12, other.operations_per_s / 1e12, _unit("TOP/s"), _speed(before, after)
    )
    yield Moved("peak power", one.power_w, other.power_w, _watts, largest(power, _watts))
    yield Moved("peak efficiency", one.gops_per_w, other.gops_per_w, _unit("GOP/s/W"), per_joule)
    yield Moved("peak density", one.tops_per_mm2, other.tops_per_mm2, _unit("TOP/s/mm²"), per_area)
    yield Moved("silicon", one.area_m2, other.area_m2, square_metres, largest(area, square_metres))
    leakage = leakage_parts(before, after)
    yield Moved("leakage", leakage.before.sum(), leakage.after.sum(), _watts, largest(leakage, _watts))
    yield Moved("tiles", float(before.chip.fabric.tile_count), float(after.chip.fabric.tile_count), lambda v: f"{v:g}")


def _speed(before: ChipRecord, after: ChipRecord) -> str:
    one, other = (Floorplan(record.chip) for record in (before, after))
    intervals = [product_interval(record.chip) for record in (before, after)]
    return (
        f"arrays {_over(one.arrays, other.arrays)}, "
        f"weights of each {_over(one.unit.limits.weights, other.unit.limits.weights)}, "
        f"products per second of each {_over(1.0 / intervals[0], 1.0 / intervals[1])}"
    )


def _over(before: float, after: float) -> str:
    return signed_percent(after / before - 1.0) if before else "new"


def _unit(unit: str) -> Callable[[float], str]:
    return lambda value: f"{significant(value)} {unit}"


def _watts(value: float) -> str:
    return engineering(value, "W")


def field_effects(before: ChipRecord, fields: pd.DataFrame) -> pd.DataFrame | None:
    """What each field that differs changes alone, on the first chip.

    Parameters
    ----------
    before : ChipRecord
    fields : DataFrame
        ``field, before, after`` of those that differ.

    Returns
    -------
    DataFrame or None
        ``field, before, after, gops_per_w, tops_per_mm2, tops, area`` (changes as shares), ``fault`` (why the first
        chip cannot have this one alone); None where the chips differ in too many.
    """
    if not 0 < len(fields) <= MOST_FIELDS:
        return None
    rows = [_effect(before, field, value) for field, value in zip(fields.field, fields.after, strict=True)]
    effects = pd.DataFrame(rows, columns=["gops_per_w", "tops_per_mm2", "tops", "area", "fault"])
    return pd.concat([fields[["field", "before", "after"]], effects], axis=1)


def _effect(before: ChipRecord, field: str, value: str) -> tuple[float, float, float, float, str]:
    try:
        chip = load_chip(before.name, [f"{field}={'null' if value == NOTHING else value}"])
        peak = peak_of(chip, price(chip))
    except ArchsimError as error:
        return np.nan, np.nan, np.nan, np.nan, error.what
    base = before.peak
    return (
        peak.gops_per_w / base.gops_per_w - 1.0,
        peak.tops_per_mm2 / base.tops_per_mm2 - 1.0,
        peak.operations_per_s / base.operations_per_s - 1.0,
        peak.area_m2 / base.area_m2 - 1.0,
        "",
    )


def _sections(
    before: ChipRecord, after: ChipRecord, figures: Sequence[Moved], fields: pd.DataFrame, effects: pd.DataFrame | None
) -> Iterator[Section]:
    yield section(*_lead(before, after))
    yield section(*figure_parts(figures), title="Figures")
    yield section(*_field_parts(before, after, fields, effects), title="Fields")
    yield section(
        parts_table("Power at the peak", "part", power_parts(before, after), _watts),
        parts_table("Energy of an action", "action", action_parts(before, after), joules, adding=False),
        title="Power",
    )
    yield section(parts_table("Of one chip", "component", area_parts(before, after), square_metres), title="Silicon")


def _lead(before: ChipRecord, after: ChipRecord) -> Iterator[Paragraph]:
    for word, record in (("Before", before), ("After", after)):
        about = f": {record.chip.description}" if record.chip.description else ""
        yield Paragraph(word, f": {record.name}{about}")


def _field_parts(
    before: ChipRecord, after: ChipRecord, fields: pd.DataFrame, effects: pd.DataFrame | None
) -> Iterator[Part]:
    if fields.empty:
        yield Remark("Both describe the same chip.")
        return
    yield field_table(fields)
    yield from input_parts("What the figures include", differing(_includes(before), _includes(after)))
    if effects is None:
        yield Remark(
            f"They differ in {len(fields)} fields, too many to tell what each changes: chips of different kinds."
        )
        return
    yield Paragraph("", f"What each of these fields changes alone, on {before.name}; together they need not add up.")
    yield effect_table(effects)


def _includes(record: ChipRecord) -> dict[str, str]:
    return {one.aspect.value: one.extent.value for one in scope_of(record.chip, record.bill).inclusions}


def field_table(fields: pd.DataFrame) -> Table:
    """One row per field that differs."""
    return table(
        "The chips' descriptions",
        names("field", fields.field),
        names("before", fields.before),
        names("after", fields.after),
        names("source of the latter", fields.source),
    )


def effect_table(effects: pd.DataFrame) -> Table:
    """One row per field, with what it changes alone."""
    headings = {
        "GOP/s/W": effects.gops_per_w,
        "TOP/s/mm²": effects.tops_per_mm2,
        "TOP/s": effects.tops,
        "silicon": effects.area,
    }
    return table(
        "One field at a time",
        names("field", effects.field),
        *(numbers(heading, values, _share) for heading, values in headings.items()),
        *([names("not possible alone", effects.fault)] if effects.fault.any() else []),
    )


def _share(change: float) -> str:
    return "" if np.isnan(change) else signed_percent(change)


def _data(
    before: ChipRecord, after: ChipRecord, figures: Sequence[Moved], fields: pd.DataFrame, effects: pd.DataFrame | None
) -> JsonValue:
    return {
        "before": before.name,
        "after": after.name,
        "figures": records(figure_frame(figures)),
        "fields": records(fields),
        "one_at_a_time": None if effects is None else records(effects),
        "power_w": records(power_parts(before, after)),
        "action_j": records(action_parts(before, after)),
        "area_m2": records(area_parts(before, after)),
    }
