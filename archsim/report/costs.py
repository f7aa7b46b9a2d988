"""A component's cost and its models as tables."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pydantic import JsonValue

from archsim.cost import CostModel, Figure, Kind, Quote, models
from archsim.errors import InputError
from archsim.report.document import Document, Paragraph, section
from archsim.report.frames import frame_table
from archsim.report.quantities import engineering, joules, square_metres
from archsim.report.records import records

if TYPE_CHECKING:
    import pandas as pd


def quote_table(quote: Quote) -> pd.DataFrame:
    """One row per figure: ``quantity, value, formula, source``."""
    import pandas as pd  # late: a third of a start

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
    return pd.DataFrame(
        [(name, value, figure.formula, figure.source) for name, value, figure in rows],
        columns=["quantity", "value", "formula", "source"],
    )


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


def parameter_table(model: CostModel) -> pd.DataFrame:
    """One row per parameter of a model: ``parameter, unit, default``."""
    import pandas as pd  # late: a third of a start

    rows = [(parameter.name, parameter.unit, parameter.default) for parameter in model.parameters]
    return pd.DataFrame(rows, columns=["parameter", "unit", "default"])


def quote_document(quote: Quote) -> Document:
    """A component's cost: each figure with its formula and source."""
    frame = quote_table(quote)
    notes = tuple(Paragraph("", note) for note in quote_notes(quote))
    sections = (
        section(_heading(quote.model)),
        section(frame_table(frame, sentences=("formula", "source"))),
        *([section(*notes)] if notes else []),
    )
    return Document(sections, _quote_data(quote), frame)


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
    import pandas as pd  # late: a third of a start

    frames = [parameter_table(model) for model in known]
    sections = (section(_heading(model), frame_table(frame)) for model, frame in zip(known, frames, strict=True))
    data: JsonValue = [
        {**_model_data(model), "parameters": records(frame)} for model, frame in zip(known, frames, strict=True)
    ]
    whole = [frame.assign(model=model.name) for model, frame in zip(known, frames, strict=True)]
    return Document(tuple(sections), data, pd.concat(whole, ignore_index=True))


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
