"""What each part of a chip leaks for its area, beside what transistors of its process leak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from archsim.chip import Chip, Source
from archsim.cost import Bill, Component
from archsim.cost.leakage import SOURCE, THRESHOLD_STEP, logic_leakage
from archsim.cost.scaling import Flavour, Point
from archsim.machine import Part, parts
from archsim.report.document import Document, Paragraph, Table, names, numbers, prose, section, table
from archsim.report.quantities import counted, engineering, significant, square_metres
from archsim.report.records import records

if TYPE_CHECKING:
    import pandas as pd

WITHIN = 3.0
"""How far from its process's transistors a part's leakage may be, to need no explanation."""


def leakage_table(chip: Chip, bill: Bill, given: Sequence[Source]) -> pd.DataFrame:
    """What each part of one chip leaks.

    Returns
    -------
    DataFrame
        One row per component: ``component, instances, area_m2, leakage_w`` (of all instances), ``density_w_m2`` (NaN
        where it takes no area), ``relative`` (to the chip's transistors), ``verdict, why, source``. The verdict is
        ``outlier`` beyond `WITHIN` times the density of high-performance transistors, or as far below that of low-power
        ones; ``none`` where nothing leaks, ``no area`` where nothing can be compared, ``a share`` where a part draws
        one of what others leak.
    """
    import pandas as pd  # late: a third of a start

    reference = process_density(chip, "high-performance")
    by_name = {part.name: part for part in parts(chip)}
    reasons = {source.path: source.source for source in given}
    rows = [_row(part, bill.leaking(part), by_name[part.name], reference, reasons) for part in bill.components]
    columns = ["component", "instances", "area_m2", "leakage_w", "density_w_m2", "relative", "verdict", "why", "source"]
    return pd.DataFrame(rows, columns=columns)


def process_density(chip: Chip, flavour: Flavour) -> float:
    """Watts per square metre that transistors of a flavour leak at a chip's node, supply and temperature."""
    technology = chip.technology
    point = Point(technology.node, technology.supply, flavour, technology.temperature, technology.leakage_scale or 1.0)
    return logic_leakage(1.0, point).value


def _row(
    component: Component, leakage: float, part: Part, reference: float, reasons: dict[str, str]
) -> tuple[str, int, float, float, float, float, str, str, str]:
    area = component.count * component.area_m2.value
    ratio = leakage / area if area else float("nan")
    why = component.leakage_w.formula
    if part.choice.leakage is not None:
        why = f"given: {reasons.get(f'{part.where}.leakage', '') or 'without a reason'}"
    return (
        component.name,
        component.count,
        area,
        leakage,
        ratio,
        ratio / reference,
        "a share" if component.along else _verdict(leakage, ratio / reference),
        why,
        component.leakage_w.source,
    )


def _verdict(leakage: float, relative: float) -> str:
    if leakage == 0:
        return "none"
    if relative != relative:
        return "no area"
    return "as its process" if THRESHOLD_STEP / WITHIN <= relative <= WITHIN else "outlier"


def leakage_document(chip: Chip, bill: Bill, given: Sequence[Source]) -> Document:
    """The table, headed by the chip's density, and the outliers by name."""
    frame = leakage_table(chip, bill, given)
    data: JsonValue = {
        "chip": chip.name,
        "density_w_m2": {
            "high-performance": process_density(chip, "high-performance"),
            "low-power": process_density(chip, "low-power"),
        },
        "components": records(frame),
    }
    lines = [Paragraph(f"{chip.name}: {engineering(frame.leakage_w.sum(), 'W')}", _process(chip)), *_outliers(frame)]
    return Document((section(*lines), section(_shown(frame))), data, frame)


def _process(chip: Chip) -> str:
    technology = chip.technology
    fast, slow = process_density(chip, "high-performance"), process_density(chip, "low-power")
    return (
        f" drawn by one chip without work; at {technology.node / 1e-9:g} nm, {technology.supply:g} V and "
        f"{technology.temperature:g} K high-performance transistors leak {fast / 1e3:.3g} mW/mm², low-power ones "
        f"{slow / 1e3:.3g} ({SOURCE})"
    )


def _outliers(frame: pd.DataFrame) -> Iterator[Paragraph]:
    far = frame[frame.verdict == "outlier"]
    for name, times, why in zip(far.component, far.relative, far.why, strict=True):
        yield Paragraph(f"outlier: {name}", f" leaks {significant(times)} times as much as its area of logic: {why}")
    silent = frame[(frame.verdict == "none") & (frame.area_m2 > 0)].component.tolist()
    if silent:
        yield Paragraph("", f"{counted(len(silent), 'part')} on the die without leakage: {', '.join(silent)}")


def _shown(frame: pd.DataFrame) -> Table:
    return table(
        "",
        names("component", frame.component),
        numbers("instances", frame.instances),
        numbers("area", frame.area_m2, square_metres),
        numbers("leakage", frame.leakage_w, lambda watts: engineering(watts, "W")),
        numbers("mW/mm²", frame.density_w_m2 / 1e3, _or_nothing),
        numbers("of logic's", frame.relative, _or_nothing),
        names("", frame.verdict),
        prose("why", frame.why),
    )


def _or_nothing(value: float) -> str:
    return "" if value != value else f"{value:.3g}"
