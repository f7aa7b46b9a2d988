"""Published beside simulated: the outcome of a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from archsim.accounting import Ladder
from archsim.errors import ArchsimError
from archsim.validation.answers import Answer, BandAnswer, LadderAnswer, RunAnswer, answer
from archsim.validation.loading import load_case
from archsim.validation.measure import Value
from archsim.validation.schema import Case, Claim, Figure, LadderOf, Published, Question, Run


class Verdict(StrEnum):
    """How simulated and published values compare.

    A known miss has its explanation in the case. A surprise is a known miss that has come within its tolerance: the
    explanation is out of date. What comes of an input that nobody published is not judged, nor what says again, in
    other units, what another row says.
    """

    MET = "met"
    NOT_JUDGED = "not judged"
    KNOWN_MISS = "known miss"
    MISSED = "missed"
    SURPRISE = "no longer missed"

    @property
    def expected(self) -> bool:
        """Whether the case says so."""
        return self in (Verdict.MET, Verdict.KNOWN_MISS, Verdict.NOT_JUDGED)


@dataclass(frozen=True, slots=True)
class Row:
    """A published value and its simulated counterpart.

    Parameters
    ----------
    question : Question
    published : Published
    simulated : Value
        In the published value's unit.
    ends : pair of Value, optional
        Of a band, around ``simulated``.
    """

    question: Question
    published: Published
    simulated: Value
    ends: tuple[Value, Value] | None = None

    @property
    def error(self) -> float:
        """Simulated over published, less one."""
        return self.simulated.si / self.published.measured.si - 1.0

    @property
    def verdict(self) -> Verdict:
        """Whether it lies within the tolerance, and whether the case knows."""
        if self.published.kind in (Claim.WHAT_IF, Claim.RESTATED):
            return Verdict.NOT_JUDGED
        if self._met:
            return Verdict.SURPRISE if self.published.miss else Verdict.MET
        return Verdict.KNOWN_MISS if self.published.miss else Verdict.MISSED

    @property
    def width(self) -> float:
        """The higher end of a band over the lower; 1 for a single value."""
        return self.ends[1].si / self.ends[0].si if self.ends else 1.0

    @property
    def _met(self) -> bool:
        if self.ends is None:
            return self.published.meets(1.0 + self.error)
        inside = self.ends[0].si <= self.published.measured.si <= self.ends[1].si
        return inside and self.published.meets(self.width)


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure of a run that nobody has published.

    Parameters
    ----------
    question : Run
    figure : Figure
    si : float
        In the SI unit of its dimension.
    """

    question: Run
    figure: Figure
    si: float


@dataclass(frozen=True, slots=True)
class Climbed:
    """A ladder that was asked for.

    Parameters
    ----------
    question : LadderOf
    ladder : Ladder
    """

    question: LadderOf
    ladder: Ladder


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a case came to.

    Parameters
    ----------
    name : str
    case : Case
    rows : tuple of Row
    shown : tuple of Shown
    ladders : tuple of Climbed
    """

    name: str
    case: Case
    rows: tuple[Row, ...]
    shown: tuple[Shown, ...]
    ladders: tuple[Climbed, ...]

    @property
    def as_expected(self) -> bool:
        """Whether every row is as the case says."""
        return all(row.verdict.expected for row in self.rows)


def validate(name_or_path: str, *, asking: Callable[[str], None] | None = None) -> Outcome:
    """Run a case.

    Parameters
    ----------
    name_or_path : str
        A case's name or file.
    asking : callable, optional
        Told each question before it is asked.

    Raises
    ------
    ArchsimError
        If the case cannot be used or its chip cannot be simulated; it says which question.
    """
    case = load_case(name_or_path)
    rows: list[Row] = []
    shown: list[Shown] = []
    ladders: list[Climbed] = []
    for question in case.questions:
        if asking is not None:
            asking(f"{name_or_path}: {question.name}")
        with _naming(question, name_or_path):
            given = answer(question)
            rows += [_row(question, published, given) for published in question.published]
        if isinstance(question, LadderOf) and isinstance(given, LadderAnswer):
            ladders.append(Climbed(question, given.ladder))
        if isinstance(question, Run) and isinstance(given, RunAnswer):
            shown += [Shown(question, figure, given.figure(figure)) for figure in question.shown]
    return Outcome(_name(name_or_path), case, tuple(rows), tuple(shown), tuple(ladders))


def _name(name_or_path: str) -> str:
    return name_or_path.rpartition("/")[2].removesuffix(".yaml")


@contextmanager
def _naming(question: Question, case: str) -> Iterator[None]:
    """Errors say which question they came up with."""
    try:
        yield
    except ArchsimError as error:
        where = f"case {case}, question {question.name!r}" + (f", {error.where}" if error.where else "")
        raise type(error)(error.what, where=where, remedy=error.remedy) from None


def _row(question: Question, published: Published, given: Answer) -> Row:
    measured, ends = published.measured, None
    if isinstance(given, BandAnswer):
        low, high = given.ends(published)
        ends = measured.like(low), measured.like(high)
    return Row(question, published, measured.like(given.value(published) / published.per), ends)
