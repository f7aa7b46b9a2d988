"""``archsim show cost``: what a component costs, by which formula, from which source."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.printing import TablePrintOptions

if TYPE_CHECKING:
    from archsim.report import Document


@grouped
def cost(
    printing: TablePrintOptions,
    *,
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
    asked = [*(settings or []), *([f"model={model}"] if model and settings else [])]
    printing.print(_quoted(component, asked) if settings else _models(component, model))


def _quoted(component: str, settings: list[str]) -> Document:
    from archsim.cost import CostRangeWarning, quote
    from archsim.report.costs import quote_document

    with warnings.catch_warnings():
        # The quote carries the same sentences, which are shown below the table.
        warnings.simplefilter("ignore", CostRangeWarning)
        return quote_document(quote(component, settings))


def _models(component: str, name: str | None) -> Document:
    from archsim.report.costs import models_document, models_of

    return models_document(models_of(component, name))
