"""What a reader should know of a run that ended early, or could have."""

from __future__ import annotations

from archsim.accounting.steady import FEWEST_GROUPS
from archsim.program import Trace

LONG_RUN = 30_000_000
"""Firings from which a reader is told that a run could have ended early."""


def ending_notes(trace: Trace) -> tuple[str, ...]:
    """What was not run, or need not have been."""
    samples = len(trace.sample_in)
    if (found := trace.extrapolated) is not None:
        told = f"the last {found.samples} took as long as those before, to {found.apart:.2%}, and stand for the rest"
        return (f"{found.run} of {samples} samples were run; {told} (--within)",)
    if trace.period is None and samples >= FEWEST_GROUPS and trace.firings.sum() > LONG_RUN:
        return (f"{samples} samples show no exact period: --within 0.01 would end this run early, to 1 %",)
    return ()
