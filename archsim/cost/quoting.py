"""Asking one cost model a question, without a chip: what ``archsim show cost`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archsim.cost.bill import Figure
from archsim.cost.estimate import Kind, warn_about
from archsim.cost.model import CostModel, nearest
from archsim.cost.registry import find, names
from archsim.errors import InputError

_MODEL = "model"


@dataclass(frozen=True, slots=True)
class Quote:
    """What a model says of one component.

    Parameters
    ----------
    model : CostModel
        The model that was asked.
    energy_j : tuple of (str, Figure)
        Joules per action.
    area_m2, leakage_w, latency_s : Figure or None
        None where the model's source says nothing.
    notes : tuple of str
        Parameters outside the fitted range.
    alternatives : tuple of str
        The other models for this kind of component.
    """

    model: CostModel
    energy_j: tuple[tuple[str, Figure], ...]
    area_m2: Figure | None
    leakage_w: Figure | None
    latency_s: Figure | None
    notes: tuple[str, ...]
    alternatives: tuple[str, ...]


def quote(component_kind: str, settings: Sequence[str]) -> Quote:
    """Price one component from settings on a command line.

    Parameters
    ----------
    component_kind : str
        As ``adc``; see `Kind`.
    settings : sequence of str
        ``name=value``, alone or several separated by commas, with units: ``bits=8``, ``node=14 nm``. ``model=...``
        names the model; otherwise the first for this kind is taken.

    Warns
    -----
    CostRangeWarning
        If a parameter is outside the model's fitted range.

    Raises
    ------
    InputError
        If the kind, the model or a parameter is unknown, impossible or missing.
    """
    kind = _kind(component_kind)
    values = _parsed(settings)
    name = values.pop(_MODEL, names(kind)[0])
    model = find(kind, name, f"cost {kind}")
    estimate = model.estimate(values)
    warn_about(estimate.notes)
    others = tuple(other for other in names(kind) if other != name)
    return Quote(
        model, estimate.energy_j, estimate.area_m2, estimate.leakage_w, estimate.latency_s, estimate.notes, others
    )


def _kind(word: str) -> Kind:
    try:
        return Kind(word)
    except ValueError:
        raise InputError(
            f"there is no kind of component {word!r}", where="cost", remedy=nearest(word, tuple(Kind))
        ) from None


def _parsed(settings: Sequence[str]) -> dict[str, str]:
    parsed: dict[str, str] = {}
    last = ""
    for piece in (part for setting in settings for part in setting.split(",")):
        name, equals, value = piece.partition("=")
        if equals:
            last = name.strip()
            parsed[last] = value.strip().strip("\"'")
        elif last:
            # A comma inside a value, as in operations=mac,add.
            parsed[last] = f"{parsed[last]},{piece.strip()}"
        else:
            raise InputError(f"{piece!r} is not name=value", where="cost settings", remedy="Write it as bits=8.")
    return parsed
