"""Training for readers: when updates count, and what each phase takes."""

from __future__ import annotations

from archsim.accounting.phases import PhaseCosts
from archsim.network import Learning
from archsim.report.document import Table, bars, names, numbers, table
from archsim.report.quantities import counted, engineering, joules, percent


def update_words(learning: Learning) -> str:
    """When updates count and how they are made, in words."""
    return _when(learning) + ("; gradients are summed and written once per sample" if learning.summed else "")


def _when(learning: Learning) -> str:
    if learning.stale:
        return f"products see weights that lag behind by up to {counted(learning.age, 'sample')}"
    if learning.batch > 1:
        return f"updates by mini-batches of {learning.batch}"
    return "every sample waits for the updates of the one before"


def phase_table(costs: PhaseCosts) -> Table:
    """Per sample, what each phase of training takes: operations, dynamic energy, and how long arrays are held."""
    total = costs.dynamic_j.sum()
    share = costs.dynamic_j / total if total else costs.dynamic_j
    return table(
        "Phases of a sample: on all arrays together, leakage left out",
        names("phase", costs.phase),
        numbers("operations", costs.operations, engineering),
        numbers("dynamic energy", costs.dynamic_j, joules),
        numbers("of it", share, percent),
        bars(share),
        numbers("arrays held", costs.array_s, lambda held: engineering(held, "s")),
    )
