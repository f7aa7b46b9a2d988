"""The machinery around commands: groups of options, failures, progress."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from time import sleep
from typing import Annotated

import numpy as np
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from archsim.cli.grouping import grouped
from archsim.cli.guard import exit_code
from archsim.cli.progress import RunProgress, describe
from archsim.engine import Progress, run_compiled
from archsim.errors import Deadlock
from archsim.simulation import Interrupted
from tests.programs import Sketch


@dataclass(frozen=True, slots=True)
class Colour:
    name: Annotated[str, typer.Argument()]
    shade: Annotated[int, typer.Option()] = 3


@dataclass(frozen=True, slots=True)
class Size:
    height: Annotated[int | None, typer.Option()] = None


def call(command: object, *arguments: str) -> tuple[int, str, str]:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_groups_arrive_as_objects() -> None:
    @grouped
    def paint(size: Size, colour: Colour, *, twice: Annotated[bool, typer.Option("--twice")] = False) -> None:
        typer.echo(f"{size} {colour} {twice}")

    expected = f"{Size(7)} {Colour('red', 3)} True\n"
    assert call(paint, "red", "--height", "7", "--twice") == (0, expected, "")
    assert call(paint)[0] == 2


def test_help_flows_but_for_examples() -> None:
    @grouped
    def paint(colour: Colour) -> None:
        """Paint.

        Lines that end where
        the source does.

        Examples: [cyan]archsim paint red[/],
        [cyan]archsim paint blue --shade 3[/], [cyan]archsim paint
        green[/].
        """

    assert paint.__doc__ == (
        "Paint.\n\nLines that end where the source does.\n\nExamples: [cyan]archsim paint red[/],\n"
        "[cyan]archsim paint blue --shade 3[/],\n[cyan]archsim paint green[/]."
    )


@pytest.mark.parametrize(
    ("words", "where", "what"),
    [
        (("run", "mlp-l4", "--set"), "archsim run", "option '--set' requires an argument"),
        (("run", "mlp-l4", "--bath", "2"), "archsim run", "no such option: --bath"),
        (("show", "program", "mlp-l4", "--limit", "-1"), "archsim show program", "'--limit': it is not at least 0"),
        (("--nothing",), "archsim", "no such option: --nothing"),
    ],
)
def test_misused_options_are_those_of_their_command(
    words: tuple[str, ...], where: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from typer.main import get_command

    from archsim.cli import application

    with pytest.raises(SystemExit) as caught:
        get_command(application()).main(list(words))
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert what in told and f"where: {where}\n" in told and f"See {where} --help." in told


def raising(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


def test_foreseen_error_is_told_with_place_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(raising(Deadlock("a waits for b", where="program [x]", remedy="Enlarge it."))) == 2
    told = "error: a waits for b\n   where: program [x]\n  remedy: Enlarge it.\n"
    assert capsys.readouterr() == ("", told)


def test_bug_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        exit_code(raising(ZeroDivisionError()))


def test_exhausted_memory_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(raising(MemoryError())) == 2
    assert "not enough memory" in capsys.readouterr().err


def test_interrupt_says_how_far_the_run_was(capsys: pytest.CaptureFixture[str]) -> None:
    sketch = Sketch()
    sketch.actor(10, 1_000)
    whole = run_compiled(sketch.program())
    part = dataclasses.replace(whole, firings=np.array([4]), makespan=4_000, complete=False)
    assert exit_code(raising(Interrupted(part))) == 130
    told = "interrupted at 4 ns of simulated time, after 40.0 % of 10 firings: nothing was written\n"
    assert capsys.readouterr() == ("", told)


def test_interrupt_before_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr() == ("", "interrupted: nothing was written\n")


def test_a_warning_is_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert exit_code(lambda: warnings.warn("no cache", stacklevel=1)) == 0
    assert capsys.readouterr() == ("", "note: no cache\n")


def test_words_beside_the_bar() -> None:
    assert describe(1_500_000, 0, 0.0) == "simulated 1.5 µs"
    assert describe(1_500_000, 3_000_000, 0.5) == "simulated 1.5 µs, 6 Mfirings/s"


def test_no_bar_where_nobody_looks() -> None:
    console = Console(file=StringIO())
    with RunProgress(console) as progress:
        progress(Progress(1_000, 5, 10))
        progress(Progress(2_000, 10, 10))
    assert console.file.getvalue() == ""


def test_no_bar_for_a_short_run_on_a_terminal() -> None:
    console = Console(file=StringIO(), force_terminal=True)
    with RunProgress(console) as progress:
        progress(Progress(1_000, 5, 10))
    assert "simulated" not in console.file.getvalue()


def test_bar_appears_when_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archsim.cli.progress.PATIENCE_S", 0.0)
    console = Console(file=StringIO(), force_terminal=True, width=100)
    with RunProgress(console) as progress:
        for _ in range(1000):
            progress(Progress(1_000_000, 5, 10))
            if "simulated 1 µs" in console.file.getvalue():
                break
            sleep(0.01)
    assert "simulated 1 µs" in console.file.getvalue()
