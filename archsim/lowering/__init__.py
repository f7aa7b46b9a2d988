"""Making Programs from Placements."""

from archsim.lowering.lower import frame, lower
from archsim.lowering.products import UsedStages
from archsim.lowering.rooms import AskedRooms, Rooms, answer_rooms

__all__ = ["AskedRooms", "Rooms", "UsedStages", "answer_rooms", "frame", "lower"]
