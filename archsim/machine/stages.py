"""What a product with a block of weights consists of, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from archsim.program import Kind, Role

Ids = NDArray[np.int64]
Counts = NDArray[np.float64]


class Pass(StrEnum):
    """A way of using weights."""

    FORWARD = "forward"
    """Inputs on the rows, sums out of the columns."""
    TRANSPOSED = "transposed"
    """Errors on the columns, sums out of the rows."""
    UPDATE = "update"
    """Adding the outer product of inputs and errors to the weights."""
    WRITE = "write"
    """Adding a whole matrix of changes to them, row by row: one stage, which takes all of it."""
    PROGRAM = "program"
    """Writing the weights: one stage, whose input is the block itself."""
    TRANSFER = "transfer"
    """Moving weights from the devices that gather gradients to those that keep them: one stage, without inputs."""
    REFRESH = "refresh"
    """Writing weights anew that devices cannot hold, or only in part: likewise."""


@dataclass(frozen=True, slots=True)
class BlockShapes:
    """Blocks of weights, by all that their products depend on; columns of shape ``(blocks,)``.

    Parameters
    ----------
    rows, columns : int64
        Of the block.
    weights : int64
        Those of its weights that are not structurally zero.
    """

    rows: Ids
    columns: Ids
    weights: Ids

    def __len__(self) -> int:
        return len(self.rows)

    def distinct(self) -> tuple[BlockShapes, Ids]:
        """Each shape once, and the number of its shape for every block, shape ``(blocks,)``."""
        number = np.zeros(len(self), np.int64)
        for column in (self.rows, self.columns, self.weights):
            values, which = np.unique(column, return_inverse=True)
            number = number * len(values) + which
        _, first, back = np.unique(number, return_index=True, return_inverse=True)
        return BlockShapes(self.rows[first], self.columns[first], self.weights[first]), back


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a stage does and that costs energy.

    Parameters
    ----------
    component, action : str
        As a `Part` of the chip names itself and its actions.
    count : float64, shape (blocks,)
        How often per product.
    """

    component: str
    action: str
    count: Counts


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the products of some blocks; each of its columns has shape ``(blocks,)``.

    Parameters
    ----------
    role : Role
        What it does. ``ACCUMULATE`` adds the sums of the block before (along the rows; of a transposed product, along
        the columns), so that first blocks have no such stage; it is the last stage of a product that may be summed.
    resource : Kind
        What serves it: each place of the unit has one of this kind and label, and stages that name the same share it.
    label : str
    interval, latency : int64
        Picoseconds that the resource is held, and from the start to the output's appearance; at least 1.
    input_bits : int64
        Read from the tile's buffer; 0 where the stage takes only what the one before it made.
    output_bits : int64
        Of the token that it makes; 0 for an analog one.
    in_flight : int
        Tokens that may lie between this stage and the next, the ones being made or taken included.
    actions : tuple of Action
    """

    role: Role
    resource: Kind
    label: str
    interval: Ids
    latency: Ids
    input_bits: Ids
    output_bits: Ids
    in_flight: int = 2
    actions: tuple[Action, ...] = field(default=())

    @property
    def sums(self) -> bool:
        """Whether it adds the sums of the row block before."""
        return self.role is Role.ACCUMULATE

    def timeless(self) -> Stage:
        """The stage as if it took no time."""
        nothing = np.zeros_like(self.interval)
        return replace(self, interval=nothing, latency=nothing)

    def at(self, blocks: Ids) -> Stage:
        """The stage for a selection of blocks, or for as many copies of them."""
        return replace(
            self,
            interval=self.interval[blocks],
            latency=self.latency[blocks],
            input_bits=self.input_bits[blocks],
            output_bits=self.output_bits[blocks],
            actions=tuple(replace(action, count=action.count[blocks]) for action in self.actions),
        )


def stages_of(stages: Sequence[Stage], *, summed: bool) -> tuple[Stage, ...]:
    """The stages of a product, with or without another row block's sums."""
    return tuple(stage for stage in stages if summed or not stage.sums)


def product_period(stages: Sequence[Stage], *, summed: bool) -> Ids:
    """Picoseconds between the products of each block at full rate, shape ``(blocks,)``.

    A resource must be through with all stages of a product that it serves. Between two stages, room for a token is
    taken at its start and freed when the next stage ends.

    Parameters
    ----------
    stages : sequence of Stage
        Of a product, in order.
    summed : bool
        Whether the product takes another row block's sums, too.
    """
    chain = stages_of(stages, summed=summed)
    held: dict[tuple[Kind, str], Ids] = {}
    for stage in chain:
        before = held.get((stage.resource, stage.label), np.int64(0))
        held[stage.resource, stage.label] = before + stage.interval
    waits = [-(-(stage.latency + after.interval) // stage.in_flight) for stage, after in pairwise(chain)]
    period: Ids = np.maximum.reduce([*held.values(), *waits])
    return period
