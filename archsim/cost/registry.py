"""All cost models: ours, and those of installed packages."""

from __future__ import annotations

from functools import lru_cache

from archsim.cost.adc import neurosim, neurram, oscillator, published, ramp, sample_hold, survey
from archsim.cost.array import device_array, drivers, photonic
from archsim.cost.digital import affine, static_parts, unit
from archsim.cost.estimate import Kind
from archsim.cost.fabric import chip_link, router, wire
from archsim.cost.memory import dram, edram, register_file, sram
from archsim.cost.model import CostModel, nearest
from archsim.errors import InputError
from archsim.registration import refuse_taken, registered

GROUP = "archsim.cost_models"

_BUILT_IN = (
    *device_array.MODELS,
    *drivers.MODELS,
    *survey.MODELS,
    *neurosim.MODELS,
    *ramp.MODELS,
    *oscillator.MODELS,
    *published.MODELS,
    *neurram.MODELS,
    *sample_hold.MODELS,
    *photonic.MODELS,
    *affine.MODELS,
    *sram.MODELS,
    *edram.MODELS,
    *register_file.MODELS,
    *dram.MODELS,
    *unit.MODELS,
    *router.MODELS,
    *wire.MODELS,
    *chip_link.MODELS,
    *static_parts.MODELS,
)


@lru_cache(maxsize=1)
def models() -> tuple[CostModel, ...]:
    """Every cost model: the built-in ones, then those of the entry point group ``archsim.cost_models``.

    Raises
    ------
    InputError
        If a package's entry point cannot be loaded, is no cost model, or takes a name that exists.
    """
    found = list(_BUILT_IN)
    for where, model in registered(GROUP, CostModel, "cost model"):
        taken = (other.name for other in found if other.kind is model.kind)
        refuse_taken(model.name, taken, f"cost model {model.name!r} for {model.kind}", where)
        found.append(model)
    return tuple(found)


def names(kind: Kind) -> tuple[str, ...]:
    """Names of the models of a kind; the first is what ``archsim show cost`` takes when none is named."""
    return tuple(model.name for model in models() if model.kind is kind)


def find(kind: Kind, name: str, where: str) -> CostModel:
    """Look a model up.

    Raises
    ------
    InputError
        If there is none of that name for that kind of component.
    """
    for model in models():
        if model.kind is kind and model.name == name:
            return model
    raise InputError(f"there is no cost model {name!r} for {kind}", where=where, remedy=nearest(name, names(kind)))
