"""Placing a network on a chip."""

from archsim.mapping.floorplan import Floorplan
from archsim.mapping.layout import Layout
from archsim.mapping.load import AskedLoad, Load, Work, answer_load
from archsim.mapping.members import Members, consumers, producers, sent_elements, shared_elements
from archsim.mapping.pace import AskedPace, Pace, answer_pace
from archsim.mapping.place import Settled, place, settle, work_of
from archsim.mapping.placement import Blocks, By, Homes, Placement, Uses, made_by
from archsim.mapping.replication import Replication

__all__ = [
    "AskedLoad",
    "AskedPace",
    "Blocks",
    "By",
    "Floorplan",
    "Homes",
    "Layout",
    "Load",
    "Members",
    "Pace",
    "Placement",
    "Replication",
    "Settled",
    "Uses",
    "Work",
    "answer_load",
    "answer_pace",
    "consumers",
    "made_by",
    "place",
    "producers",
    "sent_elements",
    "settle",
    "shared_elements",
    "work_of",
]
