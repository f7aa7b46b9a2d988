"""What limits a run, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.accounting.steady import Steady, steady_use
from archsim.mapping import Placement
from archsim.mapping.replication import recurrent_layers
from archsim.program import Kind, Role, Trace, resource_name

SATURATED = 0.9
"""Utilisation from which a resource counts as the limit itself."""


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The busiest resource and the reason for it.

    Parameters
    ----------
    resource : str
    layer : str
        The layer that uses it most.
    utilisation : float
        Busy share of that resource in the steady state.
    reason : str
        A sentence for the reader of a report.
    """

    resource: str
    layer: str
    utilisation: float
    reason: str


def find_bottleneck(trace: Trace, placement: Placement, steady: Steady) -> Bottleneck:
    """The busiest resource; where nothing is saturated, what the run waits for instead."""
    program = trace.program
    use = steady_use(trace, steady)
    top = int(np.argmax(use))
    actor = int(np.argmax(np.where(program.actors.resource == top, trace.busy, -1)))
    layer = program.labels.layers[program.actors.layer[actor]]
    share = float(use[top])
    reason = _saturated(trace, actor) if share >= SATURATED else _waiting(trace, placement)
    return Bottleneck(resource_name(program, top), layer, share, reason)


def _saturated(trace: Trace, actor: int) -> str:
    actors = trace.program.actors
    role = Role(int(actors.role[actor])).name.lower()
    per_sample = int(actors.firings[actor]) // trace.program.samples.count
    mean_ns = trace.busy[actor] / max(1, int(trace.firings[actor])) / 1e3
    kind = Kind(int(trace.program.resources.kind[actors.resource[actor]]))
    advice = {
        Kind.ARRAY: "more copies of the layer (--replicate balanced), or a shorter integration",
        Kind.ADC: "more converters per array or faster ones, or more copies of the layer",
        Kind.UNIT: "more lanes or units",
        Kind.LINK: "wider links, or a placement with less traffic here",
        Kind.CHIP_LINK: "faster chip-to-chip links",
        Kind.MEMORY: "more memory bandwidth, or larger buffers",
        Kind.HOST: "a faster host link",
        Kind.AFFINE: "more lanes behind the converters",
    }[kind]
    return f"its {role} fires {per_sample:,} times a sample at {mean_ns:,.1f} ns; what would help: {advice}"


def _waiting(trace: Trace, placement: Placement) -> str:
    bound = recurrent_layers(placement.network)
    if bound:
        steps = max(placement.network.by_name[name].tokens for name in bound)
        return (
            f"no resource is saturated: {steps:,} steps of a recurrence wait for each other; "
            "what would help: more samples that interleave (--batch), or a shorter step"
        )
    if any(edge.recurrent for edge in placement.network.edges):
        return (
            "no resource is saturated: each generated token waits for the one before it; "
            "what would help: more sequences in flight (--batch)"
        )
    if trace.program.samples.count == 1:
        return "no resource is saturated: one sample cannot fill the pipeline; what would help: a larger --batch"
    waits = {name: int(getattr(trace, name).sum()) for name in ("starved", "blocked", "contended")}
    most = max(waits, key=lambda name: waits[name])
    return f"no resource is saturated: actors are mostly {most}"
