"""That a file can be used, as a document; and which parts of a chip have no leakage or no area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archsim.accounting import scope_of
from archsim.chip import Chip, Source
from archsim.cost import Bill
from archsim.report.datasheet import chip_facts
from archsim.report.document import Bullets, Document, Part, Verbatim, section
from archsim.report.scope import scope_sentence, silent_parts

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
    found = silent_parts(chip, bill, given)
    shown: tuple[Part, ...] = (_fine(file, facts), Bullets((scope_sentence(scope), *found.sentences)))
    data: JsonValue = {
        "file": file,
        "kind": "chip",
        "facts": facts,
        "includes": {one.aspect.value: one.extent.value for one in scope.inclusions},
        "without_leakage": {one.name: one.reason for one in found.leakage},
        "without_area": {one.name: one.reason for one in found.area},
    }
    return Document((section(*shown),), data)
