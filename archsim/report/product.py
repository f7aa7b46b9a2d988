"""One product's time line and energy, to be read."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from archsim.accounting.product import Product
from archsim.chip import Chip
from archsim.machine import Pass
from archsim.report.document import Document, Paragraph, Span, Table, bars, names, numbers, section, spans, table
from archsim.report.quantities import engineering, joules, percent, significant
from archsim.report.records import records
from archsim.report.tones import Tone

WIDTH = 40
"""Characters of a time line."""
_TONES = {"convert": Tone.CONVERSION, "integrate": Tone.PRODUCT, "multiply": Tone.PRODUCT, "program": Tone.PRODUCT,
          "fetch": Tone.MEMORY}  # fmt: skip
_SHORTEST = 1 / WIDTH


def product_document(chip: Chip, product: Product) -> Document:
    """When the stages of a product work, and what it costs by action; CSV is that of the stages."""
    data: JsonValue = {
        "chip": chip.name,
        "rows": product.rows,
        "columns": product.columns,
        "pass": product.doing.value,
        "latency_s": product.latency_s,
        "interval_s": product.interval_s,
        "energy_j": product.energy_j,
        "stages": records(product.stages),
        "actions": records(product.actions),
    }
    lines = [Paragraph(f"{chip.name}: {_what(product)}", _figures(product))]
    return Document((section(*lines), section(_line(product)), section(_costs(product))), data, product.stages)


def _what(product: Product) -> str:
    noun = "a product with" if product.doing is Pass.FORWARD else "writing"
    return f"{noun} a block of {product.rows:,} x {product.columns:,} weights"


def _figures(product: Product) -> str:
    facts = [
        f" takes {_seconds(product.latency_s)}, one after the other every {_seconds(product.interval_s)}",
        f"{joules(product.energy_j)}, transport of its operands and leakage aside",
    ]
    if product.operations:
        facts.append(f"{engineering(product.operations / product.interval_s, 'OP/s')} an array")
    if product.operations and product.energy_j:
        facts.append(f"{engineering(product.operations / product.energy_j, 'OP/J')}")
    return "; ".join(facts)


def _line(product: Product) -> Table:
    stages = product.stages
    return table(
        "When its stages work: each resource is free again for the next product when its line ends",
        names("stage", stages.stage),
        names("on", stages.resource),
        numbers("from", stages.start_s, _seconds),
        numbers("output", stages.output_s, _seconds),
        numbers("free", stages.free_s, _seconds),
        numbers("energy", stages.energy_j, joules),
        spans("", _spans(product)),
        width=WIDTH,
    )


def _seconds(value: float) -> str:
    return engineering(value, "s")


def _spans(product: Product) -> Iterator[tuple[Span, ...]]:
    stages = product.stages
    whole = max(product.latency_s, float(stages.free_s.max()))
    for stage, start, free in zip(stages.stage, stages.start_s / whole, stages.free_s / whole, strict=True):
        stop = min(1.0, max(free, start + _SHORTEST))
        yield (Span(min(start, 1 - _SHORTEST), stop, _TONES.get(stage, Tone.DIGITAL)),)


def _costs(product: Product) -> Table:
    actions, whole = product.actions, product.energy_j
    shares = actions.energy_j / whole if whole else actions.energy_j
    return table(
        "What it costs, action by action",
        names("stage", actions.stage),
        names("component", actions.component),
        names("action", actions.action),
        numbers("count", actions["count"], significant),
        numbers("each", actions.each_j, joules),
        numbers("energy", actions.energy_j, joules),
        numbers("", shares, percent),
        bars(shares),
    )
