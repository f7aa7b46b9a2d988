"""How far a run is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    time_ps : int
        Up to here, all contended resources are settled.
    firings, total : int
        Firings done, those skipped by fast-forward included, and in the whole run.
    """

    time_ps: int
    firings: int
    total: int
