"""What the reader of a run's figures should know."""

from __future__ import annotations

from archsim.chip import sources
from archsim.engine import LogWindow
from archsim.report.datasheet import source_facts
from archsim.report.quantities import counted, engineering
from archsim.report.question import Question
from archsim.simulation import Result
from archsim.units import PS_PER_S


def run_notes(question: Question, result: Result, window: LogWindow | None = None) -> tuple[str, ...]:
    """Folded operators, assumed numbers, costs outside their fitted range, and a log that was cut short.

    Parameters
    ----------
    question : Question
    result : Result
    window : LogWindow, optional
        What was to be logged.
    """
    return (*result.ledger.notes, *_assumed(question), *_cut(result, window))


def _assumed(question: Question) -> tuple[str, ...]:
    given = sources(question.chip, question.overrides)
    if all(source.source and not source.assumed for source in given if source.is_number):
        return ()
    return (f"The chip's description: {source_facts(given)} (archsim show chip {question.chip} --sources).",)


def _cut(result: Result, window: LogWindow | None) -> tuple[str, ...]:
    log = result.trace.log
    if log is None or window is None or len(log.start) < window.limit:
        return ()
    last = engineering(int(log.start[-1]) / PS_PER_S, "s")
    return (f"The firing log holds its first {counted(window.limit, 'row')} only: it is whole up to {last}.",)
