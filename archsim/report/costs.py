"""A component's cost and its models as tables."""

from __future__ import annotations

from difflib import get_close_matches

import pandas as pd

from archsim.cost import CostModel, Figure, Kind, Quote, models
from archsim.errors import InputError
from archsim.report.quantities import engineering, square_metres


def quote_table(quote: Quote) -> pd.DataFrame:
    """One row per figure: ``quantity, value, formula, source``."""
    rows = [(f"energy per {action}", engineering(figure.value, "J"), figure) for action, figure in quote.energy_j]
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
    rows = [(parameter.name, parameter.unit, parameter.default) for parameter in model.parameters]
    return pd.DataFrame(rows, columns=["parameter", "unit", "default"])


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
