"""Packets that wait at routers: how much a run's flows hold there, and whether the chip pays for it."""

from __future__ import annotations

import numpy as np

from archsim.chip.fabric import Fabric
from archsim.program import Program, Role

PLAIN_FLITS = 8
"""Two virtual channels of four, as DSENT's routers have."""


def router_room(program: Program) -> float:
    """Bits that the flows through one router have room for, the most of all routers; 0 where no links follow others."""
    channels, actors, resources = program.channels, program.actors, program.resources
    linked = (actors.role[channels.source] == Role.LINK) & (actors.role[channels.target] == Role.LINK)
    rows = np.flatnonzero(linked)
    if not len(rows):
        return 0.0
    after = actors.resource[channels.target[rows]]
    # A link lies at the router that it leaves.
    router = resources.chip[after].astype(np.int64) * (int(resources.node.max()) + 1) + resources.node[after]
    _, place = np.unique(router, return_inverse=True)
    bits = channels.capacity[rows].astype(np.float64) * channels.token_bits[rows]
    return float(np.bincount(place, weights=bits).max())


def router_notes(program: Program, fabric: Fabric) -> tuple[str, ...]:
    """A sentence where flows have more room at a router than the chip file gives it.

    A router of which nothing is said has that of a plain one: `PLAIN_FLITS` at each of its ports.
    """
    room = router_room(program)
    if fabric.router_buffer is None:
        plain = (fabric.shape.degree + fabric.concentration) * PLAIN_FLITS * fabric.link_width
        return (_unpriced(room),) if room > plain else ()
    if room <= fabric.router_buffer:
        return ()
    return (
        f"routers: the flows through one take {_kilobytes(room)} with a packet each, more than the "
        f"{_kilobytes(fabric.router_buffer)} that it holds and is priced for (fabric.router_buffer)",
    )


def _unpriced(room: float) -> str:
    return (
        f"routers: flows have room for {_kilobytes(room)} at one, whatever it is priced for: see fabric.router_buffer"
    )


def _kilobytes(bits: float) -> str:
    return f"{bits / 8192:.4g} KiB"
