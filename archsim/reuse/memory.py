"""Results in memory: as many as there is room for, the one that has not been asked for longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

ROOM_BYTES = 2**28
"""For all results of a process together, counted by their arrays."""
LEAST_BYTES = 2**12
"""What a result takes at least, its arrays apart."""


class Memory:
    """Results by their names.

    Parameters
    ----------
    room : int
        Bytes.
    """

    def __init__(self, room: int = ROOM_BYTES) -> None:
        self.room, self.used = room, 0
        self._kept: OrderedDict[str, tuple[object, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, name: str) -> object | None:
        """The result of a name, or nothing."""
        with self._lock:
            found = self._kept.get(name)
            if found is None:
                return None
            self._kept.move_to_end(name)
            return found[0]

    def put(self, name: str, value: object, size: int) -> None:
        """Keep a result of so many bytes; one that is larger than half of all room is not kept."""
        size += LEAST_BYTES
        if 2 * size > self.room:
            return
        with self._lock:
            before = self._kept.pop(name, None)
            self.used += size - (before[1] if before else 0)
            self._kept[name] = (value, size)
            while self.used > self.room:
                _, (_, gone) = self._kept.popitem(last=False)
                self.used -= gone

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.used = 0
