"""``archsim list``: the names that other commands understand."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.printing import PrintOptions

if TYPE_CHECKING:
    from archsim.report import Document


class Shelf(StrEnum):
    """What can be listed."""

    NETWORKS = "networks"
    CHIPS = "chips"
    COSTS = "costs"


@grouped
def list_names(
    printing: PrintOptions,
    *,
    what: Annotated[
        Shelf | None, typer.Argument(help="Which of them; networks and chips by default.", show_default=False)
    ] = None,
) -> None:
    """List the networks, chips and cost models that come with archsim.

    Examples: [cyan]archsim list[/], [cyan]archsim list chips[/], [cyan]archsim list costs --json[/].
    """
    printing.print(_document(what))


def _document(what: Shelf | None) -> Document:
    from archsim.report import catalogue

    match what:
        case Shelf.NETWORKS:
            return catalogue.network_list()
        case Shelf.CHIPS:
            return catalogue.chip_list()
        case Shelf.COSTS:
            return catalogue.cost_list()
        case None:
            return catalogue.everything()
