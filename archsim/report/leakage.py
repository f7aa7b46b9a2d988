"""What each part of a chip leaks for its area, beside what transistors of its process leak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from archsim.chip import Chip, Source
from archsim.columns import Columns, Reals, Texts
from archsim.cost import Bill, Component
from archsim.cost.leakage import SOURCE, THRESHOLD_STEP, logic_leakage
from archsim.cost.scaling import Flavour, Point
from archsim.machine import Part, parts
from archsim.report.document import Document, Paragraph, Table, names, numbers, prose, section, table
from archsim.report.quantities import counted, engineering, significant, square_metres
from archsim.report.records import records

WITHIN = 3.0
"""How far from its process's transistors a part's leakage may be, to need no explanation."""


@dataclass(frozen=True, slots=True, eq=False)
class LeakageTable(Columns):
    """What each part of one chip leaks.

    Parameters
    ----------
    component : str, shape (components,)
    instances : int64 or float64, shape (components,)
    area_m2, leakage_w : float64, shape (components,)
        Of all instances.
    density_w_m2 : float64, shape (components,)
        Not a number where the part takes no area.
    relative : float64, shape (components,)
        To the chip's transistors.
    verdict : str, shape (components,)
        ``outlier`` beyond `WITHIN` times the density of high-performance transistors, or as far below that of low-power
        ones; ``none`` where nothing leaks, ``no area`` where nothing can be compared, ``a share`` where a part draws
        one of what others leak.
    why, source : str, shape (components,)
    """

    component: Texts
    instances: NDArray[np.int64 | np.float64]
    area_m2: Reals
    leakage_w: Reals
    density_w_m2: Reals
    relative: Reals
    verdict: Texts
    why: Texts
    source: Texts


def leakage_table(chip: Chip, bill: Bill, given: Sequence[Source]) -> LeakageTable:
    """What each part of one chip leaks, one row per component."""
    reference = process_density(chip, "high-performance")
    by_name = {part.name: part for part in parts(chip)}
    reasons = {source.path: source.source for source in given}
    return LeakageTable.of_rows(
        [_row(part, bill.leaking(part), by_name[part.name], reference, reasons) for part in bill.components]
    )


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
    leaking = leakage_table(chip, bill, given)
    data: JsonValue = {
        "chip": chip.name,
        "density_w_m2": {
            "high-performance": process_density(chip, "high-performance"),
            "low-power": process_density(chip, "low-power"),
        },
        "components": records(leaking),
    }
    lines = [
        Paragraph(f"{chip.name}: {engineering(float(leaking.leakage_w.sum()), 'W')}", _process(chip)),
        *_outliers(leaking),
    ]
    return Document((section(*lines), section(_shown(leaking))), data, leaking)


def _process(chip: Chip) -> str:
    technology = chip.technology
    fast, slow = process_density(chip, "high-performance"), process_density(chip, "low-power")
    return (
        f" drawn by one chip without work; at {technology.node / 1e-9:g} nm, {technology.supply:g} V and "
        f"{technology.temperature:g} K high-performance transistors leak {fast / 1e3:.3g} mW/mm², low-power ones "
        f"{slow / 1e3:.3g} ({SOURCE})"
    )


def _outliers(leaking: LeakageTable) -> Iterator[Paragraph]:
    far = leaking.take(leaking.verdict == "outlier")
    for name, times, why in zip(far.component, far.relative, far.why, strict=True):
        yield Paragraph(f"outlier: {name}", f" leaks {significant(times)} times as much as its area of logic: {why}")
    silent = leaking.component[(leaking.verdict == "none") & (leaking.area_m2 > 0)].tolist()
    if silent:
        yield Paragraph("", f"{counted(len(silent), 'part')} on the die without leakage: {', '.join(silent)}")


def _shown(leaking: LeakageTable) -> Table:
    return table(
        "",
        names("component", leaking.component),
        numbers("instances", leaking.instances),
        numbers("area", leaking.area_m2, square_metres),
        numbers("leakage", leaking.leakage_w, lambda watts: engineering(watts, "W")),
        numbers("mW/mm²", leaking.density_w_m2 / 1e3, _or_nothing),
        numbers("of logic's", leaking.relative, _or_nothing),
        names("", leaking.verdict),
        prose("why", leaking.why),
    )


def _or_nothing(value: float) -> str:
    return "" if value != value else f"{value:.3g}"
