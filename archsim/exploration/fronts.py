"""Which points are better than others: Pareto dominance. Less is better in every column here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]
"""Shape ``(points, objectives)``."""


def dominators(costs: Costs, of: Costs) -> NDArray[np.int64]:
    """How many of some points are nowhere worse and somewhere better than each of others.

    Parameters
    ----------
    costs : float64, shape (points, objectives)
    of : float64, shape (others, objectives)

    Returns
    -------
    int64, shape (others,)
    """
    return np.array([_dominating(costs, one) for one in of], np.int64)


def _dominating(costs: Costs, one: NDArray[np.float64]) -> int:
    if not len(costs):
        return 0
    return int(((costs <= one).all(axis=1) & (costs < one).any(axis=1)).sum())


def ranks(costs: Costs) -> NDArray[np.int64]:
    """How many of the points dominate each of them, shape ``(points,)``: 0 on the Pareto front."""
    return dominators(costs, costs)
