"""Memories beside the chip: energy per bit by generation, background power, and no area on the die.

Row activations are folded into the energy per bit. Background and refresh power are published for one device only,
IBM's LPDDR model (idle 0.1297 W against 0.2467 W at 5.332 GB/s); the others take the same share of their power at
full bandwidth, which is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from archsim.cost.bill import Figure
from archsim.cost.estimate import PJ, Estimate, Kind, engineering
from archsim.cost.model import declare
from archsim.cost.settings import BitsPerSecond, Settings, Watts

IDLE_SHARE = 0.1297 / 0.2467
CHANNEL_BIT_S = 5.332e9 * 8
_IBM = "IBM 3D-CiM model: idle 0.1297 W, 0.2467 W at 5.332 GB/s"


@dataclass(frozen=True, slots=True)
class Generation:
    """A DRAM generation: its name in chip files, the kind of memory that it is, energy per bit, and source."""

    name: str
    sort: str
    pj_per_bit: float
    source: str


GENERATIONS = (
    Generation("lpddr-2012", "lpddr", 40, "Malladi et al., ISCA 2012, via Accelergy-cacti"),
    Generation("lpddr4", "lpddr", 8, "Accelergy-cacti plug-in"),
    Generation("lpddr-ibm", "lpddr", 0.2467 / (5.332e9 * 8) / PJ, _IBM),
    Generation("lpddr5", "lpddr", 5, "4 to 6 pJ/bit, unverified (from memory)"),
    Generation("ddr3", "ddr", 70, "Chatterjee et al., via Accelergy-cacti"),
    Generation("ddr5", "ddr", 17.5, "15 to 20 pJ/bit, unverified (from memory)"),
    Generation("gddr5", "gddr", 14, "Accelergy-cacti plug-in"),
    Generation("gddr6", "gddr", 7.5, "Micron, via kylolab"),
    Generation("gddr6x", "gddr", 7.25, "Micron, via kylolab"),
    Generation("hbm2", "hbm", 3.9, "O'Connor et al., MICRO 2017"),
    Generation("hbm2-hwc", "hbm", 6.25, "hwcomponents e67d7f10"),
    Generation("hbm2e", "hbm", 6.0, "kylolab"),
    Generation("hbm3", "hbm", 4.05, "hwcomponents e67d7f10"),
    Generation("hbm4", "hbm", 3.2, "semiwiki, DDR, LPDDR and HBM"),
)


class Dram(Settings):
    """Settings of a memory beside the chip; ``channel_idle`` is for each 5.332 GB/s of its bandwidth."""

    bandwidth: BitsPerSecond
    background: Watts | None = None
    channel_idle: Watts | None = None

    def given(self) -> tuple[float, str] | None:
        """Watts without accesses that the chip file gives, in all or by its bandwidth, and in words."""
        if self.background is not None:
            return self.background, "background"
        if self.channel_idle is None:
            return None
        channels = self.bandwidth / CHANNEL_BIT_S
        return channels * self.channel_idle, f"{channels:g} x {engineering(self.channel_idle, 'W')} per 5.332 GB/s"


def dram(generation: Generation, settings: Dram) -> Estimate:
    """Price a memory beside the chip."""
    energy = generation.pj_per_bit * PJ
    figure = Figure(energy, f"{engineering(energy, 'J')}/bit, activations included", generation.source)
    area = Figure(0.0, "0 by definition: not on the chip's die", "by definition")
    return Estimate((("read_bit", figure), ("write_bit", figure)), area, _background(energy, generation, settings))


def _background(energy: float, generation: Generation, settings: Dram) -> Figure:
    given = settings.given()
    if given:
        return Figure(*given, "given as a parameter")
    full = energy * settings.bandwidth
    published = _IBM if generation.name == "lpddr-ibm" else f"assumed, the share of {_IBM}"
    return Figure(IDLE_SHARE * full, f"{IDLE_SHARE:.3g} x {engineering(full, 'W')} at full bandwidth", published)


MODELS = tuple(
    declare(
        generation.name,
        Kind.MEMORY,
        Dram,
        partial(dram, generation),
        source=generation.source,
        validity="streams; short random accesses cost more",
        sorts=(generation.sort,),
    )
    for generation in GENERATIONS
)
