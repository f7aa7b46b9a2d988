"""``archsim list``: the names that other commands understand."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from archsim.cli.terminal import show


class Shelf(StrEnum):
    """What can be listed."""

    NETWORKS = "networks"
    CHIPS = "chips"
    COSTS = "costs"


def list_names(
    what: Annotated[
        Shelf | None, typer.Argument(help="Which of them; networks and chips by default.", show_default=False)
    ] = None,
) -> None:
    """List the networks, chips and cost models that come with archsim."""
    listings: dict[Shelf, Callable[[], RenderableType]] = {
        Shelf.NETWORKS: _networks,
        Shelf.CHIPS: _chips,
        Shelf.COSTS: _costs,
    }
    for number, shelf in enumerate([what] if what else [Shelf.NETWORKS, Shelf.CHIPS]):
        show(*([Text()] if number else []), listings[shelf]())


def _networks() -> RenderableType:
    from archsim import workloads
    from archsim.report import names, plain_table, prose
    from archsim.workloads.trained import TRAINED

    known = (*workloads.names(), *(model.name for model in TRAINED))
    summaries = (*map(workloads.describe, workloads.names()), *(f"trained: {model.summary}" for model in TRAINED))
    return plain_table("Networks: archsim run NAME", names("name", known), prose("what it is", summaries))


def _chips() -> RenderableType:
    from archsim.chip import chip_names, describe
    from archsim.report import names, plain_table, prose

    known = chip_names()
    return plain_table(
        "Chips: archsim run NETWORK --chip NAME", names("name", known), prose("what it is", map(describe, known))
    )


def _costs() -> RenderableType:
    from archsim.cost import models
    from archsim.report import names, plain_table, prose

    known = sorted(models(), key=lambda model: (model.kind, model.name))
    return plain_table(
        "Cost models: archsim show cost COMPONENT --model NAME",
        names("component", (model.kind for model in known)),
        names("model", (model.name for model in known)),
        prose("fitted for", (model.validity for model in known)),
    )
