"""The part of a chip file that describes a chip of spiking neurons."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from archsim.chip.section import CostChoice, Count, Cycles, Lines, Seconds, Share, refusal
from archsim.chip.stepped_tile import SteppedTile

SPIKING = "spiking"
"""The matrix unit of chips of spiking neurons."""


class SpikingTile(SteppedTile):
    """Cores of integrate-and-fire neurons on a common tick, to which a network is coded as rates.

    Every neuron of a layer is a neuron of its own, also at every position of a convolution: nothing is used twice in a
    tick. A sample lasts ``ticks``. A value is the share of the ticks in which its neuron fires; layers work at once,
    each a tick behind the one before.

    Parameters
    ----------
    cores : int
    axons, neurons : int
        Of a core: inputs, and what they are joined to.
    axons_per_input : int
        Two where an input takes one for positive and one for negative weights. ``buffer`` holds the synapses between
        axons and neurons, of all cores.
    tick : Seconds
    ticks : int
        Of a sample.
    mean_rate : float
        Spikes per input and tick, on average; a functional run measures it.
    cost : CostChoice
        Of the whole chip: joules of a spike at a synapse (``event``), power without any.
    """

    unit: Literal["spiking"]
    cores: Count
    axons: Lines
    neurons: Lines
    axons_per_input: Count
    tick: Seconds
    ticks: Cycles
    mean_rate: Share
    cost: CostChoice

    @property
    def input_bits(self) -> int:
        """Bits of a value: it is one of ``ticks`` + 1 rates."""
        return self.ticks.bit_length()

    @property
    def inputs(self) -> int:
        """Of a core."""
        return self.axons // self.axons_per_input

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not self.inputs:
            raise refusal(
                f"an input takes {self.axons_per_input} axons, and a core has {self.axons}",
                "Lower tile.axons_per_input.",
            )
        return self

    @model_validator(mode="after")
    def _held(self) -> Self:
        synapses = self.cores * self.axons * self.neurons
        if synapses > self.buffer.capacity:
            raise refusal(
                f"{synapses:,} synapses take a bit each at least, and tile.buffer.capacity holds "
                f"{self.buffer.capacity:,.0f}",
                "Enlarge tile.buffer.capacity, or lower tile.cores, tile.axons or tile.neurons.",
            )
        return self
