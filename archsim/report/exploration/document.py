"""An exploration as a Document: the front, what changes along it, what matters, and what came to nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from archsim.exploration import Exploration
from archsim.exploration.evaluation import Status
from archsim.exploration.figures import Figure
from archsim.exploration.schema import Study
from archsim.report.document import (
    Bullets,
    Column,
    Document,
    Paragraph,
    Part,
    Remark,
    Section,
    Table,
    Verbatim,
    bars,
    names,
    numbers,
    prose,
    section,
    table,
)
from archsim.report.exploration.pictures import scatter, strands
from archsim.report.ladder import signed_percent
from archsim.report.quantities import counted, engineering, percent, significant, square_metres, whole
from archsim.report.records import records

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 20
"""Of the front, in a terminal."""
MOST_ERRORS = 5


def exploration_document(found: Exploration) -> Document:
    """What an exploration found, for a terminal and for programs."""
    head = section(Paragraph(_title(found)), *_head(found))
    sections = (head, *_best(found, MOST_ROWS), *_matters(found), *_lost(found))
    return Document(sections, exploration_data(found), found.table)


def exploration_page(found: Exploration) -> Document:
    """The same as a page of its own: pictures, every point, and how each is run again."""
    pictures = [
        *(section(part, title=part.title) for part in scatter(found)),
        *(section(part, title=part.title) for part in strands(found)),
    ]
    sections = (
        section(*_head(found)),
        *pictures,
        *_best(found, len(found.points)),
        *_matters(found),
        section(_sensitivity(found), title="With each value"),
        *_lost(found),
        section(_all(found), title="All points"),
        section(*_commands(found), title="The best points again"),
    )
    return Document(sections, exploration_data(found), found.table, _title(found))


def _title(found: Exploration) -> str:
    return found.space.study.description or f"Exploration of {', '.join(found.question.networks)}"


def exploration_data(found: Exploration) -> JsonValue:
    """The exploration for programs, in SI units.

    Keys: ``objectives, counts, front, best, changes, importance, sensitivity, commands`` (of the best points).
    """
    return {
        "objectives": {str(one.figure): one.goal.value for one in found.question.objectives},
        "counts": {status.value: count for status, count in found.counts.items()},
        "front": records(found.front),
        "best": records(found.best),
        "changes": records(found.changes),
        "importance": records(found.importance),
        "sensitivity": records(found.sensitivity),
        "commands": {str(number): list(found.commands(number)) for number in found.best.point.tolist()},
    }


def _head(found: Exploration) -> Iterator[Part]:
    study = found.space.study
    goals = " and ".join(f"{one.figure} {one.goal.value}d" for one in found.question.objectives)
    yield Paragraph("", f"{', '.join(found.question.networks)} on {_chip(found)}: {goals}")
    if study.constraints:
        yield Paragraph("", f"kept by every network: {', '.join(study.constraints)}")
    told = ", ".join(f"{whole(count)} {status.value}" for status, count in found.counts.items() if count)
    yield Paragraph("", f"{counted(len(found.points), 'point')} by {study.method.kind.value}: {told}")
    if study.run.within is not None and _in_batches(study):
        part = percent(study.run.within)
        yield Paragraph("", f"long runs without an exact period end once samples are alike to {part} (run: within)")
    if found.idle:
        yield Paragraph("", f"no figure of any point changes with {' or '.join(found.idle)}")


def _in_batches(study: Study) -> bool:
    """Whether any run has more than one sample."""
    given = [part.batch for part in study.networks.values() if part.batch is not None]
    return "batch" in study.parameters or max([study.run.batch, *given]) > 1


def _chip(found: Exploration) -> str:
    return "several chips" if "chip" in found.names else found.space.study.chip


def _best(found: Exploration, most: int) -> Iterator[Section]:
    if found.front.empty:
        what = "No point could be run." if found.fruitless else "No point was simulated that keeps all constraints."
        yield section(Paragraph("", what), title="Front")
        return
    front = found.front.head(most)
    several = len(found.goals) > 1
    title = f"Front: {counted(len(found.front), 'point')} that no other dominates" if several else "Best point"
    more = len(found.front) - len(front)
    rest = (Remark(f"and {whole(more)} more: --csv or --out has all of them"),) if more else ()
    yield section(_points(found, front), *rest, title=title)
    if found.space.study.best > 1 and set(found.best.point) != set(found.front.point):
        yield section(_points(found, found.best), title=f"The {len(found.best)} best")
    if len(found.front) > 1:
        yield section(_changes(found, most), title="From each point of the front to the next")


def _points(found: Exploration, frame: pd.DataFrame) -> Table:
    goals = [
        numbers(str(one.figure), frame[str(one.figure)].tolist(), writer(one.figure))
        for one in found.question.objectives
    ]
    return table("", numbers("point", frame.point.tolist()), *_parameters(found, frame), *goals)


def _parameters(found: Exploration, frame: pd.DataFrame) -> list[Column]:
    """A column for each parameter, headed by as much of its path's end as says which it is."""
    ends = Counter(end for name in found.names for end in _ends(name))
    heads = [next((end for end in _ends(name) if ends[end] == 1), name) for name in found.names]
    return [names(head, map(_cell, frame[name])) for head, name in zip(heads, found.names, strict=True)]


def _ends(path: str) -> Iterator[str]:
    """The last key of a path, the last two, and so on."""
    keys = path.split(".")
    yield from (".".join(keys[start:]) for start in range(len(keys) - 1, -1, -1))


def _cell(value: Any) -> str:
    import pandas as pd  # late: a third of a start

    return "" if pd.isna(value) else str(value)


def writer(figure: Figure) -> Callable[[float], str]:
    """How a figure is written."""
    if figure.unit == "m^2":
        return square_metres
    return (lambda value: engineering(value, figure.unit)) if figure.unit else significant


def _changes(found: Exploration, most: int) -> Table:
    frame = found.changes.head(most)
    steps = [f"{one} to {other}" for one, other in zip(frame.point, frame.next, strict=True)]
    return table(
        "",
        names("points", steps),
        *(numbers(goal, frame[f"{goal} change"].tolist(), signed_percent) for goal in found.goals),
        prose("what changes", frame.changed),
    )


def _matters(found: Exploration) -> Iterator[Section]:
    frame = found.importance
    if frame.empty:
        return
    shares = [
        column
        for goal in found.goals
        for column in (numbers(goal, frame[goal].tolist(), percent), bars(frame[goal].tolist()))
    ]
    yield section(
        table("", names("parameter", frame.parameter), *shares),
        Remark("Share of each objective's variance over the measured points (fANOVA on a forest)."),
        title="What matters",
    )


def _sensitivity(found: Exploration) -> Table:
    frame = found.sensitivity
    return table(
        "",
        names("parameter", frame.parameter),
        names("value", frame.value.astype(str)),
        numbers("points", frame.points.tolist(), whole),
        *(
            numbers(f"mean {one.figure}", frame[str(one.figure)].tolist(), writer(one.figure))
            for one in found.question.objectives
        ),
        numbers(f"rank correlation with {found.goals[0]}", frame.correlation.tolist(), _correlation),
    )


def _correlation(value: float) -> str:
    return "" if value != value else f"{value:+.2f}"


def _lost(found: Exploration) -> Iterator[Section]:
    """Why points were refused or failed, the commonest reason first."""
    lost = [one.error for one in found.outcomes.values() if one.status in (Status.REFUSED, Status.FAILED)]
    if not lost:
        return
    reasons = Counter(lost).most_common()
    shown = [f"{counted(count, 'point')}: {error}" for error, count in reasons[:MOST_ERRORS]]
    rest = [f"and {counted(len(reasons) - MOST_ERRORS, 'other reason')}"] if len(reasons) > MOST_ERRORS else []
    yield section(Bullets((*shown, *rest)), title="Points that came to nothing")


def _all(found: Exploration) -> Table:
    frame = found.table
    return table(
        "",
        numbers("point", frame.point.tolist()),
        names("status", frame.status),
        *_parameters(found, frame),
        *(
            numbers(str(one.figure), frame[str(one.figure)].tolist(), _known(writer(one.figure)))
            for one in found.question.objectives
        ),
        prose("remark", frame.error),
    )


def _known(write: Callable[[float], str]) -> Callable[[float], str]:
    return lambda value: "" if value != value else write(value)


def _commands(found: Exploration) -> Sequence[Part]:
    lines = [f"# point {number}\n" + "\n".join(found.commands(number)) for number in found.best.point.tolist()]
    return (Verbatim("\n".join(lines), "sh"),)
