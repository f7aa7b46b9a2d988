"""Temperatures for readers: how hot a chip gets, and where."""

from __future__ import annotations

from pydantic import JsonValue

from archsim.accounting.heat import HeatMap
from archsim.report.document import Document, Fact, Facts, Layer, Maps, Paragraph, names, numbers, section, table
from archsim.report.quantities import engineering, significant
from archsim.report.records import records

HOTTEST = 8
"""Sites in the table."""


def heat_document(found: HeatMap, network: str, chip: str) -> Document:
    """A map of temperatures: how hot it gets, the hottest sites, and each chip's floor."""
    frame = found.frame
    data: JsonValue = {
        "network": network,
        "chip": chip,
        "ambient_k": found.cooling.ambient_k,
        "resistance_k_m2_per_w": found.cooling.resistance,
        "thickness_m": found.cooling.thickness_m,
        "leakage_follows": found.follows,
        "power_w": found.power_w,
        "power_before_w": found.before_w,
        "sites": records(frame),
    }
    shown = frame.sort_values("temperature_k", ascending=False, kind="stable").head(HOTTEST)
    sites = table(
        f"The hottest {len(shown)} of {len(frame)} sites",
        names("site", (f"chip {row.chip} site {row.site}" for row in shown.itertuples())),
        numbers("temperature", shown.temperature_k, _kelvin),
        numbers("power", shown.power_w, lambda watts: engineering(watts, "W")),
        numbers("W/mm²", shown.density_w_m2 / 1e6, significant),
        names("layers", shown.layers),
    )
    parts = (Paragraph(f"Heat of {network} on {chip}"), _facts(found))
    return Document((section(*parts), section(sites), section(*_floors(found))), data, frame)


def _kelvin(value: float) -> str:
    return f"{value:.2f} K"


def _facts(found: HeatMap) -> Facts:
    mean = float(found.frame.temperature_k.mean())
    added = engineering(found.power_w - found.before_w, "W")
    leakage = f"{added} of it more leakage than at the chip's own temperature" if found.follows else "leakage held"
    return Facts(
        (
            Fact("hottest", _kelvin(found.hottest_k), f"mean {_kelvin(mean)}, ambient {found.cooling.ambient_k:g} K"),
            Fact("power", engineering(found.power_w, "W"), f"of the sites, {leakage}"),
        )
    )


def _floors(found: HeatMap) -> list[Maps]:
    """Kelvin above the ambient."""
    return [
        Maps(
            f"Chip {chip}",
            int(floor.column.max()) + 1,
            int(floor.row.max()) + 1,
            tuple(f"site {site}" for site in floor.site),
            (Layer("above the ambient", floor.temperature_k.to_numpy() - found.cooling.ambient_k, _kelvin),),
        )
        for chip, floor in found.frame.groupby("chip")
    ]
