"""What stands around tiles and fabric: memories, chips that are joined, and the host."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from archsim.chip.section import BitsPerSecond, CostChoice, Count, MemoryBits, Seconds, Section, refusal


class Memory(Section):
    """A shared memory: on the chip at a router, or beside it.

    Parameters
    ----------
    bandwidth : BitsPerSecond
        Of all channels together.
    latency : Seconds
        From a request to its first bit.
    channels : int
        For the reader: an access is striped over all of them, so that their number changes no time.
    """

    where: Literal["chip", "system"]
    kind: Literal["sram", "edram", "lpddr", "ddr", "gddr", "hbm"]
    capacity: MemoryBits
    bandwidth: BitsPerSecond
    latency: Seconds
    channels: Count = 1
    cost: CostChoice

    @model_validator(mode="after")
    def _placed(self) -> Self:
        on_die = self.kind in ("sram", "edram")
        if on_die != (self.where == "chip"):
            other = "chip" if on_die else "system"
            raise refusal(f"{self.kind} is given with where: {self.where}", f"Write 'where: {other}'.")
        return self


class ChipLink(Section):
    """A link between two chips.

    Parameters
    ----------
    bandwidth : BitsPerSecond
        Of one link, each way.
    latency : Seconds
        From the first bit sent to the first bit received.
    ports : int
        Links that one chip has; area and leakage count that often.
    """

    bandwidth: BitsPerSecond
    latency: Seconds
    ports: Count = 1
    cost: CostChoice


class System(Section):
    """Chips and how they are joined; ``chips: as needed`` takes as many as the network asks for."""

    chips: Count | Literal["as needed"] = 1
    topology: Literal["ring", "line", "mesh", "all-to-all"] = "line"
    link: ChipLink | None = None
    host_bandwidth: BitsPerSecond

    @model_validator(mode="after")
    def _joined(self) -> Self:
        if self.chips != 1 and self.link is None:
            raise refusal(
                f"{self.chips} chips have no link between them", "Describe system.link, or set system.chips to 1."
            )
        return self
