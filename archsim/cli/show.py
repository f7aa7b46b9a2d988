"""``archsim show``: one thing in detail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from rich.text import Text

from archsim.cli.grouping import grouped
from archsim.cli.guard import guarded
from archsim.cli.options import BatchOptions, ChipOptions, EngineName, NetworkOptions, ReplicationOptions
from archsim.cli.show_chip import chip
from archsim.cli.show_cost import cost
from archsim.cli.terminal import show, write, write_csv

app = typer.Typer(help="Show a chip, a network, a placement, a program or a component's cost.", no_args_is_help=True)
app.command("chip")(guarded(chip))


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How a table is printed."""

    json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False
    csv: Annotated[bool, typer.Option("--csv", help="Print the table as CSV, and nothing else.")] = False


@app.command("network")
@guarded
@grouped
def network(model: NetworkOptions, table: TableOptions) -> None:
    """Show a network: its layers, weights and multiply-accumulates per sample."""
    from archsim.report import json_text, network_facts, network_table, network_view, records

    loaded = model.load()
    if table.csv:
        write_csv(network_table(loaded))
    elif table.json:
        write(json_text(records(network_table(loaded))))
    else:
        show(Text(f"{loaded.name}: {network_facts(loaded)}", style="bold"), Text(), network_view(loaded))


@app.command("placement")
@guarded
@grouped
def placement(model: NetworkOptions, chip: ChipOptions, replication: ReplicationOptions, table: TableOptions) -> None:
    """Show where a network lies on a chip: tiles and chips used, blocks of each layer, how far data travels.

    Links are counted on and between chips, averaged over all pairs of a node that makes a layer's input and one that
    reads it.
    """
    from archsim.report import placement_facts, placement_json, placement_table, placement_view

    placed = replication.place(model.load(), chip.load())
    if table.csv:
        write_csv(placement_table(placed))
    elif table.json:
        write(placement_json(placed))
    else:
        show(Text(placement_facts(placed), style="bold"), Text(), placement_view(placed))


@app.command("program")
@guarded
@grouped
def program(
    model: NetworkOptions,
    chip: ChipOptions,
    replication: ReplicationOptions,
    batch: BatchOptions,
    *,
    limit: Annotated[int, typer.Option(metavar="N", min=0, help="Lines of each table; 0 for all of them.")] = 20,
) -> None:
    """Show the program that the engines run: resources, actors and channels, as text."""
    from archsim.lowering import lower
    from archsim.program import text_lines

    settings = batch.settings(replication, EngineName.COMPILED)
    lowered = lower(replication.place(model.load(), chip.load()), batch=settings.batch, interleave=settings.interleave)
    for line in text_lines(lowered, limit=limit or None):
        write(line)


app.command("cost")(guarded(cost))
