"""What is compared: networks and chips, each by a name of its own, batches, and how all are run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from archsim import workloads
from archsim.accounting import scope_of
from archsim.chip import Chip, load_chip
from archsim.comparison.entry import Device
from archsim.cost import price
from archsim.errors import InputError
from archsim.mapping import Replication
from archsim.network import Network
from archsim.simulation import load_network
from archsim.workloads import Option, WorkloadOptions

if TYPE_CHECKING:
    from onnx import ModelProto

T = TypeVar("T")
_LARGEST_BATCH = 10**12


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared.

    Parameters
    ----------
    networks : tuple of Network
    devices : tuple of Device
    batches : tuple of int
        Ascending.
    replicate : "none", "balanced" or mapping
        Copies of layers, where a chip holds weights.
    baseline : str
        The chip that ratios are to.
    node : float
        Metres: of the scaled figures.
    training : bool
        Whether the networks are trained; batches are mini-batches then.
    """

    networks: tuple[Network, ...]
    devices: tuple[Device, ...]
    batches: tuple[int, ...]
    replicate: Replication
    baseline: str
    node: float
    training: bool = False

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The chips."""
        return tuple(device.chip for device in self.devices)


def question(
    models: Sequence[str | Path | ModelProto | Network],
    chips: Sequence[str | Path | Chip],
    *,
    baseline: str | None = None,
    batch: int | Sequence[int] = 1,
    replicate: Replication = "none",
    options: WorkloadOptions | None = None,
    node: float | None = None,
    training: bool = False,
) -> Question:
    """Load what is compared; see `archsim.comparison.compare`.

    Raises
    ------
    InputError
        If something is named that there is not, or twice.
    """
    networks = _networks(models, options or WorkloadOptions())
    devices = tuple(_device(chip) for chip in _listed(chips, "chips"))
    _refuse_twice([network.name for network in networks], "networks", "Give networks of different names.")
    _refuse_twice(
        [device.chip.name for device in devices], "chips", "Give each chip once; files are told apart by their names."
    )
    base = _baseline(baseline, devices)
    return Question(
        networks,
        devices,
        _batches(batch),
        replicate,
        base.chip.name,
        base.chip.technology.node if node is None else node,
        training,
    )


def _networks(models: Sequence[str | Path | ModelProto | Network], options: WorkloadOptions) -> tuple[Network, ...]:
    listed = _listed(models, "models")
    understood = {model: _understood(model) for model in listed if isinstance(model, str)}
    for option in options.given():
        if not any(option in known for known in understood.values()):
            raise InputError(
                f"option '{option}' means nothing to any of these networks",
                where=f"--{option}",
                remedy="Leave it out, or name a network that has it.",
            )
    return tuple(_network(model, options) for model in listed)


def _understood(model: str) -> frozenset[Option]:
    known: frozenset[Option] = workloads.understood(model)
    return known


def _network(model: str | Path | ModelProto | Network, options: WorkloadOptions) -> Network:
    """A network with those of the options that mean something to it."""
    if isinstance(model, Network):
        return model
    known = _understood(model) if isinstance(model, str) else frozenset()
    taken = {option.value: value for option, value in options.given().items() if option in known}
    return load_network(model, WorkloadOptions(**taken))


def _device(chip: str | Path | Chip) -> Device:
    described = chip if isinstance(chip, Chip) else load_chip(str(chip))
    return Device(described, scope_of(described, price(described)))


def _listed(given: Sequence[T], what: str) -> tuple[T, ...]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise InputError(f"{given!r:.60} is no list of {what}", where=what, remedy=f"Give a list: [{given!r:.60}].")
    listed = tuple(given)
    if not listed:
        raise InputError(f"no {what} are given", where=what, remedy="Name one at least.")
    return listed


def _refuse_twice(names: Sequence[str], where: str, remedy: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name!r} is given twice", where=where, remedy=remedy)


def _baseline(name: str | None, devices: Sequence[Device]) -> Device:
    """The device that ratios are to: the first, where none is named."""
    if name is None:
        return devices[0]
    for device in devices:
        if device.chip.name == name:
            return device
    known = ", ".join(device.chip.name for device in devices)
    raise InputError(
        f"the baseline {name!r} is none of the chips that are compared", where="baseline", remedy=f"Choose {known}."
    )


def _batches(batch: int | Sequence[int]) -> tuple[int, ...]:
    given = (batch,) if isinstance(batch, int) else tuple(batch)
    for size in given:
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise InputError(f"{size!r} is no batch", where="batch", remedy="Give whole numbers of at least 1.")
        if size > _LARGEST_BATCH:
            raise InputError(
                f"a batch of {size:,} samples", where="batch", remedy=f"At most {_LARGEST_BATCH:,} are compared."
            )
    if not given:
        raise InputError("no batch is given", where="batch", remedy="Give whole numbers, as 1, 8, 64.")
    return tuple(sorted(set(given)))
