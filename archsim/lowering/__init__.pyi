"""Making Programs from Placements."""

from .curves import Demands
from .lower import frame, lower
from .products import UsedStages
from .rooms import AskedRooms, PacedRooms, Rooms, answer_rooms, paced_demands
from .tempo import Around, around_products

__all__ = [
    "Around",
    "AskedRooms",
    "Demands",
    "PacedRooms",
    "Rooms",
    "UsedStages",
    "answer_rooms",
    "around_products",
    "frame",
    "lower",
    "paced_demands",
]
