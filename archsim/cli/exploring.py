"""How far a study is: a bar, the rate, the time left, and the front so far; on stderr, where that is a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from archsim.report.quantities import significant, whole

if TYPE_CHECKING:
    from archsim.exploration import Standing

MOST_ROWS = 8
"""Of the front."""
REFRESH_PER_S = 4


class StudyProgress:
    """Draws how far a study is; nothing where nobody looks.

    Parameters
    ----------
    console : Console
        Where to draw.
    """

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, transient=True, refresh_per_second=REFRESH_PER_S)
        self._seen = console.is_terminal

    def __enter__(self) -> Self:
        if self._seen:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._seen:
            self._live.stop()

    def __call__(self, standing: Standing) -> None:
        """Take in how far it is."""
        if self._seen:
            self._live.update(drawn(standing))


def drawn(standing: Standing) -> RenderableType:
    """How far a study is, as lines."""
    from archsim.exploration.figures import figure_named
    from archsim.report.exploration.document import writer

    front = Table(title=Text("front so far"), title_justify="left", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("point", *standing.goals):
        front.add_column(Text(heading), justify="right")
    writers = [writer(figure_named(goal)) for goal in standing.goals]
    best = sorted(standing.front, key=lambda one: one[1])
    for number, values in best[:MOST_ROWS]:
        told = (write(value) for write, value in zip(writers, values, strict=True))
        front.add_row(*map(Text, (str(number), *told)))
    more = [Text(f"and {len(best) - MOST_ROWS} more", style="dim")] if len(best) > MOST_ROWS else []
    bar = ProgressBar(total=standing.total, completed=standing.done, width=60, pulse=standing.total is None)
    return Group(Text(words(standing)), bar, front, *more)


def words(standing: Standing) -> str:
    """The line above the bar."""
    of = "" if standing.total is None else f" of {whole(standing.total)}"
    told = ", ".join(f"{whole(count)} {status.value}" for status, count in standing.counts.items() if count)
    rate = f"{significant(standing.rate_per_s, digits=3)} points/s" if standing.fresh else "starting"
    left = "" if standing.left_s is None else f", {_clock(standing.left_s)} left"
    return f"{whole(standing.done)}{of} points, {standing.running} under way, {rate}{left}  ({told or 'none yet'})"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
