"""A component's cost and its models as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import JsonValue

from archsim.columns import Columns, Texts, texts
from archsim.cost import CostModel, Figure, Kind, Quote, models
from archsim.errors import InputError
from archsim.report.document import Document, Paragraph, section
from archsim.report.plain import plain_table
from archsim.report.quantities import engineering, joules, square_metres
from archsim.report.records import records


@dataclass(frozen=True, slots=True, eq=False)
class QuoteTable(Columns):
    """What a component takes, in words; every column of shape ``(figures,)``."""

    quantity: Texts
    value: Texts
    formula: Texts
    source: Texts


def quote_table(quote: Quote) -> QuoteTable:
    """One row per figure."""
    rows = [(f"energy per {action}", joules(figure.value), figure) for action, figure in quote.energy_j]
    rows += [
        (name, text(figure), figure)
        for name, figure, text in (
            ("area", quote.area_m2, _area),
            ("leakage", quote.leakage_w, lambda figure: engineering(figure.value, "W")),
            ("latency", quote.latency_s, lambda figure: engineering(figure.value, "s")),
        )
        if figure is not None
    ]
    return QuoteTable.of_rows([(name, value, figure.formula, figure.source) for name, value, figure in rows])


def _area(figure: Figure) -> str:
    return square_metres(figure.value)


def quote_notes(quote: Quote) -> tuple[str, ...]:
    """What to know of a quote: parameters outside the fitted range, figures that are missing, other models."""
    missing = [
        name
        for name, figure in (("area", quote.area_m2), ("leakage", quote.leakage_w), ("latency", quote.latency_s))
        if figure is None
    ]
    return (
        *(f"outside the fitted range: {note}" for note in quote.notes),
        *([f"the model says nothing of {', '.join(missing)}"] if missing else []),
        *([f"other models: {', '.join(quote.alternatives)}"] if quote.alternatives else []),
    )


@dataclass(frozen=True, slots=True, eq=False)
class ParameterTable(Columns):
    """What a cost model takes, in words; every column of shape ``(parameters,)``."""

    parameter: Texts
    unit: Texts
    default: Texts


@dataclass(frozen=True, slots=True, eq=False)
class ModelParameterTable(ParameterTable):
    """The same of several models."""

    model: Texts


def parameter_table(model: CostModel) -> ParameterTable:
    """One row per parameter of a model."""
    return ParameterTable.of_rows([(one.name, one.unit, one.default) for one in model.parameters])


def quote_document(quote: Quote) -> Document:
    """A component's cost: each figure with its formula and source."""
    figures = quote_table(quote)
    notes = tuple(Paragraph("", note) for note in quote_notes(quote))
    sections = (
        section(_heading(quote.model)),
        section(plain_table(figures, sentences=("formula", "source"))),
        *([section(*notes)] if notes else []),
    )
    return Document(sections, _quote_data(quote), figures)


def _quote_data(quote: Quote) -> JsonValue:
    named = (("area_m2", quote.area_m2), ("leakage_w", quote.leakage_w), ("latency_s", quote.latency_s))
    return {
        **_model_data(quote.model),
        "energy_j": {action: _figure_data(figure) for action, figure in quote.energy_j},
        **{name: None if figure is None else _figure_data(figure) for name, figure in named},
        "notes": list(quote_notes(quote)),
    }


def _figure_data(figure: Figure) -> JsonValue:
    return {"value": figure.value, "formula": figure.formula, "source": figure.source}


def _model_data(model: CostModel) -> dict[str, JsonValue]:
    return {
        "component": str(model.kind),
        "model": model.name,
        "validity": model.validity,
        "source": model.source,
    }


def models_document(known: Sequence[CostModel]) -> Document:
    """Cost models and the parameters that they take."""
    tables = [parameter_table(model) for model in known]
    sections = (section(_heading(model), plain_table(each)) for model, each in zip(known, tables, strict=True))
    data: JsonValue = [
        {**_model_data(model), "parameters": records(each)} for model, each in zip(known, tables, strict=True)
    ]
    whole = [
        ModelParameterTable.extending(each, texts([model.name] * len(each)))
        for model, each in zip(known, tables, strict=True)
    ]
    return Document(tuple(sections), data, ModelParameterTable.concatenate(whole))


def _heading(model: CostModel) -> Paragraph:
    return Paragraph(f"{model.kind}, model {model.name}", f"\nfitted for {model.validity}; source: {model.source}")


def models_of(component: str, name: str | None = None) -> tuple[CostModel, ...]:
    """The models of a kind of component, or the one of that name.

    Raises
    ------
    InputError
        If there is no such kind or model.
    """
    of_kind = [model for model in models() if model.kind == component]
    if not of_kind:
        raise _unknown(component, "kind of component", [str(kind) for kind in Kind])
    found = tuple(model for model in of_kind if name in (None, model.name))
    if not found:
        raise _unknown(str(name), f"cost model for {component}", [model.name for model in of_kind])
    return found


def _unknown(word: str, what: str, known: list[str]) -> InputError:
    near = get_close_matches(word, known, n=1)
    remedy = f"Did you mean {near[0]!r}?" if near else f"Choose one of: {', '.join(known)}."
    return InputError(f"there is no {what} {word!r}", where="archsim show cost", remedy=remedy)
