"""Digital parts of a chip: their technology, and the units that are no matrix units."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from archsim.chip.buffer import Buffer
from archsim.chip.section import (
    CostChoice,
    Count,
    Cycles,
    Hertz,
    Kelvin,
    Metres,
    Patterns,
    Rate,
    Section,
    Volts,
    refusal,
)
from archsim.network import Primitive


class Technology(Section):
    """Process node and operating point of the digital parts.

    Parameters
    ----------
    leakage_scale : float, optional
        Times what the models say that the transistors leak.
    """

    node: Metres
    supply: Volts
    temperature: Kelvin
    flavour: Literal["high-performance", "low-power"] = "high-performance"
    leakage_scale: Rate | None = None


class Unit(Section):
    """A kind of digital unit.

    Parameters
    ----------
    where : str
        ``tile``: ``count`` of them in every tile. ``router``: ``count`` of them at every ``every``-th router, or at
        ``routers`` of them.
    routers : int, optional
        At how many routers, spread evenly: in place of ``every``, for any share of them.
    lanes : int
        Elements treated side by side.
    pipeline : int
        Cycles from an operand to its result.
    operations : dict of Primitive to float
        What it can do, and how many per lane and cycle.
    serves : tuple of str, optional
        Kinds of operators that are its own (``"softmax, depthwise-*"``): it does no others, and no unit without
        ``serves`` does these. A unit without takes whatever its operations allow.
    overhead : int, optional
        Cycles of each token beside the operations: instructions, loops, setting up a transfer. Each costs an
        ``overhead`` of the unit.
    """

    where: Literal["tile", "router"]
    count: Count = 1
    every: Count = 1
    routers: Count | None = None
    lanes: Count
    clock: Hertz
    pipeline: Cycles
    operations: dict[Primitive, Rate] = Field(min_length=1)
    serves: Patterns | None = None
    overhead: Cycles | None = None
    buffer: Buffer | None = None
    cost: CostChoice

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if self.where == "tile" and self.every > 1:
            raise refusal(
                f"every: {self.every} is given for units that are in every tile",
                "Remove it, or choose 'where: router'.",
            )
        if self.routers is not None and (self.where == "tile" or self.every > 1):
            other = "where: tile" if self.where == "tile" else f"every: {self.every}"
            raise refusal(f"routers: {self.routers} is given beside '{other}'", "Keep one of them.")
        return self

    def sites(self, routers: int) -> range | list[int]:
        """Which of so many routers have units of this kind, where they are at routers."""
        if self.routers is None:
            return range(0, routers, self.every)
        return [site * routers // self.routers for site in range(self.routers)]
