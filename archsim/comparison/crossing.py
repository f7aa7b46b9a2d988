"""Where one chip overtakes another as batches grow."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from math import exp, log

import pandas as pd

from archsim.comparison.gains import GAINS

TIE = 1.02
"""Ratios nearer to 1 than this, on both sides, cross nothing: the two are alike."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Between two batches, a ratio to the baseline passes 1.

    Parameters
    ----------
    network, chip : str
    figure : str
        One of `GAINS`.
    batch : float
        Where the ratio is 1 if its logarithm is linear in that of the batch between the two.
    reuse : float
        Multiplications per weight there.
    wins : str
        Which chip is better above it.
    below, above : int
        The batches between which it lies.
    """

    network: str
    chip: str
    figure: str
    batch: float
    reuse: float
    wins: str
    below: int
    above: int


CROSSING = tuple(Crossing.__dataclass_fields__)
"""Columns of `crossings`."""


def crossings(frame: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Where ratios to the baseline pass 1 as batches grow.

    Parameters
    ----------
    frame : DataFrame
        As `archsim.compare` makes it.
    baseline : str
        The chip that the ratios are to.

    Returns
    -------
    DataFrame
        One row per `Crossing`; none where one chip is better at all batches.
    """
    found = [
        crossing
        for (network, chip), rows in frame[frame.chip != baseline].groupby(["network", "chip"], sort=False)
        for figure in GAINS
        for crossing in _of(rows.sort_values("batch"), figure, (str(network), str(chip), baseline))
    ]
    return pd.DataFrame([asdict(crossing) for crossing in found], columns=list(CROSSING))


def _of(rows: pd.DataFrame, figure: str, names: tuple[str, str, str]) -> list[Crossing]:
    network, chip, baseline = names
    known = rows[rows[figure] > 0]
    points = list(zip(known.batch.tolist(), known.reuse.tolist(), known[figure].tolist(), strict=True))
    found = []
    for (low, reuse, before), (high, _, after) in pairwise(points):
        if (before - 1.0) * (after - 1.0) < 0 and max(before, after, 1 / before, 1 / after) > TIE:
            batch = exp(log(low) + log(high / low) * log(before) / log(before / after))
            wins = chip if after > 1.0 else baseline
            found.append(Crossing(network, chip, figure, batch, reuse * batch / low, wins, low, high))
    return found
