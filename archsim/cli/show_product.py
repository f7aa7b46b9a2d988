"""``archsim show product``: one product on one array, stage by stage."""

from __future__ import annotations

from typing import Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.options import DEFAULT_CHIP
from archsim.cli.printing import TablePrintOptions


@grouped
def product(
    printing: TablePrintOptions,
    *,
    name: Annotated[
        str,
        typer.Argument(metavar="CHIP", help="A name that [bold]archsim list chips[/] shows, or a chip file in YAML."),
    ] = DEFAULT_CHIP,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Change a field, as tile.adc.bits=6.")
    ] = None,
    rows: Annotated[int | None, typer.Option(help="Rows of the block of weights; a full one where not given.")] = None,
    columns: Annotated[int | None, typer.Option(help="Columns of the block of weights, likewise.")] = None,
    writing: Annotated[bool, typer.Option("--writing", help="Show how the block is written instead.")] = False,
) -> None:
    """Show one product on one array, alone: when each of its stages works, and what each of its actions costs.

    Examples: [cyan]archsim show product isaac[/], [cyan]archsim show product hermes-core --rows 64 --columns 16[/].
    """
    from archsim.accounting.product import product_of
    from archsim.chip import load_chip
    from archsim.cost import price
    from archsim.machine import Pass
    from archsim.report.product import product_document

    chip = load_chip(name, tuple(overrides or ()))
    doing = Pass.PROGRAM if writing else Pass.FORWARD
    found = product_of(chip, price(chip), rows=rows, columns=columns, doing=doing)
    printing.print(product_document(chip, found))
