"""The order of a study: points in rounds, so that the outcome does not depend on who was first.

What a method learns from, and what bounds are held against, are the points of earlier rounds, whole. A method that
learns waits for a round's end; the others go on into the next round meanwhile, and their bounds look back one round
more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from archsim.exploration.evaluation import Hurdle, Outcome, Status
from archsim.exploration.fronts import dominators, ranks
from archsim.exploration.proposals import Proposals, round_of
from archsim.exploration.space import Point, Space


@dataclass(frozen=True, slots=True)
class Step:
    """A point that is due.

    Parameters
    ----------
    number : int
    point : Point
    hurdle : Hurdle, optional
        What its bound is held against; None where bounds are off.
    same_as : int, optional
        An earlier point with the same values: nothing is left to do but to wait for it.
    """

    number: int
    point: Point
    hurdle: Hurdle | None
    same_as: int | None


@dataclass(slots=True)
class _Round:
    steps: list[Step]
    issued: int = 0


@dataclass(slots=True)
class Course:
    """The points of a study, as they become due.

    Parameters
    ----------
    space : Space
    proposals : Proposals
    signs : tuple of float
        What makes less better, for each objective.
    bounds : bool
        Whether points are passed over whose bounds show that they are not wanted.
    outcomes : dict of int to Outcome
        Of all points that are finished.
    counts : dict of Status to int
        How many of them became what.
    points : list of Point
        All that were proposed.
    front : tuple of (int, tuple of float)
        Number and objectives of the points that none so far dominates.
    """

    space: Space
    proposals: Proposals
    signs: tuple[float, ...]
    bounds: bool
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    counts: dict[Status, int] = field(default_factory=lambda: dict.fromkeys(Status, 0))
    points: list[Point] = field(default_factory=list)
    front: tuple[tuple[int, tuple[float, ...]], ...] = ()
    _rounds: list[_Round] = field(default_factory=list)
    _first: dict[str, int] = field(default_factory=dict)
    _told: int = 0
    _ended: bool = False
    _settled: int = 0

    @property
    def total(self) -> int | None:
        """How many points there will be; None where nobody knows yet."""
        method, size = self.space.study.method, self.space.size
        if self._ended:
            return len(self.points)
        wanted = [count for count in (method.points, size if not method.kind.learns else None) if count is not None]
        return min(wanted, default=None)

    def next(self) -> Step | None:
        """The next point that is due; None where there is none, or none before others are finished."""
        if not self._rounds or self._rounds[-1].issued == len(self._rounds[-1].steps):
            if self._ended or not self._may_open():
                return None
            self._open()
            if self._ended and not self._rounds[-1].steps:
                return None
        current = self._rounds[-1]
        step = current.steps[current.issued]
        current.issued += 1
        return step

    def tell(self, number: int, outcome: Outcome) -> None:
        """What a point came to."""
        self.outcomes[number] = outcome
        self.counts[outcome.status] += 1
        if outcome.status is Status.FINISHED and outcome.same_as is None:
            self._place(number, outcome)

    def _place(self, number: int, outcome: Outcome) -> None:
        """Put a point on the front, if it belongs there, and take off what it dominates."""
        own = np.array([self._costs(outcome)])
        others = np.array([self._signed(values) for _, values in self.front]).reshape(-1, len(self.signs))
        if dominators(others, own)[0]:
            return
        kept = dominators(own, others) == 0
        stay = tuple(one for one, keep in zip(self.front, kept, strict=True) if keep)
        self.front = (*stay, (number, outcome.objectives))

    def repeated(self, step: Step) -> Outcome | None:
        """The outcome of a point that was there already; None as long as that one is not finished."""
        assert step.same_as is not None
        before = self.outcomes.get(step.same_as)
        if before is None:
            return None
        return replace(before, same_as=step.same_as)

    @property
    def _lag(self) -> int:
        """Rounds that may be open at once."""
        return 1 if self.space.study.method.kind.learns else 2

    def _may_open(self) -> bool:
        return self._complete(len(self._rounds) - self._lag)

    def _complete(self, last: int) -> bool:
        """Whether all rounds up to one are finished."""
        while self._settled <= last and all(step.number in self.outcomes for step in self._rounds[self._settled].steps):
            self._settled += 1
        return self._settled > last

    def _open(self) -> None:
        """Propose the points of another round."""
        if self.space.study.method.kind.learns and self._rounds:
            self.proposals.tell([self.outcomes[step.number] for step in self._rounds[-1].steps])
        hurdle = self._hurdle() if self.bounds else None
        steps: list[Step] = []
        limit = self.space.study.method.points
        while len(steps) < round_of(self.space.study.method) and (limit is None or len(self.points) < limit):
            point = self.proposals.ask()
            if point is None:
                break
            number = len(self.points)
            first = self._first.setdefault(point.key, number)
            steps.append(Step(number, point, hurdle, None if first == number else first))
            self.points.append(point)
        self._ended = len(steps) < round_of(self.space.study.method)
        self._rounds.append(_Round(steps))

    def _hurdle(self) -> Hurdle:
        """The best points of the rounds that are finished: those that fewer dominate than are wanted."""
        settled = self._rounds[: max(0, len(self._rounds) - self._lag + 1)]
        found = (self.outcomes[step.number] for round_ in settled for step in round_.steps)
        costs = np.array([self._costs(one) for one in found if one.status is Status.FINISHED])
        best = self.space.study.best
        costs = costs.reshape(-1, len(self.signs))
        kept = np.unique(costs[ranks(costs) < best], axis=0) if best == 1 else costs[ranks(costs) < best]
        return Hurdle(tuple(map(tuple, kept.tolist())), best)

    def _costs(self, outcome: Outcome) -> tuple[float, ...]:
        return self._signed(outcome.objectives)

    def _signed(self, values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sign * value for sign, value in zip(self.signs, values, strict=True))


def counts(outcomes: Mapping[int, Outcome]) -> dict[Status, int]:
    """How many points became what."""
    return {status: sum(one.status is status for one in outcomes.values()) for status in Status}
