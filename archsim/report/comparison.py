"""A comparison for readers: figures by network, the chips, estimates at one node, crossings, and what is not alike."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING

from pydantic import JsonValue

from archsim.comparison import Comparison, crossings, node_text, precision
from archsim.report.document import Bullets, Document, Paragraph, Part, Section, Table, names, numbers, section, table
from archsim.report.quantities import counted, engineering, joules, percent, significant, square_metres
from archsim.report.records import records
from archsim.report.scope import scope_frame

if TYPE_CHECKING:
    import pandas as pd

NOTHING = "-"
"""Where there is no figure."""
_WORDS = {
    "latency_gain": "latency",
    "throughput_gain": "throughput",
    "energy_gain": "energy",
    "density_gain": "density",
}


def comparison_document(found: Comparison) -> Document:
    """All of a comparison."""
    asked = found.question
    what = "  of training " if asked.training else "  of "
    heading = Paragraph("Comparison", f"{what}{_listed(found.frame.network)} on {_listed(found.frame.chip)}")
    baseline = Paragraph("", f"ratios say how many times better than {asked.baseline}: above 1 is better")
    return Document(
        (
            section(heading, baseline),
            *(_network(found, network.name) for network in asked.networks),
            section(chip_table(found)),
            *_not_alike(found),
            *_crossed(found),
            section(scaled_table(found)),
        ),
        comparison_data(found),
        found.frame,
        "Comparison",
    )


def comparison_data(found: Comparison) -> JsonValue:
    """A comparison for programs, in SI units.

    Keys: ``baseline, scaled_to_m, training, rows, includes, differences, crossings``.
    """
    asked = found.question
    return {
        "baseline": asked.baseline,
        "scaled_to_m": asked.node,
        "training": asked.training,
        "rows": records(found.frame),
        "includes": records(_scopes(found)),
        "differences": list(found.differences),
        "crossings": records(crossings(found.frame, asked.baseline)),
    }


def _listed(column: pd.Series[str]) -> str:
    return ", ".join(column.unique())


def _network(found: Comparison, network: str) -> Section:
    rows = found.frame[found.frame.network == network]
    reasons = failed_runs(rows)
    told: list[Part] = [Bullets(reasons)] if reasons else []
    return section(figure_table(rows, _network_title(rows)), bound_table(rows), *told)


def failed_runs(rows: pd.DataFrame) -> tuple[str, ...]:
    """Why rows have no figures, a sentence for each that has none."""
    failures = rows[rows.failure != ""]
    return tuple(
        f"{chip}, {counted(batch, 'sample')}: {failure}"
        for chip, batch, failure in zip(failures.chip, failures.batch.tolist(), failures.failure, strict=True)
    )


def _network_title(rows: pd.DataFrame) -> str:
    operations = rows.operations_per_sample.max()
    each = (rows.reuse / rows.batch).iloc[0]
    training = "training, batches are mini-batches: " if rows.training.all() else ""
    return (
        f"{rows.network.iloc[0]}: {training}{engineering(operations)} operations per sample, "
        f"uses of a weight: {significant(each)}"
    )


def figure_table(rows: pd.DataFrame, title: str) -> Table:
    """The figures of one network.

    Parameters
    ----------
    rows : DataFrame
        Of `archsim.compare`.
    title : str
    """
    return table(
        title,
        names("chip", rows.chip),
        numbers("batch", rows.batch),
        numbers("latency", rows.latency_s, _with("s")),
        numbers("samples/s", rows.throughput_per_s, _number),
        numbers("energy/sample", rows.energy_per_sample_j, _written(joules)),
        numbers("GOP/s/W", rows.gops_per_w, _number),
        numbers("TOP/s/mm²", rows.tops_per_mm2, _number),
        numbers("chips", rows.chips, _number),
        numbers("silicon", rows.area_m2, _written(square_metres)),
        numbers("power", rows.power_w, _with("W")),
    )


def bound_table(rows: pd.DataFrame) -> Table:
    """How many times better than the baseline each chip is, and what bounds it."""
    return table(
        "",
        names("chip", rows.chip),
        numbers("batch", rows.batch),
        *(numbers(f"x {word}", rows[gain], _ratio) for gain, word in _WORDS.items()),
        numbers("of peak", rows.of_peak, _written(percent)),
        numbers("leakage", rows.leakage_share, _written(percent)),
        names("bound by", rows.bound_by),
        names("", rows.bound),
    )


def chip_table(found: Comparison) -> Table:
    """The chips: node, precision, and what their figures include."""
    chips, scopes = found.question.chips, _scopes(found)
    return table(
        "The chips, and what their figures of power, energy and area include",
        names("chip", (chip.name for chip in chips)),
        numbers("node", (node_text(chip.technology.node) for chip in chips)),
        names("inputs x weights", map(precision, chips)),
        *(names(str(title), scopes[title]) for title in scopes.columns[1:]),
    )


def _scopes(found: Comparison) -> pd.DataFrame:
    return scope_frame([(device.chip.name, device.scope) for device in found.question.devices])


def scaled_table(found: Comparison) -> Table:
    """Figures at one node, as if all of each chip scaled like logic."""
    rows = found.frame
    return table(
        f"Estimates: at {node_text(found.question.node)}, had every part of a chip scaled as logic does "
        "(Stillmaker and Baas, 2017)",
        names("network", rows.network),
        names("chip", rows.chip),
        numbers("from", (node_text(node) for node in rows.node_m)),
        numbers("batch", rows.batch),
        numbers("latency", rows.scaled_latency_s, _with("s")),
        numbers("samples/s", rows.scaled_throughput_per_s, _number),
        numbers("energy/sample", rows.scaled_energy_per_sample_j, _written(joules)),
        numbers("GOP/s/W", rows.scaled_gops_per_w, _number),
        numbers("TOP/s/mm²", rows.scaled_tops_per_mm2, _number),
        numbers("silicon", rows.scaled_area_m2, _written(square_metres)),
    )


def _not_alike(found: Comparison) -> tuple[Section, ...]:
    return (section(Paragraph("Not alike"), Bullets(found.differences)),) if found.differences else ()


def _crossed(found: Comparison) -> tuple[Section, ...]:
    frame = crossings(found.frame, found.question.baseline)
    return (section(crossing_table(frame)),) if len(frame) else ()


def crossing_table(frame: pd.DataFrame) -> Table:
    """Where one chip overtakes another.

    Parameters
    ----------
    frame : DataFrame
        As `archsim.comparison.crossings` makes it.
    """
    between = [f"{low} and {high}" for low, high in zip(frame.below, frame.above, strict=True)]
    return table(
        "Crossovers, interpolated between two batches",
        names("network", frame.network),
        names("chip", frame.chip),
        names("figure", frame.figure.map(_WORDS)),
        numbers("batch", frame.batch, _number),
        numbers("uses of a weight", frame.reuse, _number),
        names("between", between),
        names("beyond it wins", frame.wins),
    )


def _written(write: Callable[[float], str]) -> Callable[[float], str]:
    """Writes a figure, where there is one."""
    return lambda value: write(value) if isfinite(value) else NOTHING


def _with(unit: str) -> Callable[[float], str]:
    return _written(lambda value: engineering(value, unit))


def _number(value: float) -> str:
    return significant(value) if isfinite(value) else NOTHING


def _ratio(value: float) -> str:
    return significant(value, digits=3) if isfinite(value) else NOTHING
