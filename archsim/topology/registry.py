"""All topologies: ours, and those of installed packages."""

from __future__ import annotations

from functools import lru_cache

from archsim.registration import refuse_taken, registered
from archsim.topology.bus import BUS
from archsim.topology.grid import CONCENTRATED_MESH, MESH, RING, TORUS
from archsim.topology.routes import Routes
from archsim.topology.shape import Topology
from archsim.topology.tree import TREE

GROUP = "archsim.topologies"
_BUILT_IN = (MESH, TORUS, CONCENTRATED_MESH, RING, TREE, BUS)


@lru_cache(maxsize=1)
def topologies() -> dict[str, Topology]:
    """All topologies by name: the built-in ones, then those of the entry point group ``archsim.topologies``.

    Raises
    ------
    InputError
        If a package's entry point cannot be loaded, is no Topology, or takes a name that exists.
    """
    found: dict[str, Topology] = {topology.name: topology for topology in _BUILT_IN}
    for where, topology in registered(GROUP, Topology, "topology"):  # type: ignore[type-abstract]
        refuse_taken(topology.name, found, f"topology {topology.name!r}", where)
        found[topology.name] = topology
    return found


@lru_cache(maxsize=32)
def fabric_routes(topology: Topology, rows: int, columns: int) -> Routes:
    """Routes of a fabric, found once."""
    return topology.routes(rows, columns)
