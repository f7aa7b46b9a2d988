"""What a chip's figures include, for readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsim.accounting import Aspect, Scope, scope_of, without_area, without_leakage
from archsim.chip import Chip, Source, load_chip, sources
from archsim.cost import Bill, Component, price
from archsim.machine import parts
from archsim.report.document import Bullets, Document, Paragraph, Section, Table, names, section, table
from archsim.report.records import records

if TYPE_CHECKING:
    import pandas as pd


def scope_sentence(scope: Scope) -> str:
    """What power, energy and area include, and what not, in one line."""
    left = scope.excluded
    return f"figures include {scope.included}" + (f"; not {left}" if left else "")


def scope_table(frame: pd.DataFrame) -> Table:
    """One row per chip, one column per aspect.

    Parameters
    ----------
    frame : DataFrame
        As ``scope_frame`` makes it.
    """
    return table("What the figures include", *(names(str(name), frame[name]) for name in frame.columns))


def scope_frame(chips: Sequence[tuple[str, Scope]]) -> pd.DataFrame:
    """One row per chip: its name, and how far each aspect is included.

    Returns
    -------
    DataFrame
        ``chip``, and a column for each `Aspect`.
    """
    import pandas as pd  # late: a third of a start

    rows = [(name, *(scope.extent(aspect).value for aspect in Aspect)) for name, scope in chips]
    return pd.DataFrame(rows, columns=["chip", *(aspect.value for aspect in Aspect)])


@dataclass(frozen=True, slots=True)
class SilentPart:
    """A part without a figure, and what the chip file says of it."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})" if self.reason else self.name


@dataclass(frozen=True, slots=True)
class SilentParts:
    """Parts of a chip whose leakage or area the chip file gives as 0."""

    leakage: tuple[SilentPart, ...]
    area: tuple[SilentPart, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """One for leakage and one for area, where there are such parts."""
        told = (("leakage", self.leakage), ("area", self.area))
        return tuple(f"parts without {figure}: {', '.join(map(str, silent))}" for figure, silent in told if silent)


def silent_parts(chip: Chip, bill: Bill, given: Sequence[Source]) -> SilentParts:
    """Parts whose leakage or area the chip file gives as 0, and what it says of each.

    Parameters
    ----------
    chip : Chip
    bill : Bill
    given : sequence of Source
        Of the chip's values.
    """
    places = {part.name: part.where for part in parts(chip)}
    reasons = {source.path: source.source for source in given}

    def told(figure: str, silent: Sequence[Component]) -> tuple[SilentPart, ...]:
        return tuple(SilentPart(part.name, reasons.get(f"{places[part.name]}.{figure}", "")) for part in silent)

    return SilentParts(told("leakage", without_leakage(chip, bill)), told("area", without_area(bill)))


def scope_document(chips: Sequence[str]) -> Document:
    """What the figures of several chips include, side by side, and their parts without leakage or area.

    Parameters
    ----------
    chips : sequence of str
        Presets' names, or files.
    """
    described = [(name, load_chip(name)) for name in chips]
    bills = {name: price(chip) for name, chip in described}
    frame = scope_frame([(name, scope_of(chip, bills[name])) for name, chip in described])
    told = [_silent_section(name, chip, bills[name]) for name, chip in described]
    shown = section(scope_table(frame))
    return Document(
        (shown, *(one for one in told if one)), records(frame), frame, "What the figures of each chip include"
    )


def _silent_section(name: str, chip: Chip, bill: Bill) -> Section | None:
    sentences = silent_parts(chip, bill, sources(name)).sentences
    return section(Paragraph(name), Bullets(sentences)) if sentences else None
