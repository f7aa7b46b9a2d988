"""Fields of a chip file that only cost models read, on chips whose figures are given instead: what no model asks for.

A published chip gives its converters' energy, not the voltage that a model would derive it from: the voltage is then a
description. Whoever changes it must not wait for an effect.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archsim.cost.model import CostModel
from archsim.machine import Part


@dataclass(frozen=True, slots=True)
class Reading:
    """A component, and the model that gives at least one of its figures, if any does."""

    part: Part
    model: CostModel | None

    def of(self, fact: str) -> bool:
        """Whether a figure goes with this fact."""
        if self.model is None or fact not in self.part.facts:
            return False
        return self.model.accepts(fact) or (fact == SORT and bool(self.model.sorts))


SORT = "kind"
"""The fact that says what sort of a component it is; models say which they price."""

_FACTS = {
    "technology.node": ("node",),
    "technology.supply": ("supply",),
    "technology.flavour": ("flavour",),
    "technology.leakage_scale": ("leakage_scale",),
    "tile.array.cell.area": ("cell_area",),
    "tile.array.cell.mean_conductance": ("mean_conductance", "column_resistance"),
    "tile.array.cell.read_voltage": ("read_voltage",),
    "tile.input.mean_activity": ("mean_activity", "column_resistance"),
    "fabric.pitch": ("length",),
}
"""By field: the facts of cost models that it fills."""


def unread(readings: Iterable[Reading]) -> tuple[str, ...]:
    """Fields that no figure goes with, by their paths in the chip file."""
    asked = tuple(readings)
    shared = (field for field, facts in _FACTS.items() if _offered(asked, facts) and not _read(asked, facts))
    return (*shared, *_sorts(asked))


def _offered(readings: tuple[Reading, ...], facts: tuple[str, ...]) -> bool:
    return any(fact in reading.part.facts for reading in readings for fact in facts)


def _read(readings: tuple[Reading, ...], facts: tuple[str, ...]) -> bool:
    return any(reading.of(fact) for reading in readings for fact in facts)


def _sorts(readings: tuple[Reading, ...]) -> tuple[str, ...]:
    """Kinds of memories: those of drivers and converters say how long they take, too."""
    return tuple(
        sort_field(reading.part)
        for reading in readings
        if reading.part.stores and SORT in reading.part.facts and not reading.of(SORT)
    )


def sort_field(part: Part) -> str:
    """Path of the ``kind`` of a component in the chip file."""
    return f"{part.where.removesuffix('.cost')}.{SORT}"
