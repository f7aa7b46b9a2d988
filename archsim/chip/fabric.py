"""Routers and links between the tiles of a chip."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from math import isqrt
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from archsim.chip.section import (
    Arity,
    Bits,
    BufferBits,
    CostChoice,
    Count,
    Cycles,
    Flag,
    Hertz,
    Pitch,
    Section,
    refusal,
)
from archsim.topology import Topology, topologies


def _known_topology(name: str) -> str:
    if name in topologies():
        return name
    near = get_close_matches(name, topologies(), 1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise refusal(f"{name!r} is not understood", f"{hint}Choose one of {', '.join(topologies())}.")


_ROUTE_BYTES = 72
"""Per pair of routers: predecessor and hops, and what finding them takes."""
_LARGEST_TABLES = 2 * 2**30
_MOST_TILES = 1_000_000


class Fabric(Section):
    """Routers and links between the nodes of a chip.

    Parameters
    ----------
    rows, columns : int
        Routers (a ring, tree or bus has rows * columns of them).
    concentration : int
        Places for a tile at each router.
    arity : int, optional
        Of a tree: routers of a level that one of the next joins; two where it is not given.
    tiles : int, optional
        Tiles on a chip where they do not fill every place; tile t is at router t // concentration.
    link_width : Bits
        Per flit, one flit a cycle.
    header : Bits, optional
        Added to every packet; a circuit-switched fabric has none.
    router_delay, link_delay : int
        Cycles of a header.
    shared_flits : bool
        True where tokens that follow each other share a flit, as many whole ones as its width holds; at least two
        elements have to fit.
    buffer_packets : int
        Packets of room that a flow has at each router, as long as ``router_buffer`` holds them.
    router_buffer : Bits, optional
        What all ports of a router hold together. Where the flows through a router ask for more, each gets fewer
        packets, but one. Without it each flow has its packets, and nothing but the router's own cost pays for them.
    pitch : Metres
        Wire length between neighbours.
    """

    topology: Annotated[str, AfterValidator(_known_topology)]
    rows: Count
    columns: Count
    concentration: Count = 1
    arity: Arity | None = None
    tiles: Count | None = None
    link_width: Bits
    header: Bits | None = None
    clock: Hertz
    router_delay: Cycles
    link_delay: Cycles
    shared_flits: Flag = False
    buffer_packets: Count
    router_buffer: BufferBits | None = None
    pitch: Pitch
    multicast: Flag = True
    cost: CostChoice
    wire_cost: CostChoice

    @property
    def routers(self) -> int:
        """Routers on a chip that have places for tiles and units."""
        return self.rows * self.columns

    @property
    def shape(self) -> Topology:
        """How the routers are joined."""
        named = topologies()[self.topology]
        return (named if self.arity is None else named.of_arity(self.arity)) or named

    @property
    def switches(self) -> int:
        """All routers on a chip: those with places, and those that only join others."""
        return self.shape.routers(self.rows, self.columns)

    @property
    def links(self) -> int:
        """One-way links between the routers of a chip."""
        return self.shape.links(self.rows, self.columns)

    @property
    def tile_count(self) -> int:
        """Tiles on a chip."""
        return self.tiles or self.routers * self.concentration

    @model_validator(mode="after")
    def _small_enough(self) -> Self:
        if self.arity is not None and topologies()[self.topology].of_arity(self.arity) is None:
            raise refusal(f"arity is given for a {self.topology}", "Remove it, or choose 'topology: tree'.")
        # Before anything is built of them: a route from every router to every other.
        routed = 1 if self.shape.shared else self.switches
        needed = routed**2 * _ROUTE_BYTES
        if needed > _LARGEST_TABLES:
            fits = isqrt(_LARGEST_TABLES // _ROUTE_BYTES)
            raise refusal(
                f"{self.rows} x {self.columns} makes {routed:,} routers, whose routes take {needed / 2**30:,.0f} GiB",
                f"At most {fits:,} routers fit {_LARGEST_TABLES / 2**30:g} GiB: lower rows or columns, or join several "
                "tiles at a router (concentration), or several chips.",
            )
        if self.tile_count > _MOST_TILES:
            raise refusal(
                f"a chip of {self.tile_count:,} tiles", f"At most {_MOST_TILES:,} are simulated: lower concentration."
            )
        return self

    @model_validator(mode="after")
    def _shaped(self) -> Self:
        places = self.routers * self.concentration
        if self.tiles is not None and self.tiles > places:
            raise refusal(
                f"{self.tiles} tiles do not fit the {places} places of {self.rows} x {self.columns} routers",
                "Raise rows, columns or concentration.",
            )
        self._check_concentration()
        return self

    def _check_concentration(self) -> None:
        if self.concentration < self.shape.least_tiles:
            raise refusal(
                f"a {self.topology} has at least {self.shape.least_tiles} tiles per router",
                f"Set concentration, or choose 'topology: {self.shape.instead}'.",
            )
        if self.concentration > (self.shape.most_tiles or self.concentration):
            raise refusal(
                f"a {self.topology} has {self.concentration} tiles per router",
                f"Choose 'topology: {self.shape.instead}'.",
            )


@cache
def no_fabric() -> Fabric:
    """Of a device that is one tile: nothing crosses it, and no part of it is there."""
    nothing = CostChoice(area=0.0, leakage=0.0)
    return Fabric(
        topology="mesh",
        rows=1,
        columns=1,
        link_width=1.0,
        clock=1e9,
        router_delay=1,
        link_delay=1,
        buffer_packets=1,
        pitch=1e-3,
        cost=nothing,
        wire_cost=nothing,
    )
