"""The contract of devices that work layer by layer, in steps whose operands are fetched ahead.

A *pass* is one layer's work on some tokens of all samples that go together. Lowering asks a device what a pass
consists of and gets `Steps`: how long each takes, where, what it fetches and writes back. Nothing else knows whether
behind that are folds on a systolic array, kernels of a processor, or ticks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Ids
from archsim.machine.matrix_unit import MatrixUnit
from archsim.network import Counts, Network
from archsim.program import Kind, Role

Reals = NDArray[np.float64]


class Way(Enum):
    """How chips share a layer."""

    COLUMNS = "by columns"
    """Each makes a share of the elements of every token, with a share of the weights."""
    VECTORS = "by vectors"
    """Each makes a share of the tokens, with all weights."""


@dataclass(frozen=True, slots=True)
class Shared:
    """So many chips share a pass, in one way."""

    chips: int
    way: Way


@dataclass(frozen=True, slots=True)
class Operands:
    """What a pass reads and makes, in bits.

    Parameters
    ----------
    inputs, weights, outputs : int
        Distinct ones; of a product of two activations, the second operand counts as weights.
    inputs_fetched, weights_fetched, outputs_written : int
        Those of them that come from memory, or go there.
    room : int
        Of the device's buffer that no tensor takes which stays there.
    """

    inputs: int
    weights: int
    outputs: int
    inputs_fetched: int
    weights_fetched: int
    outputs_written: int
    room: int


@dataclass(frozen=True, slots=True)
class Product:
    """A pass that multiplies vectors by matrices.

    Parameters
    ----------
    vectors : int
        By each matrix, of all samples together.
    rows, columns : int
        Of each matrix.
    groups : int
        Matrices.
    macs : int
        Multiply-accumulates that count; fewer than all where some keys are masked.
    operands : Operands
    constant : bool
        Whether the matrices are constant weights.
    shared : Shared, optional
        By several chips; all sizes are those of the whole pass.
    layer : str
        Whose it is, where the matrices are constant weights.
    """

    vectors: int
    rows: int
    columns: int
    groups: int
    macs: int
    operands: Operands
    constant: bool = False
    shared: Shared | None = None
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A pass of anything that is no product.

    Parameters
    ----------
    kind : str
        The operator, in the field's words.
    work : Counts
        Primitive operations of all tokens.
    operands : Operands
    follows : bool
        Whether it takes what the pass before hands over as it comes.
    chips : int
        That do an equal share of it each.
    """

    kind: str
    work: Counts
    operands: Operands
    follows: bool = False
    chips: int = 1


@dataclass(frozen=True, slots=True)
class Spent:
    """Something that a pass does and that costs energy: a component's action, and how often in the whole pass."""

    component: str
    action: str
    count: float


@dataclass(frozen=True, slots=True)
class Steps:
    """One pass, step by step; columns have shape ``(steps,)``.

    Parameters
    ----------
    role : Role
    resource : Kind
    label : str
        What serves it.
    interval : int64
        Picoseconds that each step holds it; at least 1.
    latency : int
        Picoseconds that results appear after the end of a step.
    inputs, weights : int64
        Bits that each step fetches from memory.
    outputs : int64
        Bits that it sends there.
    done : float64
        Share of the pass's results that are there when each step ends; non-decreasing, 1 at the end.
    ahead : int
        Steps whose weights have room at once: the one that is worked on, and those fetched before their time.
    spent : tuple of Spent
    apart : bool
        Whether every layer has a place of its own for such steps, and follows those before it step by step.
    """

    role: Role
    resource: Kind
    label: str
    interval: Ids
    latency: int
    inputs: Ids
    weights: Ids
    outputs: Ids
    done: Reals
    ahead: int
    spent: tuple[Spent, ...]
    apart: bool = False

    def __len__(self) -> int:
        return len(self.interval)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What stays on a device.

    Parameters
    ----------
    weight_bits : int
        Of one weight.
    weights : float or None
        Bits of room for weights that stay for ever, of all chips; None where layers fetch theirs.
    weights_between : float
        Bits of room for fetched weights from one pass to the next, where a recurrence needs them again.
    buffer : float
        Bits of the buffers, of all chips, that tensors and fetched inputs share.
    tensors : bool
        Whether tensors stay there, while there is room, until all who read them have done so.
    hands_over : bool
        Whether a layer that only one element-wise layer reads hands its results over as they come, stored nowhere.
    chips : int
        That share every layer, each in the way that moves least; 1 for a device that shares by a way of its own.
    """

    weight_bits: int
    weights: float | None
    weights_between: float
    buffer: float
    tensors: bool
    hands_over: bool
    chips: int = 1


@runtime_checkable
class SteppedUnit(MatrixUnit, Protocol):
    """A matrix unit that works layer by layer. As a MatrixUnit it says what it does at its peak."""

    @property
    def keeping(self) -> Keeping:
        """What stays on it."""

    def check(self, network: Network, samples: int) -> None:
        """Refuse a network, so many samples of it together, that the device cannot hold for reasons of its own.

        Raises
        ------
        ArchsimError
        """

    def product(self, product: Product, most: int) -> Steps:
        """A pass that multiplies, in at most so many steps."""

    def elementwise(self, work: Elementwise, most: int) -> Steps:
        """A pass of anything else, in at most so many steps.

        Raises
        ------
        MissingUnit
            If nothing on the chip can do it.
        """
