"""What a run took as tables of columns: of the run and the bill, each made when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from archsim.accounting.area import Areas, component_area
from archsim.accounting.energy import LEAKAGE, Energy, seconds
from archsim.accounting.phases import PhaseCosts, phases
from archsim.accounting.power import DRAWN, Draw, standing, whole_run
from archsim.accounting.tally import LayerWork, Tally
from archsim.accounting.time import ResourceUse, States
from archsim.accounting.traffic import PricedAccesses, priced_accesses
from archsim.columns import Reals, texts
from archsim.cost import Bill
from archsim.groups import Groups
from archsim.mapping import Placement


@dataclass(frozen=True, slots=True, eq=False)
class LayerCosts(LayerWork):
    """The same with its dynamic energy in the whole run; not a number of a layer that takes none."""

    energy_j: Reals


@dataclass(frozen=True)
class Tables:
    """All tables of a run.

    Parameters
    ----------
    tally : Tally
        Of the run.
    placement : Placement
        What was run, on its chip.
    bill : Bill
        Of that chip.
    """

    tally: Tally
    placement: Placement
    bill: Bill

    @cached_property
    def energy(self) -> Energy:
        """Of actions, and what parts draw beside them."""
        return Energy.concatenate((self._dynamic, self._stood))

    @cached_property
    def standing(self) -> Draw:
        """What parts draw beside their actions: joules of the whole run."""
        trace, placement = self.tally.trace, self.placement
        span = whole_run(trace, placement.chip)
        return standing(placement.chip, self.bill, placement.chips, trace.program, span)

    @cached_property
    def _dynamic(self) -> Energy:
        return self.tally.actions.priced(self.bill)

    @property
    def _stood(self) -> Energy:
        """What parts draw beside their actions as energy; it belongs to no layer and no single chip."""
        drawn = self.standing
        joules = np.concatenate([getattr(drawn, state) for state in DRAWN])
        action = texts(state for state in DRAWN for _ in range(len(drawn)))
        told = np.flatnonzero((action == DRAWN[0]) | (joules > 0))
        size, span = len(told), seconds(self.tally.trace.makespan)
        return Energy(
            texts([LEAKAGE] * size),
            np.full(size, -1),
            np.tile(drawn.component, len(DRAWN))[told],
            action[told],
            np.full(size, span),
            joules[told],
        )

    @cached_property
    def area(self) -> Areas:
        """Silicon by component."""
        return component_area(self.bill, self.placement.chips)

    @cached_property
    def states(self) -> States:
        """How the time of the actors of each layer and role was spent."""
        return self.tally.states

    @cached_property
    def resources(self) -> ResourceUse:
        """How busy every resource was."""
        return self.tally.resources

    @cached_property
    def layers(self) -> LayerCosts:
        """What each layer is, when it worked, and what it took."""
        work, spent = self.tally.layers, self._dynamic
        groups = Groups.met(spent.layer)
        joules = dict(zip(spent.layer[groups.first], groups.sums(spent.energy_j), strict=True))
        return LayerCosts.extending(work, np.array([joules.get(layer, np.nan) for layer in work.layer], np.float64))

    @cached_property
    def phases(self) -> PhaseCosts:
        """What each phase of training takes."""
        return phases(self.tally.trace, self.placement, self.bill)

    @cached_property
    def memory(self) -> PricedAccesses:
        """What went to and from memories."""
        return priced_accesses(self.tally.accesses, self.bill)
