"""Pricing a chip: every component by its model, with the numbers that the chip file gives in place of the model's."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace

from archsim.chip import Chip
from archsim.chip.other_part import OtherPart
from archsim.chip.power import Policy
from archsim.cost.bill import NOT_RUNNING, Bill, Component, Figure
from archsim.cost.estimate import Estimate, range_notes
from archsim.cost.model import CostModel, nearest
from archsim.cost.registry import find, models
from archsim.cost.settings import Value
from archsim.cost.shares import along_of
from archsim.cost.temperature import HOTTEST_K, ROOM_K
from archsim.cost.unread import SORT, Reading, sort_field, unread
from archsim.errors import InputError, MissingCost
from archsim.machine import Part, parts

MOST_KEPT = 512
"""Priced components that are kept."""
_SOURCE = "source"
_NOTHING = Estimate((), None, None)


@dataclass(frozen=True, slots=True)
class Priced:
    """A component, and the notes that its model made."""

    component: Component
    notes: tuple[str, ...]
    reading: Reading


def price(chip: Chip) -> Bill:
    """Price every component of a chip.

    Parameters
    ----------
    chip : Chip

    Returns
    -------
    Bill
        Its notes name the models that were used outside their fitted range, and what does not go with the temperature.

    Raises
    ------
    MissingCost
        If a component has neither a model nor the number that is needed.
    InputError
        If a model or parameter is unknown or impossible, or two components share a name.
    """
    listed = parts(chip)
    _refuse_duplicates(listed, chip)
    along = along_of(chip, listed)
    priced = tuple(_known(part, f"chip {chip.name!r}, {part.where}", along.get(part.name, ())) for part in listed)
    components = tuple(one.component for one in priced)
    notes = tuple(note for one in priced for note in one.notes)
    if chip.technology.temperature != ROOM_K:
        notes += _temperature_notes(chip.technology.temperature, listed, components)
    return Bill(components, notes + _unread_notes(priced) + _channel_notes(chip) + _clock_notes(chip, components))


def _channel_notes(chip: Chip) -> tuple[str, ...]:
    return tuple(
        f"memory.{name}.channels ({memory.channels}) changes nothing: accesses are striped over all channels"
        for name, memory in chip.memory.items()
        if memory.channels > 1
    )


def _clock_notes(chip: Chip, components: tuple[Component, ...]) -> tuple[str, ...]:
    """Parts whose clock is gated, and that draw nothing for it."""
    idle = [part.name for part in components if not part.running_w.value]
    named = [name for name in idle if name in chip.power.parts and chip.power.of(name).policy is Policy.CLOCK_GATED]
    if chip.power.policy is Policy.CLOCK_GATED and len(idle) == len(components):
        return ("power.policy (clock-gated) changes nothing: no part says what it draws for its clock (cost.running)",)
    return tuple(f"power.parts.{name} (clock-gated) changes nothing: give its cost.running" for name in named)


def _unread_notes(priced: tuple[Priced, ...]) -> tuple[str, ...]:
    fields = unread(one.reading for one in priced)
    given = "the chip file gives every figure that would go with them"
    return (f"without effect on costs: {', '.join(fields)} ({given})",) if fields else ()


def _temperature_notes(
    temperature: float, listed: tuple[Part, ...], components: tuple[Component, ...]
) -> tuple[str, ...]:
    """What a temperature other than 300 K leaves as it is, and one that no table of leakage reaches."""
    given = [part.name for part in listed if part.choice.leakage]
    if not any(component.leakage_w.value for component in components):
        return (f"no part of this chip leaks: technology.temperature ({temperature:g} K) changes nothing",)
    held = f"leakage given by the chip file, which does not follow technology.temperature: {', '.join(given)}"
    return (*range_notes("technology.temperature in K", temperature, ROOM_K, HOTTEST_K), *([held] if given else []))


def _refuse_duplicates(listed: tuple[Part, ...], chip: Chip) -> None:
    seen: dict[str, Part] = {}
    for part in listed:
        if part.name in seen:
            raise InputError(
                f"{part.name!r} names two components: {seen[part.name].where} and {part.where}",
                where=f"chip {chip.name!r}",
                remedy="Rename the unit, memory or other part.",
            )
        seen[part.name] = part


def _known(part: Part, where: str, along: tuple[tuple[str, float], ...]) -> Priced:
    """As `_priced`: most parts stay as they are from one variant of a chip to the next."""
    try:
        told = _told(part, where, along)
    except (pickle.PicklingError, TypeError, AttributeError):
        return _priced(part, where, along)
    if told not in _KEPT:
        if len(_KEPT) == MOST_KEPT:
            _KEPT.clear()
        _KEPT[told] = _priced(part, where, along)
    return _KEPT[told]


_KEPT: dict[bytes, Priced] = {}


def _told(part: Part, where: str, along: tuple[tuple[str, float], ...]) -> bytes:
    """All that a price is made from, as bytes that say of what kind each value is: 1 and 1.0 differ."""
    kinds = (part.kind.value, part.place.value, part.purpose.value, type(part.choice).__qualname__)
    covers = sorted(purpose.value for purpose in part.covers)
    rates = [(rate.action, rate.per_s) for rate in part.full_rates]
    own = (part.name, part.count, part.actions, vars(part.choice), part.facts, part.where, part.on_die)
    return pickle.dumps((where, along, kinds, covers, rates, own), pickle.HIGHEST_PROTOCOL)


def _priced(part: Part, where: str, along: tuple[tuple[str, float], ...]) -> Priced:
    _check_choice(part, where)
    model = _model(part, where)
    estimate = _estimate(part, model, where)
    origin = str(part.choice.parameters.get(_SOURCE, where))
    component = Component(
        part.name,
        part.place,
        part.purpose,
        part.count,
        _energies(part, estimate, origin),
        _area(part, estimate, origin, where),
        _leakage(part, estimate, origin, where),
        part.full_rates,
        part.covers,
        NOT_RUNNING if part.choice.running is None else Figure(part.choice.running, "given", origin),
        along,
    )
    if _overridden(part, estimate):
        return Priced(component, (), Reading(part, None))
    notes = (*estimate.notes, *_mismatch(part, model))
    return Priced(component, tuple(f"{part.name}: {note}" for note in notes), Reading(part, model))


def _overridden(part: Part, estimate: Estimate) -> bool:
    """Whether the chip file gives every figure that a model would."""
    energies = all(action in part.choice.energy for action, _ in estimate.energy_j)
    return energies and part.choice.leakage is not None and (part.choice.area is not None or not part.on_die)


def _check_choice(part: Part, where: str) -> None:
    for action in part.choice.energy:
        if action not in part.actions:
            raise InputError(
                f"component {part.name!r} has no action {action!r}", where=where, remedy=nearest(action, part.actions)
            )
    if part.choice.area and not part.on_die:
        raise InputError(
            f"an area is given for {part.name!r}, which is not on the chip's die",
            where=where,
            remedy="Remove it, or write 'where: chip'.",
        )
    if part.choice.model is None and part.choice.parameters.keys() - {_SOURCE}:
        raise InputError(
            f"parameters of {part.name!r} are given, but no model that reads them",
            where=where,
            remedy="Name a model, or remove the parameters.",
        )
    if part.choice.scale is not None and not part.actions:
        raise InputError(
            f"{part.name!r} does nothing whose energy could be scaled",
            where=f"{where}.scale",
            remedy="Remove it; scale its leakage, running power or share by writing another.",
        )
    if part.choice.model is None and part.actions and not part.choice.energy:
        raise MissingCost(
            f"nobody has given the energy of {part.name}.{part.actions[0]}",
            where=where,
            remedy=f"Name a model, or give the energy of {', '.join(part.actions)}.",
        )


def _model(part: Part, where: str) -> CostModel | None:
    return None if part.choice.model is None else find(part.kind, part.choice.model, where)


def _mismatch(part: Part, model: CostModel | None) -> tuple[str, ...]:
    """A sentence if the model prices another sort of component than the chip file says it is."""
    sort = part.facts.get(SORT)
    if model is None or sort is None or model.prices(sort):
        return ()
    fitting = ", ".join(other.name for other in models() if other.kind is part.kind and other.prices(sort))
    priced = f"{sort_field(part)} is {sort}, and it is priced as {' or '.join(model.sorts)} by model {model.name!r}"
    return (f"{priced} (for {sort}: {fitting or 'none'})",)


def _estimate(part: Part, model: CostModel | None, where: str) -> Estimate:
    if model is None:
        return _NOTHING
    try:
        return model.estimate(_values(part, model))
    except InputError as error:
        raise InputError(error.what, where=f"{where}, {error.where}", remedy=error.remedy) from None


def _values(part: Part, model: CostModel) -> dict[str, Value]:
    """The chip's facts that the model asks for, and the parameters of the cost section over them."""
    facts = {name: value for name, value in part.facts.items() if model.accepts(name)}
    given = {name: value for name, value in part.choice.parameters.items() if name != _SOURCE}
    return {**facts, **given}


def _energies(part: Part, estimate: Estimate, origin: str) -> tuple[tuple[str, Figure], ...]:
    modelled = dict(estimate.energy_j)
    given = {action: Figure(value, "given", origin, given=True) for action, value in part.choice.energy.items()}
    return tuple((action, _scaled(figure, part.choice.scale)) for action, figure in {**modelled, **given}.items())


def _scaled(figure: Figure, scale: float | None) -> Figure:
    if scale in (None, 1.0):
        return figure
    return replace(figure, value=figure.value * scale, formula=f"{scale:g} x ({figure.formula})")


def _area(part: Part, estimate: Estimate, origin: str, where: str) -> Figure:
    if not part.on_die:
        return Figure(0.0, "0 by definition: not on the chip's die", "by definition")
    if part.choice.area is not None:
        return Figure(part.choice.area, "given", origin, given=True)
    return estimate.area_m2 or _missing(part, "area", "1 mm^2", where)


def _leakage(part: Part, estimate: Estimate, origin: str, where: str) -> Figure:
    if part.choice.leakage is not None:
        return Figure(part.choice.leakage, "given", origin, given=True)
    if isinstance(part.choice, OtherPart) and part.choice.share is not None:
        counted = ", ".join(part.choice.of or ())
        return Figure(0.0, f"none of its own: it draws {part.choice.share:g} of all that {counted} and it draw", origin)
    return estimate.leakage_w or _missing(part, "leakage", "1 mW", where)


def _missing(part: Part, quantity: str, example: str, where: str) -> Figure:
    raise MissingCost(
        f"nobody has given the {quantity} of {part.name}",
        where=where,
        remedy=f"Name a model that covers it, or give {quantity}: '{example}'.",
    )
