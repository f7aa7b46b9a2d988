"""What passes between chips that share a layer: every bit over the links of the routes between them.

Chips are numbered as `archsim.topology.chip_routes` has them. What one chip sends to all others branches where their
routes part. The busiest link sets the pace, as all chips send at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.chip.system import System
from archsim.topology import Routes, chip_routes

Shares = NDArray[np.float64]
_NEIGHBOURS = {"line": 2, "ring": 2, "mesh": 4}
"""Of a chip amid others; of all others where each is joined to each."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """How the bits of a tensor, of which each chip has an equal share, get to the chips that need them.

    Parameters
    ----------
    crossings : float
        Links that a bit passes, on the mean over all bits of the tensor.
    received : float
        Chips that get it, likewise.
    pace : float
        Seconds for each bit of the tensor, of the busiest link.
    latency : float
        Seconds from the first bit sent to the first bit received, between the chips that are farthest apart.
    """

    crossings: float = 0.0
    received: float = 0.0
    pace: float = 0.0
    latency: float = 0.0

    def __bool__(self) -> bool:
        return self.crossings > 0.0


STAYING = Exchange()
"""Nothing has to pass."""


def gathering(system: System, chips: int) -> Exchange:
    """Every chip gets what all others have."""
    if chips == 1:
        return STAYING
    return _paced(system, chips, _branching(_routes(system, chips)), chips - 1.0)


def sending(system: System, share: Shares) -> Exchange:
    """Chips get what they need from others.

    Parameters
    ----------
    system : System
    share : float64, shape (chips, chips)
        Of the tensor, what each (row) sends to each (column); the diagonal stays.
    """
    off = share * (1.0 - np.eye(len(share)))
    if not off.any():
        return STAYING
    return _paced(system, len(share), _summed(_routes(system, len(share)), off), float(off.sum()))


def _routes(system: System, chips: int) -> Routes:
    return chip_routes(system.topology, chips)


def _paced(system: System, chips: int, load: Shares, received: float) -> Exchange:
    """The exchange that puts so much of a tensor on each link."""
    link = system.link
    assert link is not None
    neighbours = _NEIGHBOURS.get(system.topology, chips - 1)
    # Ports are spread over the directions in which a chip has neighbours.
    bandwidth = link.bandwidth * max(1.0, link.ports / neighbours)
    farthest = int(_routes(system, chips).hops.max())
    return Exchange(float(load.sum()), received, float(load.max()) / bandwidth, farthest * link.latency)


def _branching(routes: Routes) -> Shares:
    """Load of each link (from, to) where each chip's equal share goes to all others over the tree of its routes."""
    chips = len(routes)
    load = np.zeros((chips, chips))
    for source in range(chips):
        others = np.flatnonzero(np.arange(chips) != source)
        load[routes.predecessor[source, others], others] += 1.0 / chips
    return load


def _summed(routes: Routes, share: Shares) -> Shares:
    """Load of each link where each pair of chips has a share of its own."""
    chips = len(routes)
    load = np.zeros((chips, chips))
    for source in range(chips):
        passing = share[source].copy()
        for target in np.argsort(-routes.hops[source], kind="stable").tolist():
            before = int(routes.predecessor[source, target])
            if target != source and passing[target]:
                load[before, target] += passing[target]
                passing[before] += passing[target]
    return load
