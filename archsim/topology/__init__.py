"""Which routers are neighbours, and the one route between any two: on a chip, and between chips."""

from archsim.topology.chips import chip_routes
from archsim.topology.registry import fabric_routes, topologies
from archsim.topology.routes import Routes, graph_routes, grid_routes
from archsim.topology.shape import Topology

__all__ = ["Routes", "Topology", "chip_routes", "fabric_routes", "graph_routes", "grid_routes", "topologies"]
