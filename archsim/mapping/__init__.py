"""Placing a network on a chip."""

from archsim.mapping.floorplan import Floorplan
from archsim.mapping.place import place
from archsim.mapping.placement import AT_PORT, ON_ARRAY, Blocks, Homes, Placement
from archsim.mapping.replication import Replication

__all__ = ["AT_PORT", "ON_ARRAY", "Blocks", "Floorplan", "Homes", "Placement", "Replication", "place"]
