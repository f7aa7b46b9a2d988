"""Making Programs from Placements."""

from .lower import frame, lower
from .products import UsedStages
from .rooms import AskedRooms, Rooms, answer_rooms

__all__ = ["AskedRooms", "Rooms", "UsedStages", "answer_rooms", "frame", "lower"]
