"""How the command line ends: 2 and a message for what a user can mend, 130 for Ctrl-C, a traceback for our bugs."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.text import Text
from typer.core import TyperGroup

from archsim.cli.streams import ReaderLeft, safe_streams
from archsim.cli.terminal import show_error, show_note, tell
from archsim.errors import ArchsimError, InputError

if TYPE_CHECKING:
    from archsim.program import Trace

UNREAD = 1
UNUSABLE = 2
INTERRUPTED = 130


class Guarded(TyperGroup):
    """The commands: whatever is foreseen, while arguments are read or later, ends in a message and an exit code."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **_: object) -> NoReturn:  # type: ignore[override]
        """Run a command line, and leave with its exit code."""
        words = list(sys.argv[1:] if args is None else args)
        sys.exit(exit_code(lambda: self._run(words, prog_name or "archsim")))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Without any word, help is what is wanted."""
        return super().parse_args(ctx, args or ["--help"])

    def _run(self, words: list[str], name: str) -> None:
        with self.make_context(name, words) as context:
            try:
                self.invoke(context)
            except _USAGE as error:
                # The parser of options does not say whose they are.
                error.asked = f"{name} {context.invoked_subcommand or ''}".strip()
                raise


def exit_code(command: Callable[[], object]) -> int:
    """Run a command, say on stderr why it failed, and give the exit code."""
    try:
        with safe_streams(), _warnings_as_notes():
            return _told(command)
    except ReaderLeft:
        return UNREAD
    except ArchsimError as error:
        show_error(error)
        return UNUSABLE


def _told(command: Callable[[], object]) -> int:
    try:
        command()
    except typer.Exit as leaving:
        return leaving.exit_code
    except ArchsimError as error:
        show_error(error)
        return UNUSABLE
    except _USAGE as error:
        show_error(_misused(error))
        return UNUSABLE
    except MemoryError:
        show_error(InputError("there is not enough memory", where="this machine", remedy="Choose smaller sizes."))
        return UNUSABLE
    except KeyboardInterrupt as interrupt:
        told = getattr(interrupt, "farewell", None)
        tell(Text(told) if told else _farewell(getattr(interrupt, "trace", None)))
        return INTERRUPTED
    return 0


_USAGE: Any = typer.BadParameter.__base__
"""What is raised for options and commands that there are not, or that lack something."""


def _misused(error: Any) -> ArchsimError:
    path = error.ctx.command_path if error.ctx else getattr(error, "asked", "archsim")
    near = getattr(error, "possibilities", None)
    hint = f"Did you mean {' or '.join(sorted(near))}? " if near else ""
    what = str(error.message if near else error.format_message())
    for learned, plain in _PLAINLY:
        what = what.replace(learned, plain)
    return InputError(what[:1].lower() + what[1:].rstrip("."), where=path, remedy=f"{hint}See {path} --help.")


_PLAINLY = (
    ("Input should be a valid integer, unable to parse string as an integer", "a whole number is meant"),
    ("Input should be greater than or equal to", "it is not at least"),
    ("Input should be less than or equal to", "it is not at most"),
    ("Value error, ", ""),
)
"""How the library that reads options says it, and how people do."""


@contextmanager
def _warnings_as_notes() -> Iterator[None]:
    before = warnings.showwarning
    warnings.showwarning = lambda message, *_, **__: show_note(str(message))
    try:
        yield
    finally:
        warnings.showwarning = before


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
