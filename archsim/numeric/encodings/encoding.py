"""What every weight encoding offers: planes of cells, how they are read together, and what each holds.

A plane is one conductance per weight (or one shared column). Cell states are fractions t of the conductance range,
g = g_min + t (g_max - g_min). A normalised weight w in [-1, 1] is read back as

    w = sum_q group_weights[q] * (sum_{planes k of group q} coefficient[k] * t[k]) - zero

where a group is summed in the analog domain before one conversion, and groups are added digitally.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from archsim.numeric.arrays import F64


@dataclass(frozen=True, slots=True)
class Plane:
    """One conductance per weight.

    Parameters
    ----------
    coefficient : float
        Analog weight inside its group, sign included (a mirror ratio, a pulse length, a subtraction).
    group : int
        Index of the group that is converted together.
    shared : bool
        One column of cells that serves all columns of weights (a reference).
    """

    coefficient: float
    group: int = 0
    shared: bool = False


class Encoding(Protocol):
    """How normalised weights become states of cells."""

    @property
    def steps(self) -> tuple[tuple[Plane, ...], ...]:
        """Planes in programming order: a step is programmed as a whole, after the steps before it."""
        ...

    @property
    def group_weights(self) -> tuple[float, ...]:
        """Digital factor of each group."""
        ...

    @property
    def zero(self) -> float:
        """Subtracted digitally, times the sum of the inputs."""
        ...

    def states(self, step: int, wanted: F64, held: F64) -> tuple[F64, ...]:
        """Target states of the planes of one step.

        Parameters
        ----------
        step : int
            Which step.
        wanted : ndarray, shape (rows, columns)
            Normalised weights.
        held : ndarray, shape (rows, columns)
            What the steps before hold now, programming errors included; zero at step 0.

        Returns
        -------
        tuple of ndarray
            One per plane of the step, shape (rows, columns), or (rows, 1) when shared; values in [0, 1].
        """
        ...


def all_planes(encoding: Encoding) -> tuple[Plane, ...]:
    """Planes of every step, in order."""
    return tuple(plane for step in encoding.steps for plane in step)


def decode(encoding: Encoding, states: Sequence[F64]) -> F64:
    """Normalised weights that the states hold, shape (rows, columns)."""
    total = partial_decode(encoding, states)
    decoded: F64 = total - encoding.zero
    return decoded


def partial_decode(encoding: Encoding, states: Sequence[F64]) -> F64:
    """Signed sum of the first planes' states, without the zero."""
    weights = encoding.group_weights
    terms = [
        weights[plane.group] * plane.coefficient * state
        for plane, state in zip(all_planes(encoding), states, strict=False)
    ]
    total: F64 = sum(terms[1:], start=terms[0])
    return total
