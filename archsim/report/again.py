"""A run's report, found again where the same command was given with the same network and chip file."""

from __future__ import annotations

from collections.abc import Callable

from archsim.chip import Chip, sources
from archsim.chip.reads import Description, Unreadable
from archsim.network import Network
from archsim.report.document import Document
from archsim.report.question import Question
from archsim.reuse import Form, the_recall


def report_again(
    command: tuple[str, ...], question: Question, network: Network, chip: Chip, make: Callable[[], Document]
) -> Document:
    """What was reported before of the same; else what is made now.

    Whoever asks for the same once more does not wait for tables, and for the library that makes them.

    Parameters
    ----------
    command : tuple of str
        The command line, which the report repeats.
    question : Question
    network : Network
    chip : Chip
    make : callable
        Runs and reports.
    """
    kept = the_recall()
    asked = (command, question, sources(question.chip, question.overrides), _everything(chip))
    inputs = (kept.network(network), *map(kept.named, asked))
    return kept.made("report", inputs if asked[-1] else ("",), make, Form(lambda _: (), _itself, _read)).value


def _everything(chip: Chip) -> object:
    """All that a chip says; nothing where that has no exact text."""
    try:
        return Description(chip).everything()
    except Unreadable:
        return ()


def _itself(report: Document) -> Document:
    return report


def _read(told: object) -> Document:
    assert isinstance(told, Document)
    return told
