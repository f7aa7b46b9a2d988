"""The placement of a network on a device that works layer by layer: everything is in one place."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from archsim.chip import Chip
from archsim.errors import InputError
from archsim.machine.stepped import SteppedUnit
from archsim.mapping.floorplan import Floorplan
from archsim.mapping.placement import Blocks, Homes, Placement
from archsim.mapping.replication import Replication
from archsim.mapping.sample_room import check_samples
from archsim.mapping.stepped import plan_steps
from archsim.network import Digital, Layer, Network, Sink, Source


def place_stepped(
    network: Network, chip: Chip, *, replicate: Replication, batch: int, interleave: int | None
) -> Placement:
    """Lay a network on a device that works layer by layer.

    Raises
    ------
    InputError
        If copies of layers are wanted, the batch is not made of the samples that go together, the matrix unit is
        none that works in steps, or there are more devices than can be simulated.
    CapacityError
        If the network does not fit.
    """
    floorplan = Floorplan(chip)
    floorplan.check_chips(device_count(chip))
    unit = floorplan.unit
    if not isinstance(unit, SteppedUnit):
        raise InputError(
            f"the matrix unit {chip.tile.unit!r} does not work in steps, as its section says",
            where=f"chip {chip.name!r}, tile.unit",
            remedy="Mend the package that offers it: see archsim.machine.stepped.SteppedUnit.",
        )
    _refuse_copies(replicate)
    samples = _together(chip, batch, interleave)
    unit.check(network, samples)
    count = len(network.order)
    none, zero = np.zeros(0, np.int64), np.zeros(count, np.int64)
    return Placement(
        network=network,
        chip=chip,
        floorplan=floorplan,
        chips=device_count(chip),
        replicas=(1,) * count,
        blocks=Blocks(*(none for _ in fields(Blocks))),
        homes=Homes(
            layer=np.arange(count),
            replica=zero,
            part=zero,
            start=zero,
            stop=np.array([layer.width for layer in network.order], np.int64),
            node=np.array([_node(floorplan, layer) for layer in network.order], np.int64),
            unit=zero,
        ),
        interleave=samples,
        plan=plan_steps(network, chip, unit.keeping, samples),
    )


def device_count(chip: Chip) -> int:
    """Devices that share every layer."""
    return chip.system.chips if isinstance(chip.system.chips, int) else 1


def _node(floorplan: Floorplan, layer: Layer) -> int:
    """The device's only tile, or its port."""
    operator = layer.operator
    outside = isinstance(operator, Source | Sink) or (isinstance(operator, Digital) and operator.table > 0)
    return floorplan.port if outside else 0


def _refuse_copies(replicate: Replication) -> None:
    if replicate != "none":
        raise InputError(
            "copies of layers are asked for on a device that works layer by layer, with all of its arrays each time",
            where="--replicate",
            remedy="Remove the option.",
        )


def _together(chip: Chip, batch: int, interleave: int | None) -> int:
    """Samples that go together: as asked for, as the chip says, or the whole batch."""
    check_samples(batch)
    samples = interleave or chip.mapping.schedule.samples or batch
    if batch % samples:
        raise InputError(
            f"{samples} samples go together, and a batch of {batch} is not made of so many",
            where="mapping.schedule.samples",
            remedy=f"Take a batch that is a multiple of {samples}, or change mapping.schedule.samples.",
        )
    return samples
