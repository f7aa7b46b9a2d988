"""What a chip must offer for a network that trains, and what is refused there."""

from __future__ import annotations

from archsim.chip import Chip
from archsim.errors import ArchsimError, CapacityError, InputError
from archsim.machine import Pass
from archsim.mapping.floorplan import Floorplan
from archsim.mapping.replication import Replication
from archsim.network import Learning, Network


def check_training(
    network: Network, mapped: Network, floorplan: Floorplan, replicate: Replication, groups: tuple[int, ...]
) -> None:
    """Refuse what a network that trains cannot have.

    Parameters
    ----------
    network, mapped : Network
        As it was given, and as the chip runs it.
    floorplan : Floorplan
    replicate : Replication
    groups : tuple of int
        Samples that may take turns, the most first.

    Raises
    ------
    InputError
        If its weights are not all on arrays, or have copies; if samples interleave; or if the chip file does not say
        what transposed products and updates take.
    """
    summed = network.learning is not None and network.learning.summed
    missing = {Pass.TRANSPOSED, Pass.WRITE if summed else Pass.UPDATE} - floorplan.unit.passes
    if missing:
        raise unable_to_train(floorplan.chip)
    if len(mapped.matrices) != len(network.matrices):
        raise InputError(
            "weights on digital units do not train: nobody says how they are changed",
            where=f"chip {floorplan.chip.name!r}, mapping",
            remedy="Put them on arrays: --set mapping.digital=null --set mapping.grouped=array.",
        )
    if replicate != "none":
        raise InputError(
            "copies of weights that train would have to be kept alike, which is not modelled",
            where="--replicate",
            remedy="Train with one copy: --replicate none.",
        )
    if groups != (1,):
        raise InputError(
            f"{groups[0]} samples that train cannot take turns token by token",
            where="--interleave",
            remedy="Leave it out.",
        )


def check_stepped_training(learning: Learning, chip: Chip, interleave: int | None) -> int:
    """Samples that go together on a device that works layer by layer: a mini-batch.

    Parameters
    ----------
    learning : Learning
    chip : Chip
    interleave : int, optional
        What the user asks for.

    Raises
    ------
    InputError
        If it cannot train, shares layers with others, should work with old weights, or take other samples together.
    """
    if not Floorplan(chip).unit.passes >= {Pass.TRANSPOSED, Pass.UPDATE}:
        raise unable_to_train(chip)
    for wrong, what, where, remedy in (
        (
            chip.system.chips != 1,
            "how devices that share layers would share their updates is not modelled",
            f"chip {chip.name!r}, system.chips",
            "Train on one: --set system.chips=1.",
        ),
        (
            learning.stale > 0,
            "a device that works layer by layer has no weights older than those of the mini-batch before",
            "--update",
            "Say batch:N, or sample.",
        ),
        (
            learning.summed,
            "a device that works layer by layer sums the gradients of a mini-batch by itself",
            "--sum-gradients",
            "Leave it out.",
        ),
        (
            interleave not in (None, learning.batch),
            f"{interleave} samples go together, and updates come by mini-batches of {learning.batch}",
            "--interleave",
            "Leave it out.",
        ),
    ):
        if wrong:
            raise InputError(what, where=where, remedy=remedy)
    return learning.batch


def unable_to_train(chip: Chip) -> ArchsimError:
    """The error for a chip that offers no transposed products or updates."""
    tile = chip.tile.unit
    if tile != "analog":
        return InputError(
            f"its matrix unit {tile!r} offers no transposed products or updates",
            where=f"chip {chip.name!r}",
            remedy="Take a chip of analog arrays whose tile.training says what training takes.",
        )
    if chip.analog.array.weight.slices > 1:
        return InputError(
            "weights in slices of different significance cannot be read from their columns in one product",
            where=f"chip {chip.name!r}, tile.array.weight.slices",
            remedy="Train weights that are not sliced.",
        )
    return InputError(
        "the chip file does not say what training takes in time and energy",
        where=f"chip {chip.name!r}, tile.training",
        remedy="Describe the columns' drivers and the rows' converters (backward.driver, backward.adc) and the pulses "
        "(updates.pulses), as nature2018-training and ecram-training-14nm do.",
    )


def no_turns(network: Network, chip: Chip) -> CapacityError:
    """The error for weights that would take turns on arrays."""
    return CapacityError(
        f"the weights of {network.name} take turns, and what trains must stay where it is",
        where=f"chip {chip.name!r}",
        remedy="Take a chip that holds all weights, more chips (--set system.chips='as needed'), or --schedule "
        "pipelined.",
    )
