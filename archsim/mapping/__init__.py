"""Placing a network on a chip."""

from archsim.mapping.floorplan import Floorplan
from archsim.mapping.place import place
from archsim.mapping.placement import Blocks, By, Homes, Placement, made_by
from archsim.mapping.replication import Replication

__all__ = ["Blocks", "By", "Floorplan", "Homes", "Placement", "Replication", "made_by", "place"]
