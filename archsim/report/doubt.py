"""How far a headline can be believed, for readers: bands, and the numbers that matter most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import JsonValue

from archsim.report.differences.parts import around_middle
from archsim.report.document import Document, Paragraph, Part, Table, names, numbers, section, spans, table
from archsim.report.ladder import signed_percent
from archsim.report.quantities import counted, engineering, joules, significant, square_metres
from archsim.report.records import records

if TYPE_CHECKING:
    import pandas as pd

    from archsim.studies import Uncertainty

SHOWN = "gops_per_w"
"""The figure whose tornado is shown; `Uncertainty.tornado` gives that of any."""
_FIGURES: Mapping[str, tuple[str, Callable[[float], str]]] = MappingProxyType(
    {
        "throughput_per_s": ("throughput", lambda value: f"{significant(value)} samples/s"),
        "latency_s": ("latency", lambda value: engineering(value, "s")),
        "energy_per_sample_j": ("energy", lambda value: f"{joules(value)}/sample"),
        "power_w": ("power", lambda value: engineering(value, "W")),
        "gops_per_w": ("efficiency", lambda value: f"{significant(value)} GOP/s/W"),
        "tops_per_mm2": ("density", lambda value: f"{significant(value)} TOP/s/mm²"),
        "area_m2": ("silicon", square_metres),
    }
)


def doubt_parts(found: Uncertainty) -> Iterator[Part]:
    """Bands of the headline, and a tornado of its efficiency."""
    yield Paragraph(
        "",
        f"With a range: {counted(len(found.ranged), 'number')} of the chip; the others are taken as exact. Worst case: "
        f"each at the end that is worse by itself, all at once. Drawn: {counted(len(found.draws), 'chip')} with all of "
        "them drawn evenly between their ends, from the 5th to the 95th hundredth.",
    )
    yield band_table(found.bands)
    yield tornado_table(found.tornado(SHOWN))


def doubted(report: Document, found: Uncertainty) -> Document:
    """A run's report, and behind it how far its headline can be believed."""
    assert isinstance(report.data, dict)
    more = section(Paragraph("Uncertainty"), *doubt_parts(found))
    return replace(report, sections=(*report.sections, more), data={**report.data, "uncertainty": doubt_data(found)})


def band_table(frame: pd.DataFrame) -> Table:
    """One row per figure of the headline."""
    writes = [_FIGURES[figure] for figure in frame.figure]
    columns = {
        "as described": frame.value,
        "worst case from": frame.worst_low,
        "worst case to": frame.worst_high,
        "drawn from": frame.low,
        "drawn to": frame.high,
    }
    return table(
        "Bands",
        names("figure", (name for name, _ in writes)),
        *(
            numbers(heading, [write(value) for (_, write), value in zip(writes, values, strict=True)])
            for heading, values in columns.items()
        ),
    )


def tornado_table(frame: pd.DataFrame) -> Table:
    """One row per number, the one that moves the figure most first."""
    name, write = _FIGURES[SHOWN]
    top = float(frame[["change_low", "change_high"]].abs().to_numpy().max(initial=0.0)) or 1.0
    bars = [
        (*around_middle(low / top), *around_middle(high / top))
        for low, high in zip(frame.change_low, frame.change_high, strict=True)
    ]
    return table(
        f"The numbers that {name} hangs on: each alone at both of its ends",
        names("field", frame.field),
        names("value", frame.value),
        names("from", frame.low),
        names("to", frame.high),
        spans("", bars),
        numbers("at the lower", frame.at_low, write),
        numbers("", frame.change_low, signed_percent),
        numbers("at the higher", frame.at_high, write),
        numbers("", frame.change_high, signed_percent),
    )


def doubt_data(found: Uncertainty) -> JsonValue:
    """For programs, in SI units: ``bands, tornado`` (of GOP/s/W), ``draws``."""
    return {
        "bands": records(found.bands),
        "tornado": records(found.tornado(SHOWN)),
        "draws": len(found.draws),
    }
