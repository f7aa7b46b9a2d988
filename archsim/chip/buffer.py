"""Local memories of tiles and units."""

from __future__ import annotations

from typing import Literal

from archsim.chip.section import (
    BitsPerSecond,
    BufferBits,
    CostChoice,
    Section,
)


class Buffer(Section):
    """Local memory of a tile or unit."""

    capacity: BufferBits
    kind: Literal["sram", "edram", "register-file"] = "sram"
    cost: CostChoice


class TileBuffer(Buffer):
    """The buffer that the arrays of a tile share.

    Parameters
    ----------
    read_bandwidth : BitsPerSecond, optional
        Of all its read ports together: inputs of products are fetched one product after the other at this pace. Where
        it is not given, the buffer feeds all arrays at once.
    """

    read_bandwidth: BitsPerSecond | None = None
