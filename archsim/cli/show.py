"""``archsim show``: one thing in detail."""

from __future__ import annotations

from typing import Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.guard import Guarded
from archsim.cli.options import BatchOptions, ChipOptions, NetworkOptions, ReplicationOptions
from archsim.cli.printing import PrintOptions, TablePrintOptions
from archsim.cli.show_chip import chip
from archsim.cli.show_cost import cost
from archsim.cli.show_product import product

app = typer.Typer(
    help="Show a chip, a product, a network, a placement, a program, a study or a component's cost.", cls=Guarded
)
app.command("chip")(chip)
app.command("product")(product)


@app.command("study")
@grouped
def study(
    printing: PrintOptions,
    *,
    name: Annotated[
        str, typer.Argument(metavar="STUDY", help="A study that comes with archsim, or a study file.")
    ] = "converters",
) -> None:
    """Show a study for archsim explore, to begin one of your own.

    Example: [cyan]archsim show study converters > mine.yaml[/].
    """
    from archsim.exploration.reading import find_study, read_study
    from archsim.report.document import Document, Verbatim, section

    file = find_study(name)
    data = read_study(file).model_dump(mode="json", by_alias=True)
    printing.print(Document((section(Verbatim(file.read_text(encoding="utf-8"), "yaml")),), data))


@app.command("network")
@grouped
def network(model: NetworkOptions, printing: TablePrintOptions) -> None:
    """Show a network: its layers, weights and multiply-accumulates per sample.

    Examples: [cyan]archsim show network bert-base --seq 64[/], [cyan]archsim show network net.onnx --csv > net.csv[/].
    """
    from archsim.report import network_document

    printing.print(network_document(model.load()))


@app.command("placement")
@grouped
def placement(
    model: NetworkOptions,
    chip: ChipOptions,
    replication: ReplicationOptions,
    batch: BatchOptions,
    printing: TablePrintOptions,
) -> None:
    """Show where a network lies on a chip: tiles and chips used, blocks of each layer, how far data travels.

    Links are counted on and between chips, averaged over all pairs of a node that makes a layer's input and one that
    reads it. What no buffer has room for, and will go through memory, is said below the table; of a network with a
    recurrence that depends on how many samples take turns.

    Example: [cyan]archsim show placement resnet18 --replicate layer1=2[/].
    """
    from archsim.report import placement_document
    from archsim.simulation import foretold

    placed = replication.place(model.load(), chip.load(), batch.samples, batch.interleave)
    printing.print(placement_document(placed, foretold(placed)))


@app.command("program")
@grouped
def program(
    model: NetworkOptions,
    chip: ChipOptions,
    replication: ReplicationOptions,
    batch: BatchOptions,
    printing: PrintOptions,
    *,
    limit: Annotated[int, typer.Option(metavar="N", min=0, help="Lines of each table; 0 for all of them.")] = 20,
) -> None:
    """Show the program that the engines run: resources, actors and channels, as text.

    Example: [cyan]archsim show program mlp-hermes --limit 0[/].
    """
    from archsim.lowering import lower
    from archsim.report import program_document

    placed = replication.place(model.load(), chip.load(), batch.samples, batch.interleave)
    printing.print(program_document(lower(placed, batch=batch.samples), limit=limit or None))


app.command("cost")(cost)
