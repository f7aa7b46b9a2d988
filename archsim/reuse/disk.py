"""Results on disk: what one process made, another finds.

They are in the user's cache directory, in a folder for this state of archsim's sources and of what it computes with.
Every file is written beside its place and moved there whole, so that several processes may read and write at once;
whoever finds a damaged one, or none, makes the result anew. Files are pickles, as numba's are that lie beside them:
whoever can write into a user's cache directory can do as that user, so that a folder of somebody else's is left alone.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np

from archsim.registration import installed

ROOM_BYTES = 2**29
"""For all results of all processes together."""
BETWEEN_CLEARINGS = 64
"""Results that a process writes until it looks how much room all take."""
KEPT_S = 30 * 24 * 3600
"""How long results of other states of the sources are kept, in seconds."""
GROUP = "archsim."
"""What the groups of entry points begin with, by which packages add to archsim."""


class Disk:
    """Results by name, as files.

    Parameters
    ----------
    folder : Path
    room : int
        Bytes; the results that have not been asked for longest go first.
    """

    def __init__(self, folder: Path, room: int = ROOM_BYTES) -> None:
        self.folder, self.room = folder, room
        self._written = 0

    def get(self, name: str) -> object | None:
        """The result of a name, or nothing."""
        file = self.folder / name
        try:
            text = file.read_bytes()
            found: object = pickle.loads(text)
            os.utime(file)
        except FileNotFoundError:
            return None
        except Exception:  # noqa: BLE001 - a damaged file may raise anything while it is read
            with suppress(OSError):
                file.unlink()
            return None
        return found

    def put(self, name: str, value: object) -> None:
        """Keep a result; where it cannot be written, go on without."""
        try:
            text = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
            self._write(self.folder / name, text)
            if self._written % BETWEEN_CLEARINGS == 0:
                self.clear_room()
            self._written += 1
        except (OSError, pickle.PicklingError, TypeError, AttributeError):
            # No room, no right, or something in it that no other process could read.
            return

    def _write(self, file: Path, text: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix="new-", delete=False) as new:
            try:
                new.write(text)
                new.close()
                Path(new.name).replace(file)
            except BaseException:
                Path(new.name).unlink(missing_ok=True)
                raise

    def clear_room(self) -> None:
        """Remove what was not asked for longest, until the rest has room; and what was left half written."""
        found = []
        for file in self.folder.iterdir():
            with suppress(OSError):
                told = file.stat()
                found.append((told.st_mtime, told.st_size, file))
        excess = sum(size for _, size, _ in found) - self.room
        for _, size, file in sorted(found, key=lambda one: one[0]):
            if excess <= 0:
                return
            with suppress(OSError):
                file.unlink()
            excess -= size


@cache
def the_disk(chosen: str = "") -> Disk | None:
    """Where this state of archsim keeps results; None where nothing can be written, or another package adds to it.

    Parameters
    ----------
    chosen : str, optional
        A directory in place of the system's for users' caches.
    """
    above = Path(chosen).absolute() if chosen else _of_the_user()
    if not above.is_absolute() or any(group.startswith(GROUP) for group in installed().groups):
        # Without a home, the path begins with a tilde. What another package adds may change without our knowing.
        return None
    folder = above / _state()
    try:
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            return None
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return None
    if new:
        _forget_old(folder)
    return Disk(folder)


def _of_the_user() -> Path:
    import platformdirs  # late: who has chosen a directory needs none of it

    return platformdirs.user_cache_path("archsim") / "results"


def _state() -> str:
    """What results depend on beside their inputs: archsim's own sources, and the versions of what computes."""
    package = Path(__file__).parents[1]
    digest = hashlib.blake2b(f"{sys.version} {np.__version__}".encode(), digest_size=8)
    for file, told in sorted(_sources(str(package))):
        digest.update(f"{file[len(str(package)) :]} {told.st_size} {told.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _sources(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """Python files in a folder and below; a `pathlib.Path` for each takes several times as long."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _sources(entry.path)
            elif entry.name.endswith(".py"):
                yield entry.path, entry.stat()


def _forget_old(folder: Path) -> None:
    """Remove what earlier states of the sources left, once nobody has written there for a month."""
    for other in folder.parent.iterdir():
        with suppress(OSError):
            if other != folder and time.time() - other.stat().st_mtime > KEPT_S:
                shutil.rmtree(other, ignore_errors=True)
