"""The command line: `archsim` and its commands."""

from __future__ import annotations

from functools import cache
from typing import Annotated

import typer
from typer.main import get_command

from archsim.cli import (
    accuracy,
    check,
    compare,
    diff,
    explore,
    heat,
    ladder,
    listing,
    report,
    run,
    show,
    train,
    validate,
)
from archsim.cli.guard import Guarded
from archsim.cli.terminal import write

_EPILOG = """[bold]Try first[/]

[cyan]archsim run resnet18[/], then [cyan]archsim run resnet18 --replicate balanced --batch 64[/]

[cyan]archsim run bert-base --seq 128 --chip isaac[/]: another network on another chip

[cyan]archsim show chip pcm-mesh-14nm > my.yaml[/], [cyan]archsim check my.yaml[/]: a chip file to start from

[cyan]archsim run net.onnx --chip my.yaml --set tile.adc.bits=6 --out results[/]: your own study

Every command explains itself: [cyan]archsim run --help[/]. In Python, the same is [cyan]import archsim[/].
"""

app = typer.Typer(
    name="archsim",
    help="Cycle-level simulator of analog in-memory-computing chips: a network and a chip in; latency, throughput, "
    "utilisation, energy and area out.",
    epilog=_EPILOG,
    cls=Guarded,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run", rich_help_panel="Simulate")(run.run)
app.command("compare", rich_help_panel="Simulate")(compare.compare)
app.command("report", rich_help_panel="Simulate")(report.report)
app.command("accuracy", rich_help_panel="Simulate")(accuracy.accuracy)
app.command("train", rich_help_panel="Simulate")(train.train)
app.command("ladder", rich_help_panel="Simulate")(ladder.ladder)
app.command("heat", rich_help_panel="Simulate")(heat.heat)
app.command("explore", rich_help_panel="Simulate")(explore.explore)
app.command("validate", rich_help_panel="Simulate")(validate.validate)
app.command("diff", rich_help_panel="Look")(diff.diff)
app.command("check", rich_help_panel="Look")(check.check)
app.command("list", rich_help_panel="Look")(listing.list_names)
app.add_typer(show.app, name="show", rich_help_panel="Look")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        write(f"archsim {version('archsim')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    _command()()


@cache
def _command() -> Guarded:
    command = get_command(app)
    assert isinstance(command, Guarded)
    return command
