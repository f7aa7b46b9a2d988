"""The samples of a run, and how often each copy of a layer fires for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.errors import InputError
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


def batch_of(placement: Placement, samples: int) -> Batch:
    """The samples of a run of a placed network.

    Raises
    ------
    InputError
        If there are none, or if they do not make whole groups of those that take turns.
    """
    group = placement.interleave
    if samples < 1 or samples % group:
        raise InputError(
            f"{samples} samples are no multiple of the {group} that take turns in this placement",
            where="--batch",
            remedy="Run at least one sample, and place the network for as many as you run.",
        )
    return Batch(samples, group)


def firings_of(placement: Placement, layer: Ids, replica: Ids, batch: Batch) -> Ids:
    """Firings in the whole run of copies of layers."""
    return placement.tokens_of(layer, replica) * batch.samples
