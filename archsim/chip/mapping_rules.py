"""How a chip file says that networks are laid on the chip."""

from __future__ import annotations

from enum import StrEnum

from archsim.chip.section import Count, Flag, Moves, Patterns, Section, Seed


class Depthwise(StrEnum):
    """Where grouped convolutions run."""

    ARRAY = "array"
    DIGITAL = "digital"


class Order(StrEnum):
    """When weights may work."""

    AUTO = "auto"
    """Pipelined where the arrays hold all weights, else grouped."""
    PIPELINED = "pipelined"
    """All layers at once; every weight stays on its array."""
    SEQUENTIAL = "sequential"
    """One matrix layer after the other."""
    GROUPED = "grouped"
    """As many consecutive layers at once as the arrays hold."""


class Dealing(StrEnum):
    """Which tokens each of a layer's balanced copies takes."""

    AUTO = "auto"
    """Rows of feature maps where links would be the limit, else every token in turn."""
    TOKENS = "tokens"
    """Every token in turn: slower on such chips, and sooner simulated, as runs of it soon repeat themselves."""


class Schedule(Section):
    """Whether layers work at once or take turns.

    Parameters
    ----------
    order : Order
        Where blocks that take turns do not all fit, each is written anew for its turn, as ``tile.array.programming``
        says.
    samples : int, optional
        Samples that pass in one turn, before the next: the more, the more seldom weights are written, and the more lies
        in memory between turns. One where it is not given; a device that works layer by layer then takes the whole
        batch together.
    ahead : bool
        True where the arrays of the next turn are written while those of this one work: each turn then has half of all
        arrays at most.
    """

    order: Order = Order.AUTO
    samples: Count | None = None
    ahead: Flag = False


class Optimiser(Section):
    """A search for places of tiles between which less travels less far: simulated annealing of traffic times links.

    Parameters
    ----------
    moves : int
        Exchanges of two tiles that are tried; at most ten million.
    seed : int
        Of the search: the same one finds the same places.
    """

    moves: Moves
    seed: Seed = 0


class Mapping(Section):
    """How networks are laid on this chip.

    Parameters
    ----------
    grouped : Depthwise
        Where grouped convolutions run.
    digital : tuple of str, optional
        Matrix layers that run on digital units, by name or pattern (``"fc*, head"``).
    top_outputs : int, optional
        Of each output token, only so many of the largest elements go to the host, with their indices; a digital unit
        finds them.
    packing : bool
        True where small blocks of weights share an array, which then serves them in turn.
    dealing : Dealing
        Which tokens balanced copies take.
    optimiser : Optimiser, optional
        Which tile holds what is searched for, from the usual order on; without it, that order stays.
    schedule : Schedule
    """

    grouped: Depthwise = Depthwise.ARRAY
    digital: Patterns | None = None
    top_outputs: Count | None = None
    packing: Flag = False
    dealing: Dealing = Dealing.AUTO
    optimiser: Optimiser | None = None
    schedule: Schedule = Schedule.model_construct()
