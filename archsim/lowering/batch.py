"""The samples of a run, and how often each copy of a layer fires for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.mapping import Placement

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """The samples of a run.

    Parameters
    ----------
    samples : int
    group : int
        Samples that interleave; divides ``samples``.
    """

    samples: int
    group: int


def firings_of(placement: Placement, layer: Ids, replica: Ids, batch: Batch) -> Ids:
    """Firings in the whole run of copies of layers."""
    tokens = np.array([layer.tokens for layer in placement.network.order], np.int64)[layer]
    copies = np.asarray(placement.replicas, np.int64)[layer]
    firings: Ids = (tokens - replica + copies - 1) // copies * batch.samples
    return firings
