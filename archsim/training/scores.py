"""What a training has come to, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """One course after one epoch.

    Parameters
    ----------
    seed : int
    on_chip : bool
        Else in floating point.
    epoch : int
        From 1.
    loss : float
        Mean over the epoch.
    accuracy : float
        Of the test set.
    saturated : float
        Share of the weights that are at the end of their range.
    up, down : int
        Steps of all devices in this epoch.
    expressed : float
        Share of the steps that the learning rate asks for, which the pulse trains had until now.
    transfers, refreshed, digital_macs : int
        In this epoch.
    """

    seed: int
    on_chip: bool
    epoch: int
    loss: float
    accuracy: float
    saturated: float = 0.0
    up: int = 0
    down: int = 0
    expressed: float = 1.0
    transfers: int = 0
    refreshed: int = 0
    digital_macs: int = 0
