"""The steady state: how many passes a second, and how that is known.

The exact period of the run is best; next what stands for one, where the run ended early. Without either, the middle of
the batch stands for the steady state if it has settled, and else the whole run, which is never too fast. Whatever is
taken, no resource may be asked for more than it can serve.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from archsim.errors import Inconsistent
from archsim.program import Program, Trace, actor_name, resource_name
from archsim.units import PS_PER_S

FEWEST_GROUPS = 8
"""Groups of samples from which the middle of a batch can be looked at."""
SETTLED = 0.01
"""By how much the second and the third quarter of a batch may differ, to be called steady."""
_ROUNDING = 1e-9


class Basis(StrEnum):
    """How a steady state is known, the best first."""

    PERIOD = "exact period"
    EXTRAPOLATED = "latest samples of a run that ended early"
    MIDDLE = "middle of the batch, steady to 1 %"
    WHOLE = "whole run, filling and draining included"


@dataclass(frozen=True, slots=True)
class Steady:
    """The steady state of a run.

    Parameters
    ----------
    passes_per_s : float
        Passes through the network; a pass is a sample unless the model has its batch inside.
    basis : Basis
    """

    passes_per_s: float
    basis: Basis

    @property
    def pass_ps(self) -> float:
        """Picoseconds from pass to pass."""
        return PS_PER_S / self.passes_per_s


def steady_state(trace: Trace) -> Steady:
    """The steady state of a complete run.

    Raises
    ------
    Inconsistent
        If a resource, or an actor, would be busy for longer than there is time.
    """
    steady = _period(trace) or _extrapolated(trace) or _middle(trace) or _whole(trace)
    use = steady_use(trace, steady)
    top = int(np.argmax(use))
    if use[top] > 1.0 + _ROUNDING:
        raise _impossible(steady, resource_name(trace.program, top), float(use[top]))
    actors = actor_use(trace, steady)
    top = int(np.argmax(actors))
    if actors[top] > 1.0 + _ROUNDING:
        raise _impossible(steady, actor_name(trace.program, top), float(actors[top]))
    return steady


def _impossible(steady: Steady, where: str, use: float) -> Inconsistent:
    return Inconsistent(
        f"{steady.passes_per_s:.6g} passes a second ({steady.basis}) would keep it busy {use:.1%} of the time",
        where=where,
        remedy="This is a fault of archsim: please report it with the command.",
    )


def steady_use(trace: Trace, steady: Steady) -> NDArray[np.float64]:
    """Busy share of every resource in the steady state, per server; shape ``(resources,)``."""
    program = trace.program
    use = np.bincount(program.actors.resource, weights=actor_use(trace, steady), minlength=len(program.resources))
    return np.asarray(use / program.resources.servers, np.float64)


def actor_use(trace: Trace, steady: Steady) -> NDArray[np.float64]:
    """Busy share of every actor in the steady state, at most 1: its firings follow each other; shape ``(actors,)``."""
    # A period is made of whole tables of durations, but a run may end within one.
    whole = steady.basis in (Basis.PERIOD, Basis.EXTRAPOLATED)
    busy = _mean_busy(trace.program) if whole else trace.busy / len(trace.sample_in)
    return np.asarray(busy / steady.pass_ps, np.float64)


def _mean_busy(program: Program) -> NDArray[np.float64]:
    """Picoseconds of service per pass with every firing at the mean of its table, shape ``(actors,)``."""
    return np.asarray(program.actors.firings * mean_intervals(program) / program.samples.count, np.float64)


def mean_intervals(program: Program) -> NDArray[np.float64]:
    """Mean picoseconds that a firing of each actor holds its resource, shape ``(actors,)``."""
    mean = program.actors.interval.astype(np.float64)
    table = program.actors.interval_table
    rows = np.flatnonzero(table >= 0)
    durations = program.durations
    sums = np.concatenate([[0], np.cumsum(durations.values)])
    first, length = durations.start[table[rows]], durations.length[table[rows]]
    mean[rows] = (sums[first + length] - sums[first]) / length
    return mean


def _period(trace: Trace) -> Steady | None:
    if trace.period is None:
        return None
    time, samples = trace.period
    return Steady(samples / time * PS_PER_S, Basis.PERIOD)


def _extrapolated(trace: Trace) -> Steady | None:
    if (found := trace.extrapolated) is None:
        return None
    return Steady(found.samples / found.time * PS_PER_S, Basis.EXTRAPOLATED)


def _middle(trace: Trace) -> Steady | None:
    """The slower of the middle quarters, if they agree and ask nothing impossible."""
    group = trace.program.samples.group
    out = np.maximum.reduceat(trace.sample_out, np.arange(0, len(trace.sample_out), group))
    if len(out) < FEWEST_GROUPS:
        return None
    ends = np.array([len(out) // 4 - 1, len(out) // 2 - 1, len(out) - len(out) // 4 - 1])
    times = np.diff(out[ends])
    if (times <= 0).any():
        return None
    rates = np.diff(ends) * group / times * PS_PER_S
    steady = Steady(float(rates.min()), Basis.MIDDLE)
    settled = rates.max() <= (1.0 + SETTLED) * rates.min()
    possible = steady_use(trace, steady).max() <= 1.0 and actor_use(trace, steady).max() <= 1.0
    return steady if settled and possible else None


def _whole(trace: Trace) -> Steady:
    return Steady(len(trace.sample_in) / trace.makespan * PS_PER_S, Basis.WHOLE)
