"""What a chip's figures include: which of its parts are priced, and which are not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from archsim.chip import Chip
from archsim.cost import Bill, Component, Figure
from archsim.machine import Place, Purpose


class Aspect(StrEnum):
    """What a figure of power, energy or area may include."""

    LEAKAGE = "leakage"
    """Of what is on the die."""
    AREA = "area"
    CLOCK = "clock"
    CONTROL = "control"
    SUPPLY = "power conversion"
    DRAM = "DRAM"
    """Memories beside the chip: accesses, and power without them."""
    IO = "I/O"
    """Links between chips."""
    HOST = "host"


class Extent(StrEnum):
    """How far something is priced."""

    ALL = "all"
    PART = "in part"
    NONE = "none"
    ABSENT = "not there"


@dataclass(frozen=True, slots=True)
class Inclusion:
    """How far an aspect is included.

    Parameters
    ----------
    aspect : Aspect
    extent : Extent
    without : tuple of str
        What has no figure of its own, where something has: parts, or what of them.
    """

    aspect: Aspect
    extent: Extent
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a chip's figures include, aspect by aspect.

    Parameters
    ----------
    inclusions : tuple of Inclusion
        One for each `Aspect`, in its order.
    """

    inclusions: tuple[Inclusion, ...]

    def extent(self, aspect: Aspect) -> Extent:
        """How far an aspect is included."""
        return next(one.extent for one in self.inclusions if one.aspect is aspect)

    @property
    def included(self) -> str:
        """What is included, in words."""
        parts = [_words(one) for one in self.inclusions if one.extent in (Extent.ALL, Extent.PART)]
        return ", ".join(parts) or "dynamic energy alone"

    @property
    def excluded(self) -> str:
        """What is there and not priced, in words; empty where there is nothing."""
        return ", ".join(one.aspect for one in self.inclusions if one.extent is Extent.NONE)


def _words(one: Inclusion) -> str:
    return one.aspect.value if one.extent is Extent.ALL else f"{one.aspect} in part"


def scope_of(chip: Chip, bill: Bill) -> Scope:
    """What a chip's figures include, by its description and its bill.

    A part whose leakage or area the chip file gives as 0 has none of its own. A model's 0 has its reason (no path from
    the supply to ground, routed over the logic) and counts as priced. A host is a bandwidth, whose energy nobody
    prices.
    """
    on_die, beside = _sides(chip, bill)
    return Scope(
        (
            _over(Aspect.LEAKAGE, without_leakage(chip, bill), [part.leakage_w for part in on_die]),
            _over(Aspect.AREA, without_area(bill), [part.area_m2 for part in on_die]),
            _serving(Aspect.CLOCK, Purpose.CLOCK, bill),
            _serving(Aspect.CONTROL, Purpose.CONTROL, bill),
            _serving(Aspect.SUPPLY, Purpose.SUPPLY, bill),
            _memories(beside, bill),
            _links(chip, bill),
            Inclusion(Aspect.HOST, Extent.NONE),
        )
    )


def without_leakage(chip: Chip, bill: Bill) -> tuple[Component, ...]:
    """Parts on the die that leak nothing because the chip file says so."""
    return tuple(part for part in _sides(chip, bill)[0] if _silent(part.leakage_w))


def without_area(bill: Bill) -> tuple[Component, ...]:
    """Parts that take no area because the chip file says so."""
    return tuple(part for part in bill.components if _silent(part.area_m2))


def _sides(chip: Chip, bill: Bill) -> tuple[list[Component], list[Component]]:
    """The components on the die, and the memories beside it."""
    beside = {name for name, memory in chip.memory.items() if memory.where == "system"}
    parts = bill.components
    return [part for part in parts if part.name not in beside], [part for part in parts if part.name in beside]


def _silent(figure: Figure) -> bool:
    return figure.given and figure.value == 0


def _over(aspect: Aspect, silent: tuple[Component, ...], figures: list[Figure]) -> Inclusion:
    """Whether all parts, some or none have a figure of their own."""
    names = tuple(part.name for part in silent)
    if not any(figure.value > 0 for figure in figures):
        return Inclusion(aspect, Extent.NONE, names)
    return Inclusion(aspect, Extent.PART if silent else Extent.ALL, names)


def _serving(aspect: Aspect, purpose: Purpose, bill: Bill) -> Inclusion:
    """Whether something is priced that serves a purpose, by itself or within a larger figure."""
    serving = [part for part in bill.components if part.purpose is purpose or purpose in part.covers]
    return Inclusion(aspect, Extent.ALL if any(map(_costs, serving)) else Extent.NONE)


def _costs(part: Component) -> bool:
    return part.leakage_w.value > 0 or part.running_w.value > 0 or bool(part.along) or _moves(part.energy_j)


def _moves(energies: Iterable[tuple[str, Figure]]) -> bool:
    return any(figure.value > 0 for _, figure in energies)


def _memories(beside: list[Component], bill: Bill) -> Inclusion:
    """Accesses to memories beside the chip, and what these take without: their own power, or within a larger figure."""
    if not beside:
        return Inclusion(Aspect.DRAM, Extent.ABSENT)
    within = any(Purpose.STORE in part.covers and part.leakage_w.value > 0 for part in bill.components)
    idle, accessed = (
        within or any(part.leakage_w.value > 0 for part in beside),
        any(_moves(part.energy_j) for part in beside),
    )
    if idle and accessed:
        return Inclusion(Aspect.DRAM, Extent.ALL)
    if not idle and not accessed:
        return Inclusion(Aspect.DRAM, Extent.NONE)
    return Inclusion(Aspect.DRAM, Extent.PART, ("accesses",) if idle else ("power without accesses",))


def _links(chip: Chip, bill: Bill) -> Inclusion:
    if chip.system.link is None:
        return Inclusion(Aspect.IO, Extent.ABSENT)
    links = [part for part in bill.components if part.place is Place.PORT and part.name not in chip.memory]
    return Inclusion(Aspect.IO, Extent.ALL if any(map(_costs, links)) else Extent.NONE)
