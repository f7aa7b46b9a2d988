"""``archsim show chip``: a chip's whole description, its peak figures, and its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from archsim.cli.options import DEFAULT_CHIP
from archsim.cli.terminal import show, write, write_csv
from archsim.errors import ArchsimError

if TYPE_CHECKING:
    from archsim.chip import Chip


def chip(
    name: Annotated[
        str,
        typer.Argument(metavar="CHIP", help="A name that [bold]archsim list chips[/] shows, or a chip file in YAML."),
    ] = DEFAULT_CHIP,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Change a field, as tile.adc.bits=6.")
    ] = None,
    sources: Annotated[bool, typer.Option("--sources", help="Show where each value comes from.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the sources as CSV, and nothing else.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of chip files, for editors that check YAML.")
    ] = False,
) -> None:
    """Show a chip: its whole description as a chip file, headed by its area and peak figures.

    The output is itself a chip file: [cyan]archsim show chip pcm-mesh-14nm > my.yaml[/].
    """
    if schema:
        _show_schema()
    elif sources or csv:
        _show_sources(name, tuple(overrides or ()), csv=csv)
    else:
        _show_description(name, tuple(overrides or ()))


def _show_schema() -> None:
    from archsim.chip import json_schema
    from archsim.report import json_text

    write(json_text(json_schema()))


def _show_sources(name: str, overrides: tuple[str, ...], *, csv: bool) -> None:
    from archsim.chip import load_chip, sources
    from archsim.report import frame_table, source_facts, source_table

    load_chip(name, overrides)
    given = sources(name, overrides)
    if csv:
        write_csv(source_table(given))
    else:
        show(
            Text(f"{name}: {source_facts(given)}", style="bold"),
            Text(),
            frame_table(source_table(given), sentences=("value", "source")),
        )


def _show_description(name: str, overrides: tuple[str, ...]) -> None:
    from archsim.chip import load_chip, resolved_yaml

    loaded = load_chip(name, overrides)
    write(f"# {_facts(loaded)}")
    write(resolved_yaml(loaded).rstrip())


def _facts(loaded: Chip) -> str:
    """One line, also for a chip whose costs are incomplete."""
    from archsim.cost import price
    from archsim.report import chip_facts

    try:
        return chip_facts(loaded, price(loaded))
    except ArchsimError as error:
        return f"no peak figures: {error.where}: {error.what}"
