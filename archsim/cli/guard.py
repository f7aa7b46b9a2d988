"""How commands fail: a message and exit code 2 for what a user can mend, 130 for Ctrl-C, a traceback for our bugs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import typer
from rich.text import Text

from archsim.cli.terminal import show_error, tell
from archsim.errors import ArchsimError

if TYPE_CHECKING:
    from archsim.program import Trace

P = ParamSpec("P")
R = TypeVar("R")
UNUSABLE = 2
INTERRUPTED = 130


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """A command whose foreseen errors end in a message."""

    @functools.wraps(command)
    def safe(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ArchsimError as error:
            show_error(error)
            raise typer.Exit(UNUSABLE) from None
        except KeyboardInterrupt as interrupt:
            tell(_farewell(getattr(interrupt, "trace", None)))
            raise typer.Exit(INTERRUPTED) from None

    return safe


def _farewell(trace: Trace | None) -> Text:
    if trace is None:
        return Text("interrupted: nothing was written")
    from archsim.report.quantities import engineering, percent
    from archsim.units import PS_PER_S

    done, total = int(trace.firings.sum()), int(trace.program.actors.firings.sum())
    return Text(
        f"interrupted at {engineering(trace.makespan / PS_PER_S, 's')} of simulated time, "
        f"after {percent(done / total)} of {total:,} firings: nothing was written"
    )
