"""Figures and notes of devices that work layer by layer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from archsim.accounting.peak import product_interval
from archsim.accounting.traffic import WEIGHTS, Accesses
from archsim.chip.roofline_tile import RooflineTile
from archsim.mapping import Placement
from archsim.mapping.stepped import Kept
from archsim.network import Digital, Layer, Matrix, Primitive
from archsim.program import Role, Trace
from archsim.units import PS_PER_S


def multiplying_s(trace: Trace) -> float:
    """Seconds in which a device's arrays multiply, in the whole run."""
    return float(trace.busy[trace.program.actors.role == Role.MULTIPLY].sum()) / PS_PER_S


def multipliers_used(trace: Trace, placement: Placement) -> float:
    """Share of a device's multipliers that do useful work while its arrays are busy, in the whole run."""
    plan, busy = placement.floorplan, multiplying_s(trace)
    most = busy * placement.chips * plan.arrays * plan.unit.limits.weights / product_interval(placement.chip)
    return placement.network.macs * len(trace.sample_in) / most if most else 0.0


def starting_s(trace: Trace, placement: Placement) -> float:
    """Seconds in which kernels are started, in the whole run; 0 on devices that have none."""
    tile, plan = placement.chip.tile, placement.plan
    if not isinstance(tile, RooflineTile) or plan is None:
        return 0.0
    goes = np.bincount(plan.passes.layer, minlength=len(plan.kept))
    once = sum(
        count * sum(tile.launch + tile.startup * product for product in _kernels(placement, layer))
        for count, layer in zip(goes.tolist(), placement.network.order, strict=True)
    )
    return float(once) * len(trace.sample_in) / plan.samples


def _kernels(placement: Placement, layer: Layer) -> tuple[bool, ...]:
    """Kernels of a layer's pass: of each, whether it is a product."""
    operator, plan = layer.operator, placement.plan
    assert plan is not None
    if isinstance(operator, Matrix):
        return (True,)
    if not isinstance(operator, Digital) or operator.table:
        return ()
    if operator.product:
        # Attention in one layer is two products, and what follows them.
        primitives = {primitive for primitive, _ in operator.work_per_key or operator.work}
        return (True, True) if primitives - {Primitive.MAC} else (True,)
    sources = (placement.index[edge.source] for edge in placement.network.inputs_of(layer.name))
    return () if any(plan.kept[source] is Kept.HANDED for source in sources) else (False,)


def weight_notes(memory: Accesses, placement: Placement) -> Iterator[str]:
    """How the samples go, what weights are fetched, and which tensors are stored.

    Parameters
    ----------
    memory : Accesses
    placement : Placement
    """
    plan = placement.plan
    if plan is None:
        return
    fetched = float(memory.bits[memory.source == WEIGHTS].sum()) / 8
    stored = sum(kept is Kept.IN_MEMORY for kept in plan.kept)
    together = f"{plan.samples} samples go" if plan.samples > 1 else "one sample goes"
    yield (
        f"{together} through each layer together; weights of {fetched:,.0f} bytes are fetched in the whole run, "
        f"and {stored} of {len(plan.kept)} tensors go through memory"
    )
