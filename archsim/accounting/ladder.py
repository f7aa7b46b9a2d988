"""The efficiency ladder: from a tile at its peak to the system, one loss after the other.

Each joule that a sample takes in the steady state belongs to exactly one rung, so the lowest rung is the headline's
efficiency. In this order:

* *peak tile*: a product that uses the whole array: its devices and lines, drivers, converters, sample-and-hold, affine
  stage. No leakage. Where a network trains, transposed products and updates as well, each for its own operations.
* *partly filled tiles*: what the products of the network take beyond that, per operation: rows and columns of an array
  that hold no weights, converters that run for them.
* *weights written*: what writing weights takes, where blocks take turns on arrays, or training moves and refreshes
  them. A rung of its own only then.
* *pipeline stalls*: the chips' leakage while arrays wait. A sample's period, less the time that the arrays which hold
  weights work for it on average (products at full rate), times the leakage of everything but the system's parts.
* *data movement*: buffers at the tiles, routers and wires.
* *digital units*: the units and their buffers, control, and additions of partial sums. From this rung on, operations
  that are done on digital units (attention products) count among the operations too; before, only those on arrays do.
* *leakage*: the chips' leakage (and what clocks draw beside it, and waking) in the time that the arrays work, that of
  the digital units included, as in the stalls.
* *system*: links between chips, memories: their dynamic energy and leakage. The host beyond its link has no energy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from archsim.accounting.energy import dynamic_energy
from archsim.accounting.peak import PRODUCT, product_energy
from archsim.accounting.power import steady_draw
from archsim.accounting.steady import steady_state
from archsim.accounting.stepped import multiplying_s
from archsim.cost import Bill, Component
from archsim.errors import InputError
from archsim.groups import Groups
from archsim.machine import Pass, Place, Purpose, product_period
from archsim.mapping import Placement
from archsim.network import Matrix, Use, layer_macs
from archsim.program import Kind, Role, Trace
from archsim.units import PS_PER_S


class Step(StrEnum):
    """Rungs of the ladder, from the top."""

    PEAK = "peak tile"
    FILLING = "partly filled tiles"
    WRITING = "weights written"
    STALLS = "pipeline stalls"
    MOVEMENT = "data movement"
    DIGITAL = "digital units"
    LEAKAGE = "leakage"
    SYSTEM = "system"


WRITING = (Role.PROGRAM, Role.TRANSFER, Role.REFRESH)
"""What writes cells and computes nothing."""
_ON_DIGITAL = frozenset({Step.DIGITAL, Step.LEAKAGE, Step.SYSTEM})


@dataclass(frozen=True, slots=True)
class Rung:
    """A step down the ladder.

    Parameters
    ----------
    step : Step
    energy_j : float
        What this loss takes per sample.
    operations_per_w : float
        Operations per joule, with this loss and all above it.
    digital_j : float
        Of ``energy_j``: what digital units and their buffers leak.
    """

    step: Step
    energy_j: float
    operations_per_w: float
    digital_j: float


@dataclass(frozen=True, slots=True)
class Ladder:
    """All rungs, from the peak to the system.

    Parameters
    ----------
    network, chip : str
    rungs : tuple of Rung
    operations, array_operations : float
        Per sample: all of them, and those done on arrays.
    idle : float
        Share of the sample's period in which the arrays that hold weights wait, on average.
    """

    network: str
    chip: str
    rungs: tuple[Rung, ...]
    operations: float
    array_operations: float
    idle: float

    def counting(self, steps: frozenset[Step]) -> float:
        """Operations per joule when only some of the losses are counted beside the peak.

        Parameters
        ----------
        steps : frozenset of Step
            The losses; the peak is always counted. Without the digital units their leakage is left out as well.
        """
        counted = [rung for rung in self.rungs if rung.step in steps | {Step.PEAK}]
        if Step.DIGITAL in steps:
            return self.operations / sum(rung.energy_j for rung in counted)
        return self.array_operations / sum(rung.energy_j - rung.digital_j for rung in counted)


def efficiency_ladder(trace: Trace, placement: Placement, bill: Bill) -> Ladder:
    """Divide the energy of a run among the rungs.

    Parameters
    ----------
    trace : Trace
        Of a complete run.
    placement : Placement
    bill : Bill

    Raises
    ------
    MissingCost
        If something happened whose cost nobody has given.
    InputError
        If nothing ran on arrays, or their products cost nothing: there is no peak to begin with.
    """
    operations, on_arrays = _operations(placement)
    leaked = _Leaked.of(trace, placement, bill)
    energies = _energies(trace, placement, bill, on_arrays=on_arrays, leaked=leaked)
    digital = {Step.STALLS: leaked.digital_j * leaked.idle, Step.LEAKAGE: leaked.digital_j * (1.0 - leaked.idle)}
    _refuse_without_peak(energies[Step.PEAK], placement)
    rungs, total = [], 0.0
    for step in Step:
        if step is Step.WRITING and not energies[step]:
            continue
        total += energies[step]
        counted = operations if step in _ON_DIGITAL else on_arrays
        rungs.append(Rung(step, energies[step], counted / total, digital.get(step, 0.0)))
    return Ladder(placement.network.name, placement.chip.name, tuple(rungs), operations, on_arrays, leaked.idle)


def _refuse_without_peak(peak_j: float, placement: Placement) -> None:
    if peak_j <= 0:
        raise InputError(
            "products on arrays take no energy: the ladder has no first rung",
            where=f"network {placement.network.name!r} on chip {placement.chip.name!r}",
            remedy="Take a network with matrix layers, and a chip whose array, drivers or converters have energies.",
        )


@dataclass(frozen=True, slots=True)
class _Leaked:
    """Joules of leakage per sample: of the system's parts, of all others, and of the digital units among these."""

    system_j: float
    chip_j: float
    digital_j: float
    idle: float

    @classmethod
    def of(cls, trace: Trace, placement: Placement, bill: Bill) -> _Leaked:
        steady = steady_state(trace)
        rate = steady.passes_per_s * placement.network.samples_per_run
        watts = steady_draw(trace, steady, placement, bill).all
        outside = np.array([part.place is Place.PORT for part in bill.components], np.bool_)
        digital = np.array([part.purpose is Purpose.DIGITAL for part in bill.components], np.bool_)
        system, chip, units = (float(watts[rows].sum()) / rate for rows in (outside, ~outside, digital))
        return cls(system, chip, units, _idle_share(trace, placement))


def _operations(placement: Placement) -> tuple[float, float]:
    network = placement.network
    # A device that works layer by layer multiplies activations on its arrays, too.
    everything = placement.plan is not None
    arrays = sum(
        layer_macs(network, layer) for layer in network.layers if everything or isinstance(layer.operator, Matrix)
    )
    return 2.0 * network.macs / network.samples_per_run, 2.0 * arrays / network.samples_per_run


def _energies(
    trace: Trace, placement: Placement, bill: Bill, *, on_arrays: float, leaked: _Leaked
) -> dict[Step, float]:
    """Joules per sample of each rung."""
    samples = len(trace.sample_in) * placement.network.samples_per_run
    spent = {step: joules / samples for step, joules in _dynamic(trace, bill).items()}
    peak = _peak_energy(placement, bill, on_arrays)
    return {
        Step.PEAK: peak,
        Step.FILLING: spent[Step.FILLING] - peak,
        Step.WRITING: spent[Step.WRITING],
        Step.STALLS: leaked.chip_j * leaked.idle,
        Step.MOVEMENT: spent[Step.MOVEMENT],
        Step.DIGITAL: spent[Step.DIGITAL],
        Step.LEAKAGE: leaked.chip_j * (1.0 - leaked.idle),
        Step.SYSTEM: spent[Step.SYSTEM] + leaked.system_j,
    }


def _peak_energy(placement: Placement, bill: Bill, on_arrays: float) -> float:
    """Joules per sample of all products, and of what else is done with weights, on arrays that are full."""
    chip, network = placement.chip, placement.network
    full = 2 * placement.floorplan.unit.limits.weights
    if network.learning is None:
        return on_arrays / full * product_energy(chip, bill)
    operations = dict.fromkeys(Use, 0.0)
    for layer in network.matrices:
        operations[placement.use[placement.index[layer.name]]] += 2.0 * layer_macs(network, layer)
    return sum(count / full * product_energy(chip, bill, Pass(use.value)) for use, count in operations.items())


def _step(part: Component) -> Step:
    """The rung that takes what a component spends."""
    if part.place is Place.PORT:
        return Step.SYSTEM
    return {
        Purpose.COMPUTE: Step.FILLING,
        Purpose.CONVERT: Step.FILLING,
        Purpose.MOVE: Step.MOVEMENT,
        Purpose.STORE: Step.MOVEMENT,
        Purpose.DIGITAL: Step.DIGITAL,
        Purpose.CONTROL: Step.DIGITAL,
        Purpose.CLOCK: Step.DIGITAL,
        Purpose.SUPPLY: Step.DIGITAL,
    }[part.purpose]


def _dynamic(trace: Trace, bill: Bill) -> dict[Step, float]:
    """Joules of the whole run by rung; the products' are under FILLING."""
    energy = dynamic_energy(trace, bill)
    groups = Groups.met(_step(bill.component(name)) for name in energy.component)
    totals = groups.sums(energy.energy_j)
    met = (_step(bill.component(name)) for name in energy.component[groups.first])
    result = {**dict.fromkeys(Step, 0.0), **dict(zip(met, totals.tolist(), strict=True))}
    for role, step in ((Role.ACCUMULATE, Step.DIGITAL), *((role, Step.WRITING) for role in WRITING)):
        spent = _product_parts(trace, bill, role)
        result[Step.FILLING] -= spent
        result[step] += spent
    return result


def _product_parts(trace: Trace, bill: Bill, role: Role) -> float:
    """Joules of the products' parts for one role: additions of other blocks' sums, or the writing of weights."""
    program, table = trace.program, trace.program.actions
    summing = np.flatnonzero(program.actors.role[table.actor] == role)
    counts = table.count[summing] * trace.firings[table.actor[summing]]
    totals = np.bincount(table.action[summing], weights=counts, minlength=len(program.labels.actions))
    joules = 0.0
    for name, count in zip(program.labels.actions, totals.tolist(), strict=True):
        component, action = name.rsplit(".", 1)
        if count and bill.component(component).purpose in PRODUCT:
            joules += count * bill.component(component).energy_of(action).value
    return joules


def _idle_share(trace: Trace, placement: Placement) -> float:
    """Share of the steady period in which the arrays that hold weights wait, on average."""
    program, uses = trace.program, placement.uses
    if placement.plan is not None:
        working = multiplying_s(trace) / len(trace.sample_in)
        return max(0.0, 1.0 - working * steady_state(trace).passes_per_s)
    if not len(uses):
        return 0.0
    # In the order in which lowering goes through the uses.
    periods = np.concatenate(
        [
            product_period(stages, summed=False)[uses.block[placement.used[use]]]
            for use, stages in placement.all_stages.items()
        ]
    )
    arrays_of = program.resources.kind[program.actors.resource] == Kind.ARRAY
    taking = np.flatnonzero(arrays_of & ~np.isin(program.actors.role, WRITING))
    working = float((trace.firings[taking] * periods).sum()) / len(trace.sample_in) / PS_PER_S
    arrays = len(np.unique(program.actors.resource[taking]))
    return max(0.0, 1.0 - working / arrays * steady_state(trace).passes_per_s)
