"""The part of a chip file that describes a digital device which works layer by layer, in steps."""

from __future__ import annotations

from abc import ABC
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from archsim.chip.buffer import Buffer
from archsim.chip.section import (
    Bits,
    CostChoice,
    Count,
    Cycles,
    Flag,
    Hertz,
    Lines,
    Precision,
    Section,
    Serves,
    Share,
    Width,
    refusal,
)
from archsim.chip.tile import Tile

SYSTOLIC = "systolic"
"""The matrix unit of chips of systolic arrays."""


class Covers(Section):
    """What else a figure of power contains: reports say so.

    Parameters
    ----------
    clock, control, supply : bool
        Power that was measured of a whole die has its clock and its control in it, that of a board power conversion.
    store : bool
        What memories beside the chip take without accesses.
    """

    clock: Flag = False
    control: Flag = False
    supply: Flag = False
    store: Flag = False

    @property
    def served(self) -> tuple[Serves, ...]:
        """All that is contained."""
        contained = (
            (Serves.CLOCK, self.clock),
            (Serves.CONTROL, self.control),
            (Serves.SUPPLY, self.supply),
            (Serves.STORE, self.store),
        )
        return tuple(serves for serves, inside in contained if inside)


class SteppedTile(Tile, ABC):
    """A device that works layer by layer, each in steps whose operands are fetched ahead.

    It has no fabric between tiles: it is one tile, whose ``buffer`` holds the tensors that stay on the chip.

    Parameters
    ----------
    port_width : Bits
        That an access to one of its memories moves: what cost models ask for.
    covers : Covers
        What ``cost`` contains beside the multiplications.
    cost : CostChoice
        Of what multiplies.
    """

    port_width: Bits
    covers: Covers = Covers.model_construct()
    cost: CostChoice


class Dataflow(StrEnum):
    """What stays in a systolic array while the rest flows through it."""

    WEIGHT_STATIONARY = "weight-stationary"
    OUTPUT_STATIONARY = "output-stationary"
    INPUT_STATIONARY = "input-stationary"


class Filling(StrEnum):
    """Whether an array takes in what stays in it while it works."""

    EXPOSED = "exposed"
    """Each fold fills the array, streams and drains before the next: SCALE-Sim's convention."""
    HIDDEN = "hidden"
    """A second register in each cell takes in the next fold, whose stream follows at once."""


class WeightsAre(StrEnum):
    """Where weights are when a layer begins."""

    STREAMED = "streamed"
    """In memory; each pass of a layer fetches its own."""
    RESIDENT = "resident"
    """On the chip, all of them."""


class TensorsAre(StrEnum):
    """Where a layer's output is until its consumers have read it."""

    KEPT = "kept"
    """In the buffer while there is room for it, else in memory."""
    STORED = "stored"
    """In memory."""


class ProductPrecision(Section):
    """Bits of the operands and of their sums.

    Parameters
    ----------
    inputs, weights : int
        Of one multiplication. Activations with more bits take several.
    sums : int
        As they leave the array.
    """

    inputs: Precision
    weights: Precision
    sums: Width


class ZeroUse(StrEnum):
    """What an array does with zeros in an operand."""

    GATED = "gated"
    """Nothing switches where one would be multiplied; time passes all the same."""
    SKIPPED = "skipped"
    """They are neither stored nor take a cycle."""


class Zeros(Section):
    """Zeros in an operand.

    Parameters
    ----------
    share : float
        Of the elements.
    use : ZeroUse
    group : int, optional
        Elements of every group that have just this share of zeros: 4 for two of every four. Without it, they lie
        anywhere.
    layers : dict of str to float
        Shares of single layers, by their names, such as were measured; ``share`` is that of all others.
    """

    share: Share
    use: ZeroUse
    group: Count | None = None
    layers: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)

    def of(self, layer: str) -> Zeros:
        """Those of one layer."""
        return self.model_copy(update={"share": self.layers.get(layer, self.share), "layers": {}})

    @model_validator(mode="after")
    def _patterned(self) -> Self:
        if self.group is None:
            return self
        if self.layers:
            raise refusal("shares of single layers are given for a pattern, which all have", "Remove 'layers'.")
        if self.use is ZeroUse.GATED:
            raise refusal("a pattern is given for zeros that are gated wherever they lie", "Remove 'group'.")
        if abs(self.group * self.share - round(self.group * self.share)) > 1e-9 or self.group < 2:
            raise refusal(
                f"a share of {self.share:g} of {self.group} elements is no number of zeros",
                "Give a share that is a whole number of each group's elements, as 0.5 of 4.",
            )
        return self


class SystolicTile(SteppedTile):
    """Systolic arrays that share three memories: for inputs, weights and sums.

    Half of the memory for weights, and of that for sums, holds what the arrays work on, the other half what comes
    next; so does what tensors that stay leave of ``buffer``.

    Parameters
    ----------
    arrays : int
        Arrays that work on one layer together.
    rows, columns : int
        Of one array.
    dataflow : Dataflow
    filling : Filling
    load_cycles : int, optional
        In which an array takes in what stays in it for a fold; as many as it has rows where it is not given.
    weights : WeightsAre
    tensors : TensorsAre
    weight_buffer, sum_buffer : Buffer
        Beside ``buffer``, which holds inputs and results.
    zero_weights, zero_inputs : Zeros, optional
        What is known of zeros in constant weights and in the vectors that they multiply, and what the array makes of
        them; nothing where not given.
    cost : CostChoice
        Of one array: ``mac`` is a multiplication and its addition.
    """

    unit: Literal["systolic"]
    arrays: Count = 1
    rows: Lines
    columns: Lines
    clock: Hertz
    dataflow: Dataflow
    filling: Filling
    load_cycles: Cycles | None = None
    precision: ProductPrecision
    weights: WeightsAre
    tensors: TensorsAre
    weight_buffer: Buffer
    sum_buffer: Buffer
    zero_weights: Zeros | None = None
    zero_inputs: Zeros | None = None
    cost: CostChoice

    @property
    def input_bits(self) -> int:
        """Bits of an input of one multiplication."""
        return self.precision.inputs

    @property
    def weight_bits(self) -> int:
        """Bits of a weight."""
        return self.precision.weights

    @model_validator(mode="after")
    def _loaded(self) -> Self:
        if self.load_cycles is not None and self.dataflow is Dataflow.OUTPUT_STATIONARY:
            raise refusal(
                "load_cycles is given for an array in which sums stay, which takes in nothing before its stream",
                "Remove it, or choose another dataflow.",
            )
        return self

    @model_validator(mode="after")
    def _fed(self) -> Self:
        tile = self.rows * self.columns * self.precision.weights
        if self.dataflow is Dataflow.WEIGHT_STATIONARY and 2 * tile > self.weight_buffer.capacity:
            raise refusal(
                f"weights of one array take {tile:,} bits, and half of weight_buffer holds "
                f"{self.weight_buffer.capacity / 2:,.0f}",
                "Enlarge tile.weight_buffer.capacity to at least two of them, or make the array smaller.",
            )
        return self
