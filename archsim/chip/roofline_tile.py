"""The part of a chip file that describes a processor by its roofline: a GPU, by what is published of it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from archsim.chip.section import BitsPerSecond, CostChoice, Count, Duration, Hertz, Precision, Section, Share, refusal
from archsim.chip.stepped_tile import SteppedTile, TensorsAre, WeightsAre, Zeros

ROOFLINE = "roofline"
"""The matrix unit of devices that are described by their roofline."""


class NumberFormat(Section):
    """A format of numbers, and how fast products are made in it.

    Parameters
    ----------
    bits : int
        Of an input.
    macs : int
        Multiplications with their additions, per processor and cycle.
    """

    bits: Precision
    macs: Count


class RooflineTile(SteppedTile):
    """A device of many processors behind one cache and one memory, described by what bounds it.

    A layer's pass is a *kernel*. It takes a start, and then the longest of computing, of moving all operands through
    the cache, and of moving those that are not there from and to memory. Starting takes ``launch``, and a product's
    ``startup`` more, until all processors work and after the first of them is through: with it, small products reach
    the less of the peak the smaller they are, half of it where work and start take the same time.

    Parameters
    ----------
    processors : int
    clock : Hertz
    formats : dict of str to NumberFormat
        What the processors can multiply in.
    format : str
        Which of them products are made in.
    weight_bits_stored : int, optional
        Bits of a weight in memory, where it is made wider for the product.
    peak_share : float
        Of the peak, that the largest products reach.
    launch : Seconds
        From one kernel to the next, at least.
    startup : Seconds
        Of a product, beyond its launch.
    buffer_bandwidth : BitsPerSecond
        Between the cache, which is ``buffer``, and all processors.
    weights : WeightsAre
        ``resident``: in the cache for ever.
    tensors : TensorsAre
        ``kept``: in the cache while there is room.
    zero_weights : Zeros, optional
        A pattern of zeros in constant weights that is skipped, as two of every four: products take the less of the
        peak, and of the memory.
    cost : CostChoice
        Of the whole device: joules of a multiplication by its format, its power when idle.
    """

    unit: Literal["roofline"]
    processors: Count
    clock: Hertz
    formats: Annotated[dict[str, NumberFormat], Field(min_length=1)]
    format: str
    weight_bits_stored: Precision | None = None
    peak_share: Share
    launch: Duration
    startup: Duration
    buffer_bandwidth: BitsPerSecond
    weights: WeightsAre
    tensors: TensorsAre
    zero_weights: Zeros | None = None
    cost: CostChoice

    @property
    def chosen(self) -> NumberFormat:
        """The format of products."""
        return self.formats[self.format]

    @property
    def input_bits(self) -> int:
        """Bits of an input of a product."""
        return self.chosen.bits

    @property
    def weight_bits(self) -> int:
        """Bits of a weight as it is stored."""
        return self.weight_bits_stored or self.chosen.bits

    @property
    def macs_per_s(self) -> float:
        """Multiplications with their additions at the peak."""
        return self.processors * self.chosen.macs * self.clock

    @model_validator(mode="after")
    def _patterned(self) -> Self:
        if self.zero_weights is not None and self.zero_weights.group is None:
            raise refusal(
                "zero_weights: processors make use of zeros in a pattern only",
                "Give 'use: skipped' and the pattern's group, as {share: 0.5, use: skipped, group: 4}.",
            )
        return self

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.format not in self.formats:
            near = get_close_matches(self.format, self.formats, 1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            raise refusal(
                f"products are made in {self.format!r}, of which tile.formats says nothing",
                f"{hint}Choose one of {', '.join(self.formats)}.",
            )
        if self.weight_bits > self.chosen.bits:
            raise refusal(
                f"weights of {self.weight_bits} bits are multiplied in {self.chosen.bits}",
                "Lower tile.weight_bits_stored, or choose a wider format.",
            )
        return self
