"""That a file can be used, as a document; and which parts of a chip have no leakage or no area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsim.accounting import scope_of, without_area, without_leakage
from archsim.chip import Chip, Source
from archsim.cost import Bill, Component
from archsim.machine import parts
from archsim.report.datasheet import chip_facts
from archsim.report.document import Bullets, Document, Part, Verbatim, section
from archsim.report.scope import scope_sentence

if TYPE_CHECKING:
    from pydantic import JsonValue


def check_document(file: str, kind: str, facts: str) -> Document:
    """A file that is fine.

    Parameters
    ----------
    file, kind : str
        Its name, and what it is: ``chip`` or ``network``.
    facts : str
        What it holds, in a line.
    """
    return Document((section(_fine(file, facts)),), {"file": file, "kind": kind, "facts": facts})


def _fine(file: str, facts: str) -> Verbatim:
    return Verbatim(f"{file} is fine: {facts}")


def chip_check(file: str, chip: Chip, bill: Bill, given: Sequence[Source]) -> Document:
    """A chip file that is fine, what its figures include, and parts without leakage or without area.

    Parameters
    ----------
    file : str
    chip : Chip
    bill : Bill
    given : sequence of Source
        Of the file's values: what it says of a 0 is quoted.
    """
    facts, scope = chip_facts(chip, bill), scope_of(chip, bill)
    leaking = _silent("leakage", without_leakage(chip, bill), chip, given)
    placed = _silent("area", without_area(bill), chip, given)
    shown: tuple[Part, ...] = (_fine(file, facts), Bullets((scope_sentence(scope), *_flags(leaking, placed))))
    data: JsonValue = {
        "file": file,
        "kind": "chip",
        "facts": facts,
        "includes": {one.aspect.value: one.extent.value for one in scope.inclusions},
        "without_leakage": {one.name: one.reason for one in leaking},
        "without_area": {one.name: one.reason for one in placed},
    }
    return Document((section(*shown),), data)


@dataclass(frozen=True, slots=True)
class _Silent:
    """A part without a figure, and what the chip file says of it."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})" if self.reason else self.name


def _silent(figure: str, found: Sequence[Component], chip: Chip, given: Sequence[Source]) -> tuple[_Silent, ...]:
    sections = {part.name: part.where for part in parts(chip)}
    reasons = {source.path: source.source for source in given}
    return tuple(_Silent(part.name, reasons.get(f"{sections[part.name]}.{figure}", "")) for part in found)


def _flags(leaking: Sequence[_Silent], placed: Sequence[_Silent]) -> list[str]:
    told = [("leakage", leaking), ("area", placed)]
    return [f"parts without {figure}: {', '.join(map(str, silent))}" for figure, silent in told if silent]
