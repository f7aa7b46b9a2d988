"""How much memory this process may still take, for refusing in advance what would not fit."""

from __future__ import annotations

import resource
import sys
from decimal import Decimal
from pathlib import Path

_GROUP = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 48


def free_bytes() -> int:
    """Memory that is left for this process: the machine's, its container's and its own limit's, whichever is least."""
    return max(0, min(_machine(), _container(), _process()))


def gibibytes(size: float) -> str:
    """A size for people: ``7.5 GiB``, ``0.02 GiB``, ``4,470 GiB``."""
    # What somebody asks for may be beyond any float.
    if size > sys.float_info.max:
        return f"{Decimal(size) / 2**30:.3g} GiB"
    large = 1000 * 2**30 <= size < 10**9 * 2**30
    return f"{size / 2**30:,.0f} GiB" if large else f"{size / 2**30:.3g} GiB"


def _machine() -> int:
    import psutil

    return int(psutil.virtual_memory().available)


def _container() -> int:
    """What a container's limit leaves; a file cache that would make room counts as free."""
    try:
        limit = int((_GROUP / "memory.max").read_text())
        used = int((_GROUP / "memory.current").read_text())
        statistics = dict(line.split() for line in (_GROUP / "memory.stat").read_text().splitlines())
        return limit - used + int(statistics["inactive_file"])
    except (OSError, ValueError, KeyError):
        return _UNLIMITED


def _process() -> int:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return _UNLIMITED
    import psutil

    return limit - int(psutil.Process().memory_info().vms)
