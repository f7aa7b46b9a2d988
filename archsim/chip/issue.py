"""What starts the products of a tile."""

from __future__ import annotations

from enum import StrEnum

from archsim.chip.section import (
    CostChoice,
    Count,
    Flag,
    Seconds,
    Section,
)


class Holds(StrEnum):
    """How long a product holds its issue slot."""

    ISSUE = "issue"
    """Until it has been started."""
    PRODUCT = "product"
    """Until its array could take another one: an instruction is in flight until it is done."""


class IssueOrder(StrEnum):
    """Which product is started next."""

    READY = "ready"
    """That whose inputs have been there longest."""
    PROGRAM = "program"
    """A layer's blocks in a tile one after the other, token by token; layers among each other as they are ready."""


class Issue(Section):
    """What starts the products of a tile: a controller, an interface, or an in-order core for all its arrays.

    Parameters
    ----------
    width : int
        Products that are started, or in flight, at once.
    time : Seconds
        Of one start, before the array begins.
    holds : Holds
    order : IssueOrder
    joint : bool
        True where one issue starts all blocks of a tile that take the same inputs for the same layer.
    cost : CostChoice
        Of one ``issue``.
    """

    width: Count = 1
    time: Seconds
    holds: Holds = Holds.ISSUE
    order: IssueOrder = IssueOrder.READY
    joint: Flag = False
    cost: CostChoice
