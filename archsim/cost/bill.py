"""The bill of a chip: what each component costs per action, in area and in leakage, and why one should believe it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from archsim.errors import MissingCost
from archsim.machine.part import Place, Purpose, Rate


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its origin.

    Parameters
    ----------
    value : float
        In SI units.
    formula : str
        How it was computed, in words or symbols.
    source : str
        Where formula and coefficients come from; the word "assumed" where nobody published them.
    given : bool
        Whether the chip file says it, in place of a model.
    """

    value: float
    formula: str
    source: str
    given: bool = False


NOT_RUNNING = Figure(0.0, "0: nothing says that it draws power for its clock", "by definition")


@dataclass(frozen=True, slots=True)
class Component:
    """One kind of component on a chip.

    Parameters
    ----------
    name : str
        As in action names: ``adc`` of ``adc.conversion``.
    place : Place
        Where it sits.
    purpose : Purpose
        What it is for.
    count : int
        Instances on one chip.
    energy_j : tuple of (str, Figure)
        Joules per action.
    area_m2, leakage_w : Figure
        Of one instance.
    full_rates : tuple of Rate
        What one instance can do at full activity: one of these at a time.
    covers : frozenset of Purpose
        What else its figures contain.
    running_w : Figure
        Of one instance, while its clock runs, beside its leakage.
    along : tuple of (str, float)
        Joules that all its instances take with each joule of other components, and watts with each of their watts.
    """

    name: str
    place: Place
    purpose: Purpose
    count: int
    energy_j: tuple[tuple[str, Figure], ...]
    area_m2: Figure
    leakage_w: Figure
    full_rates: tuple[Rate, ...] = ()
    covers: frozenset[Purpose] = frozenset()
    running_w: Figure = NOT_RUNNING
    along: tuple[tuple[str, float], ...] = ()

    def beside(self, name: str) -> float:
        """Joules that it takes with a joule of another component."""
        return next((each for other, each in self.along if other == name), 0.0)

    @property
    def standing_w(self) -> float:
        """Watts of one instance that is on, whatever it does."""
        return self.leakage_w.value + self.running_w.value

    def energy_of(self, action: str) -> Figure:
        """Joules of one action.

        Raises
        ------
        MissingCost
            If nobody has given it.
        """
        for name, figure in self.energy_j:
            if name == action:
                return figure
        raise MissingCost(
            f"nobody has given the energy of {self.name}.{action}",
            where=f"component {self.name!r}",
            remedy=f"Give it in the chip file, in the component's cost: energy: {{{action}: '1 pJ'}}.",
        )


@dataclass(frozen=True)
class Bill:
    """All components of a chip.

    Parameters
    ----------
    components : tuple of Component
        Their names are unique.
    notes : tuple of str
        Models used outside their fitted range, each with its component.
    """

    components: tuple[Component, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def shares(self) -> tuple[Component, ...]:
        """Components that draw a share of what others do."""
        return tuple(part for part in self.components if part.along)

    @cached_property
    def _by_name(self) -> dict[str, Component]:
        return {component.name: component for component in self.components}

    def whole(self, name: str) -> float:
        """Joules for each joule of a component: its own, and those that others draw as a share of it."""
        return 1.0 + sum(part.beside(name) for part in self.shares)

    def leaking(self, part: Component) -> float:
        """Watts that all instances of a component leak, and those that it draws as a share of what others leak."""
        others = sum(
            each * other.count * other.leakage_w.value for other in self.components if (each := part.beside(other.name))
        )
        return part.count * part.leakage_w.value + others

    def component(self, name: str) -> Component:
        """Look a component up by its name.

        Raises
        ------
        MissingCost
            If the chip has no such component.
        """
        found = self._by_name.get(name)
        if found is not None:
            return found
        raise MissingCost(
            f"nobody has given the costs of component {name!r}",
            where="chip",
            remedy=f"Describe it in the chip file; there are {', '.join(c.name for c in self.components)}.",
        )
