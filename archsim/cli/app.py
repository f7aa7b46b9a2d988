"""The command line: `archsim` and its commands."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, NamedTuple

import typer
from typer.main import get_command

from archsim.cli.guard import Guarded
from archsim.cli.terminal import write


class _Command(NamedTuple):
    """Where a command is, and under which heading it is listed; a group of commands is a `typer.Typer`."""

    name: str
    module: str
    attribute: str
    panel: str


_COMMANDS = (
    _Command("run", "run", "run", "Simulate"),
    _Command("compare", "compare", "compare", "Simulate"),
    _Command("report", "report", "report", "Simulate"),
    _Command("accuracy", "accuracy", "accuracy", "Simulate"),
    _Command("train", "train", "train", "Simulate"),
    _Command("ladder", "ladder", "ladder", "Simulate"),
    _Command("heat", "heat", "heat", "Simulate"),
    _Command("explore", "explore", "explore", "Simulate"),
    _Command("validate", "validate", "validate", "Simulate"),
    _Command("diff", "diff", "diff", "Look"),
    _Command("check", "check", "check", "Look"),
    _Command("list", "listing", "list_names", "Look"),
    _Command("show", "show", "app", "Look"),
)

_EPILOG = """[bold]Try first[/]

[cyan]archsim run resnet18[/], then [cyan]archsim run resnet18 --replicate balanced --batch 64[/]

[cyan]archsim run bert-base --seq 128 --chip isaac[/]: another network on another chip

[cyan]archsim show chip pcm-mesh-14nm > my.yaml[/], [cyan]archsim check my.yaml[/]: a chip file to start from

[cyan]archsim run net.onnx --chip my.yaml --set tile.adc.bits=6 --out results[/]: your own study

Every command explains itself: [cyan]archsim run --help[/]. In Python, the same is [cyan]import archsim[/].
"""


def application(wanted: str = "") -> typer.Typer:
    """The command line.

    Parameters
    ----------
    wanted : str
        The one command that is there; all are where there is none of that name. To load and describe the others takes
        longer than to read the options of one.
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
    for command in [one for one in _COMMANDS if one.name == wanted] or _COMMANDS:
        _add(app, command)
    app.callback()(_root)
    return app


def _add(app: typer.Typer, command: _Command) -> None:
    found = getattr(import_module(f"archsim.cli.{command.module}"), command.attribute)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=command.name, rich_help_panel=command.panel)
    else:
        app.command(command.name, rich_help_panel=command.panel)(found)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        write(f"archsim {version('archsim')}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    command = get_command(application(sys.argv[1] if sys.argv[1:] else ""))
    assert isinstance(command, Guarded)
    command()
