"""What each phase of training takes: forward, backward, update, and the moving of weights."""

from __future__ import annotations

import numpy as np
import pandas as pd

from archsim.accounting.course import firing_energies
from archsim.cost import Bill
from archsim.mapping import Placement
from archsim.network import Phase, layer_macs
from archsim.program import Kind, Role, Trace
from archsim.units import PS_PER_S

COLUMNS = ("phase", "operations", "dynamic_j", "array_s")


def phases(trace: Trace, placement: Placement, bill: Bill) -> pd.DataFrame:
    """Per sample, phase by phase; nothing of a network that does not train.

    Returns
    -------
    DataFrame
        ``phase, operations, dynamic_j, array_s``: two operations per multiply-accumulate, dynamic energy, and the
        time that arrays are held, of all arrays together.

    Raises
    ------
    MissingCost
        If something happened whose cost nobody has given.
    """
    network = placement.network
    if network.learning is None:
        return pd.DataFrame(columns=list(COLUMNS))
    order, phase, samples = list(Phase), _phase_of(trace, placement), len(trace.sample_in)
    program = trace.program
    arrays = program.resources.kind[program.actors.resource] == Kind.ARRAY
    macs = {each: sum(layer_macs(network, layer) for layer in network.layers if layer.phase is each) for each in order}
    energy = firing_energies(program, bill) * trace.firings
    return pd.DataFrame(
        {
            "phase": [each.value for each in order],
            "operations": [2.0 * macs[each] for each in order],
            "dynamic_j": np.bincount(phase, weights=energy, minlength=len(order)) / samples,
            "array_s": np.bincount(phase, weights=np.where(arrays, trace.busy, 0), minlength=len(order))
            / samples
            / PS_PER_S,
        }
    )


def _phase_of(trace: Trace, placement: Placement) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Number of each actor's phase, shape ``(actors,)``."""
    order, actors = list(Phase), trace.program.actors
    each = np.array([order.index(layer.phase) for layer in placement.network.order], np.int64)[actors.layer]
    moving = np.isin(actors.role, (Role.TRANSFER, Role.REFRESH))
    return np.where(moving, order.index(Phase.TRANSFER), each).astype(np.int64)
