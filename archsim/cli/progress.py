"""A progress bar for runs that take a while."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Timer
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console

from archsim.report.quantities import engineering
from archsim.units import PS_PER_S

if TYPE_CHECKING:
    from rich.progress import Progress as Lines
    from rich.progress import TaskID

    from archsim.engine import Progress

PATIENCE_S = 2.0
"""Seconds that a run may take before a bar appears."""


class RunProgress:
    """A bar on stderr with the simulated time, the speed and the estimated end; only on a terminal, only if it lasts.

    Parameters
    ----------
    console : Console
        Where to draw.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: _Bar | None = None
        self._timer = Timer(PATIENCE_S, self._appear) if console.is_terminal else None
        self._first: tuple[float, int] | None = None

    def __enter__(self) -> Self:
        if self._timer:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer.join()
        if self._bar:
            self._bar.lines.stop()

    def __call__(self, progress: Progress) -> None:
        """Take in how far the run is."""
        now = time.monotonic()
        began, before = self._first = self._first or (now, progress.firings)
        if self._bar:
            self._bar.lines.update(
                self._bar.task,
                description=describe(progress.time_ps, progress.firings - before, now - began),
                completed=progress.firings,
                total=progress.total,
            )

    def _appear(self) -> None:
        self._bar = _Bar.on(self._console)


@dataclass(frozen=True, slots=True)
class _Bar:
    """A bar that is shown, and its one line."""

    lines: Lines
    task: TaskID

    @classmethod
    def on(cls, console: Console) -> _Bar:
        from rich import progress  # late: most runs are over before

        lines = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        task = lines.add_task("preparing the run", total=None)
        lines.start()
        return cls(lines, task)


def describe(time_ps: int, firings: int, elapsed_s: float) -> str:
    """The words beside the bar: simulated time and speed.

    Parameters
    ----------
    time_ps : int
        Simulated time.
    firings : int
        Done in ``elapsed_s``.
    elapsed_s : float
        Seconds on the wall; no speed is given for none.
    """
    simulated = f"simulated {engineering(time_ps / PS_PER_S, 's', digits=3)}"
    if elapsed_s <= 0:
        return simulated
    return f"{simulated}, {engineering(firings / elapsed_s, 'firings/s', digits=3)}"
