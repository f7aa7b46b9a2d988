"""A run again, with every firing of one sample's life written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from archsim.accounting import SamplePath, sample_path
from archsim.engine import LogWindow, firings_between, sample_window
from archsim.program import FiringLog, Trace
from archsim.simulation import Result

MOST_FIRINGS = 60_000_000
"""A sample is not followed where more firings would have to be kept."""
MOST_FROM_START = 12_000_000
"""The filling of the pipeline is kept as well where it is no more firings than that."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A sample's life.

    Parameters
    ----------
    sample : int
    trace : Trace
        With a log from ``start_ps`` to the sample's end, each actor's firings in order.
    start_ps : int
        0 where the log holds the filling of the pipeline too.
    path : SamplePath
    """

    sample: int
    trace: Trace
    start_ps: int
    path: SamplePath


def follow(result: Result, most: int = MOST_FIRINGS) -> Followed | None:
    """Follow the first sample whose latency is the median.

    The run is repeated up to that sample's end. None where more firings would have to be kept than wanted, and where
    part of the batch was not run.

    Parameters
    ----------
    result : Result
    most : int
        Firings.
    """
    if result.trace.extrapolated is not None:
        return None
    trace, sample = result.trace, typical_sample(result.trace)
    window = sample_window(trace, sample)
    per_ps = float(trace.firings.sum()) / trace.makespan
    if per_ps * (window.stop_ps - window.start_ps) > most:
        return None
    if per_ps * window.stop_ps <= min(most, MOST_FROM_START):
        window = LogWindow(0, window.stop_ps, window.limit)
    parts = firings_between(result.program, window)
    path = sample_path(trace, sample, parts)
    return Followed(sample, replace(trace, log=_joined(parts)), window.start_ps, path)


def _joined(parts: Sequence[FiringLog]) -> FiringLog:
    columns = ([getattr(part, name) for part in parts] for name in ("actor", "firing", "start"))
    return FiringLog(*map(np.concatenate, columns))


def typical_sample(trace: Trace) -> int:
    """The first sample whose latency is nearest to the median."""
    latency = trace.latency
    return int(np.argmin(np.abs(latency - np.median(latency))))
