"""What each phase of training takes: forward, backward, update, and the moving of weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.accounting.course import firing_energies
from archsim.columns import Columns, Reals, Texts, texts
from archsim.cost import Bill
from archsim.mapping import Placement
from archsim.network import Phase, layer_macs
from archsim.program import Kind, Role, Trace
from archsim.units import PS_PER_S


@dataclass(frozen=True, slots=True, eq=False)
class PhaseCosts(Columns):
    """What each phase of training takes, per sample.

    Parameters
    ----------
    phase : str, shape (phases,)
    operations : float64, shape (phases,)
        Two per multiply-accumulate.
    dynamic_j : float64, shape (phases,)
    array_s : float64, shape (phases,)
        For which arrays are held, of all arrays together.
    """

    phase: Texts
    operations: Reals
    dynamic_j: Reals
    array_s: Reals


def phases(trace: Trace, placement: Placement, bill: Bill) -> PhaseCosts:
    """Per sample, phase by phase; nothing of a network that does not train.

    Raises
    ------
    MissingCost
        If something happened whose cost nobody has given.
    """
    network = placement.network
    if network.learning is None:
        return PhaseCosts(texts(()), *np.zeros((3, 0)))
    order, phase, samples = list(Phase), _phase_of(trace, placement), len(trace.sample_in)
    program = trace.program
    arrays = program.resources.kind[program.actors.resource] == Kind.ARRAY
    macs = {each: sum(layer_macs(network, layer) for layer in network.layers if layer.phase is each) for each in order}
    energy, held = firing_energies(program, bill) * trace.firings, np.where(arrays, trace.busy, 0)
    return PhaseCosts(
        texts(each.value for each in order),
        np.array([2.0 * macs[each] for each in order]),
        np.bincount(phase, weights=energy, minlength=len(order)) / samples,
        np.bincount(phase, weights=held, minlength=len(order)) / samples / PS_PER_S,
    )


def _phase_of(trace: Trace, placement: Placement) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Number of each actor's phase, shape ``(actors,)``."""
    order, actors = list(Phase), trace.program.actors
    each = np.array([order.index(layer.phase) for layer in placement.network.order], np.int64)[actors.layer]
    moving = np.isin(actors.role, (Role.TRANSFER, Role.REFRESH))
    return np.where(moving, order.index(Phase.TRANSFER), each).astype(np.int64)
