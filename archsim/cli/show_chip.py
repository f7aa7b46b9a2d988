"""``archsim show chip``: a chip's whole description, its peak figures, and its sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.options import DEFAULT_CHIP
from archsim.cli.output import refuse_place
from archsim.cli.printing import TablePrintOptions
from archsim.cli.terminal import write

if TYPE_CHECKING:
    from archsim.report import Document


@grouped
def chip(
    printing: TablePrintOptions,
    *,
    name: Annotated[
        str,
        typer.Argument(metavar="CHIP", help="A name that [bold]archsim list chips[/] shows, or a chip file in YAML."),
    ] = DEFAULT_CHIP,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Change a field, as tile.adc.bits=6.")
    ] = None,
    sources: Annotated[bool, typer.Option("--sources", help="Show where each value comes from.")] = False,
    leakage: Annotated[
        bool, typer.Option("--leakage", help="Show what each part leaks, for its area, and which stand out.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of chip files, for editors that check YAML.")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE.html",
            help="Draw the chip to scale on a page: floorplan, tile, array with its periphery, fabric, areas.",
            rich_help_panel="The output",
        ),
    ] = None,
) -> None:
    """Show a chip: its whole description as a chip file, headed by its area and peak figures.

    The output is itself a chip file: [cyan]archsim show chip pcm-mesh-14nm > my.yaml[/]. CSV is that of the sources.

    [cyan]archsim show chip isaac --leakage[/]: watts, area and density of every part, and where each comes from.

    Drawn: [cyan]archsim show chip isaac --html isaac.html[/].
    """
    chosen = tuple(overrides or ())
    if page is not None:
        _draw(page, name, chosen)
    elif leakage:
        printing.print(_leakage(name, chosen))
    else:
        printing.print(_document(name, chosen, schema=schema, sources=sources or printing.csv))


def _leakage(name: str, overrides: tuple[str, ...]) -> Document:
    from archsim.chip import load_chip
    from archsim.chip import sources as sources_of
    from archsim.cost import price
    from archsim.report.leakage import leakage_document

    chip = load_chip(name, overrides)
    return leakage_document(chip, price(chip), sources_of(name, overrides))


def _document(name: str, overrides: tuple[str, ...], *, schema: bool, sources: bool) -> Document:
    from archsim.chip import load_chip
    from archsim.chip import sources as sources_of
    from archsim.report.datasheet import chip_document, schema_document, source_document

    if schema:
        return schema_document()
    chip = load_chip(name, overrides)
    return source_document(name, sources_of(name, overrides)) if sources else chip_document(chip)


def _draw(page: Path, name: str, overrides: tuple[str, ...]) -> None:
    from archsim.chip import load_chip
    from archsim.chip import sources as sources_of
    from archsim.cost import price
    from archsim.report.blueprint import blueprint_document
    from archsim.report.files import publish_text
    from archsim.report.html import html

    refuse_place(page, "--html", (".html",))
    chip = load_chip(name, overrides)
    publish_text(page, html(blueprint_document(chip, price(chip), sources_of(name, overrides))))
    write(f"{page}: {chip.name}")
