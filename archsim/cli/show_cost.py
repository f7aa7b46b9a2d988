"""``archsim show cost``: what a component costs, by which formula, from which source."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from archsim.cli.terminal import show

if TYPE_CHECKING:
    from archsim.cost import CostModel


def cost(
    component: Annotated[
        str, typer.Argument(metavar="COMPONENT", help="A kind of component: adc, buffer, router, ...")
    ],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which model; [bold]archsim list costs[/] shows them.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter, as bits=8 or node='14 nm'. Repeatable."),
    ] = None,
) -> None:
    """Show what a component costs: value, formula and source of its energy, area, latency and leakage.

    Without any [bold]--set[/], show which parameters its models take.
    Example: [cyan]archsim show cost adc --set bits=8 --set node='14 nm'[/].
    """
    if settings:
        _show_quote(component, [*settings, *([f"model={model}"] if model else [])])
    else:
        _show_models(component, model)


def _show_quote(component: str, settings: list[str]) -> None:
    from archsim.cost import CostRangeWarning, quote
    from archsim.report import frame_table, quote_notes, quote_table

    with warnings.catch_warnings():
        # The quote carries the same sentences, which are shown below the table.
        warnings.simplefilter("ignore", CostRangeWarning)
        quoted = quote(component, settings)
    show(_heading(quoted.model), Text(), frame_table(quote_table(quoted), sentences=("formula", "source")))
    show(Text(), *(Text(note) for note in quote_notes(quoted)))


def _show_models(component: str, name: str | None) -> None:
    from archsim.report import frame_table, models_of, parameter_table

    for model in models_of(component, name):
        show(_heading(model), frame_table(parameter_table(model)), Text())


def _heading(model: CostModel) -> Text:
    text = Text(f"{model.kind}, model {model.name}", style="bold")
    return text.append(f"\nfitted for {model.validity}; source: {model.source}", style="not bold")
