"""Placing a network on a chip."""

from archsim.mapping.floorplan import Floorplan
from archsim.mapping.layout import Layout
from archsim.mapping.pace import AskedPace, Pace, answer_pace
from archsim.mapping.place import Settled, place, settle
from archsim.mapping.placement import Blocks, By, Homes, Placement, made_by
from archsim.mapping.replication import Replication

__all__ = [
    "AskedPace",
    "Blocks",
    "By",
    "Floorplan",
    "Homes",
    "Layout",
    "Pace",
    "Placement",
    "Replication",
    "Settled",
    "answer_pace",
    "made_by",
    "place",
    "settle",
]
