"""The loop of a study: points are begun, evaluated somewhere, and finished."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from archsim.errors import InputError
from archsim.exploration.checks import check_question, check_runs
from archsim.exploration.course import Course, Step
from archsim.exploration.crew import Crew, Work, WorkersLost, cluster_gone, crew
from archsim.exploration.evaluation import Baseline, Found, Outcome, Question, Status, evaluate, task_of
from archsim.exploration.figures import limits, objectives
from archsim.exploration.proposals import Proposals
from archsim.exploration.reading import described, find_study, read_study
from archsim.exploration.results import Exploration
from archsim.exploration.schema import Study
from archsim.exploration.space import Space
from archsim.exploration.store import Store

ATTEMPTS = 3
"""Times that a point is tried which takes its worker down, or fails in a way that nobody foresaw."""
POLL_S = 0.5
"""Seconds between reports while nothing is finished."""
GATHER_S = 0.02
"""Seconds in which points that are finished come together, to be written together; others lie ready meanwhile."""


class Stopped(KeyboardInterrupt):
    """A study that was stopped from the keyboard.

    Parameters
    ----------
    finished : int
        Points that are in the store.
    """

    def __init__(self, finished: int) -> None:
        super().__init__()
        self.farewell = f"interrupted: {finished:,} finished points are kept; the same command goes on from there"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a study is.

    Parameters
    ----------
    done : int
        Points that are finished, in whatever way.
    total : int, optional
        None where nobody knows yet.
    running : int
    fresh : int
        Of those done: since this process began.
    seconds : float
        Since this process began.
    counts : mapping of Status to int
    goals : tuple of str
        Figures of the objectives.
    front : tuple of (int, tuple of float)
        Number and objectives of the points that none so far dominates.
    """

    done: int
    total: int | None
    running: int
    fresh: int
    seconds: float
    counts: Mapping[Status, int]
    goals: tuple[str, ...]
    front: tuple[tuple[int, tuple[float, ...]], ...]

    @property
    def rate_per_s(self) -> float:
        """Points a second, of those done since this process began."""
        return self.fresh / self.seconds if self.seconds > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds until the end, at that rate; None where nobody can know."""
        return None if self.total is None or not self.fresh else (self.total - self.done) / self.rate_per_s


Watch = Callable[[Standing], None]


def explore(
    study: Study | str | Path | Mapping[str, object],
    *,
    store: str | Path | None = None,
    storage: str | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    bounds: bool | None = None,
    ledgers: bool = True,
    points: int | None = None,
    watch: Watch = lambda _: None,
    work: Work = evaluate,
) -> Exploration:
    """Search a space of chips, or go on with it.

    Parameters
    ----------
    study : Study, path, or mapping
        A study, its YAML file, or the same as plain data.
    store : path, optional
        Directory for all that is found; ``NAME.explore`` beside the study file where it is not
        given, and in this directory for a study that comes with archsim.
    storage : str, optional
        URL of a database to keep points in, instead of a SQLite file in ``store``.
    workers : int, optional
        Processes; as many as there are cores where it is not given.
    scheduler : str, optional
        Address of a Dask scheduler whose workers evaluate.
    bounds : bool, optional
        Whether points are passed over whose closed-form bounds show that they are not wanted; where it is not given,
        for methods that do not learn from points.
    ledgers : bool
        Whether the whole ledgers are kept.
    points : int, optional
        How many, instead of what the study says.
    watch : callable, optional
        Told how far the study is, now and then.
    work : callable, optional
        What evaluates a task.

    Returns
    -------
    Exploration

    Raises
    ------
    ArchsimError
        If the study cannot be as it is described, the store is lost, or nobody is left to work. What was finished is
        in the store: the same call goes on.
    """
    for name, count in (("workers", workers), ("points", points)):
        if count is not None and count < 1:
            raise InputError(f"{count} {name}", where=name, remedy="Give at least 1, or leave it out.")
    described_as, where = _study(study)
    if points is not None:
        method = described_as.method.model_copy(update={"points": points})
        described_as = described_as.model_copy(update={"method": method})
    space = Space(described_as, where, _beside(study))
    question = _checked(space, ledgers)
    passing = _bounds(described_as, bounds)
    folder = _folder(study, store)
    with Store(folder, space, _name(study, folder), storage) as kept:
        course = _course(space, question, passing)
        with crew(workers, scheduler, work) as people:
            _guarded(_Run(course, question, kept, people, watch))
        return Exploration(space, question, course.points, course.outcomes, folder)


def _guarded(run: _Run) -> None:
    try:
        run.go()
    except KeyboardInterrupt:
        run.store.write()
        raise Stopped(len(run.store.outcomes)) from None
    except WorkersLost as error:
        run.store.write()
        what = f"{error.what}; {len(run.store.outcomes):,} finished points are safe"
        raise WorkersLost(what, where=error.where, remedy=error.remedy) from None


def _study(study: Study | str | Path | Mapping[str, object]) -> tuple[Study, str]:
    if isinstance(study, Study):
        return study, "study"
    if isinstance(study, str | Path):
        return read_study(find_study(study)), str(study)
    return described(study), "study"


def _folder(study: object, store: str | Path | None) -> Path:
    if store is not None:
        return Path(store)
    if isinstance(study, str | Path):
        return Path(study).with_suffix(".explore")
    raise InputError(
        "a study that is no file has no place of its own", where="store", remedy="Give a directory: store='DIR'."
    )


def _beside(study: object) -> Path:
    """Where files lie that a study names."""
    return find_study(study).parent if isinstance(study, str | Path) else Path()


def _name(study: object, folder: Path) -> str:
    return Path(study).stem if isinstance(study, str | Path) else folder.stem


def _checked(space: Space, ledgers: bool) -> Question:
    """The question of a study, after everything was looked at that can be wrong with it."""
    study, where = space.study, space.where
    check_runs(space)
    space.check()
    baseline = None if study.baseline is None else Baseline(study.baseline, study.run.replicate)
    question = Question(
        study.networks, study.accuracy, baseline, objectives(study, where), limits(study, where), ledgers=ledgers
    )
    check_question(question, space)
    return question


def _course(space: Space, question: Question, bounds: bool) -> Course:
    goals = question.objectives
    proposals = Proposals(space, [one.goal for one in goals])
    return Course(space, proposals, tuple(one.sign for one in goals), bounds)


def _bounds(study: Study, wanted: bool | None) -> bool:
    if wanted and study.method.kind.learns:
        raise InputError(
            f"{study.method.kind} learns from every point, also from those that bounds would pass over",
            where="--bounds",
            remedy="Leave bounds off, or take grid, random or quasi-random.",
        )
    return not study.method.kind.learns if wanted is None else wanted


@dataclass(slots=True)
class _Run:
    """A study under way."""

    course: Course
    question: Question
    store: Store
    crew: Crew
    watch: Watch
    under_way: dict[Future[Found], Step] = field(default_factory=dict)
    ended: SimpleQueue[Future[Found]] = field(default_factory=SimpleQueue)
    waiting: list[Step] = field(default_factory=list)
    attempts: dict[int, int] = field(default_factory=dict)
    fresh: int = 0
    began: float = field(default_factory=time.monotonic)

    def go(self) -> None:
        """Until no point is left."""
        while self._give() or self.under_way:
            for future in self._gathered():
                self._take(future, self.under_way.pop(future))
            self._repeat()
            self.store.write()
            self.watch(self._standing())
        self.watch(self._standing())

    def _gathered(self) -> list[Future[Found]]:
        """Points that have ended: those of a moment, from the first on, or half of all that are under way."""
        found: list[Future[Found]] = []
        until = time.monotonic() + POLL_S
        with suppress(Empty):
            while 2 * len(found) < len(self.under_way):
                found.append(self.ended.get(timeout=max(0.0, until - time.monotonic())))
                until = min(until, time.monotonic() + GATHER_S)
        return found

    def _give(self) -> bool:
        """Begin points while there are workers for them; whether any was begun or was known."""
        given, width, due = False, self.crew.width, list[Step]()
        while len(self.under_way) + len(due) < width and (step := self.course.next()) is not None:
            given = True
            known = self.store.outcomes.get(step.number)
            self.store.begin(step.number, step.point)
            if known is not None:
                self.course.tell(step.number, known)
            elif step.same_as is not None:
                self.waiting.append(step)
                self._repeat()
            else:
                due.append(step)
        self._submit(due)
        return given

    def _submit(self, steps: Sequence[Step]) -> None:
        space = self.course.space
        tasks = [task_of(step.number, step.point, space, self.question, step.hurdle) for step in steps]
        for step, future in zip(steps, self.crew.submit(tasks), strict=True):
            self.under_way[future] = step
            future.add_done_callback(self.ended.put)

    def _take(self, future: Future[Found], step: Step) -> None:
        try:
            self._finish(step, future.result())
        except CancelledError:
            raise cluster_gone() from None
        except Exception as error:  # noqa: BLE001 a worker's death has many names
            self._again(step, error)

    def _again(self, step: Step, error: Exception) -> None:
        """Try a point once more, and give it up after so many times."""
        tried = self.attempts[step.number] = self.attempts.get(step.number, 0) + 1
        if tried < ATTEMPTS and not isinstance(error, self.crew.final):
            self._submit([step])
            return
        told = f"{type(error).__name__}: {error}"
        self._finish(step, Found(Outcome(Status.FAILED, error=" ".join(told.split())), ()))

    def _finish(self, step: Step, found: Found) -> None:
        self.store.finish(step.number, found)
        self.course.tell(step.number, found.outcome)
        self.fresh += 1

    def _repeat(self) -> None:
        """Finish those points that were there already, as soon as the first of them is."""
        for step in list(self.waiting):
            outcome = self.course.repeated(step)
            if outcome is not None:
                self.waiting.remove(step)
                self._finish(step, Found(outcome, ()))

    def _standing(self) -> Standing:
        outcomes = self.course.outcomes
        return Standing(
            len(outcomes),
            self.course.total,
            len(self.under_way),
            self.fresh,
            time.monotonic() - self.began,
            dict(self.course.counts),
            tuple(str(one.figure) for one in self.question.objectives),
            self.course.front,
        )
