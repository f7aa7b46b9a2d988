"""All cost models: ours, and those of installed packages."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from archsim.cost.adc import neurosim, neurram, oscillator, published, ramp, sample_hold, survey
from archsim.cost.array import device_array, drivers, photonic
from archsim.cost.digital import affine, static_parts, unit
from archsim.cost.estimate import Kind
from archsim.cost.fabric import chip_link, router, wire
from archsim.cost.memory import dram, edram, register_file, sram
from archsim.cost.model import CostModel, nearest
from archsim.errors import InputError

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
    for entry in entry_points(group=GROUP):
        for model in _loaded(entry):
            _refuse_duplicate(model, found, entry)
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


def _loaded(entry: EntryPoint) -> tuple[CostModel, ...]:
    try:
        loaded: object = entry.load()
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"it cannot be loaded ({error})",
            where=f"cost model entry point {entry.name!r}",
            remedy="Mend or uninstall the package that offers it.",
        ) from error
    members = loaded if isinstance(loaded, tuple) else (loaded,)
    for member in members:
        if not isinstance(member, CostModel):
            raise InputError(
                f"it names {member!r}, which is no CostModel",
                where=f"cost model entry point {entry.name!r}",
                remedy="Make it with archsim.cost.declare, or name a tuple of such models.",
            )
    return members


def _refuse_duplicate(model: CostModel, found: list[CostModel], entry: EntryPoint) -> None:
    if any(other.kind is model.kind and other.name == model.name for other in found):
        raise InputError(
            f"there already is a cost model {model.name!r} for {model.kind}",
            where=f"cost model entry point {entry.name!r}",
            remedy="Give it another name.",
        )
