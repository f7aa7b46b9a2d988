"""How many times better than a baseline."""

from __future__ import annotations

import pandas as pd

GAINS = ("latency_gain", "throughput_gain", "energy_gain", "density_gain")
"""Columns of `gains`: how many times shorter, faster, thriftier and denser than the baseline; above 1 is better."""

_ALIKE = ["network", "batch"]


def with_gains(frame: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """The rows of a comparison with their ratios to the baseline's of the same network and batch.

    Parameters
    ----------
    frame : DataFrame
        One row per network, chip and batch.
    baseline : str
        A chip. Where it could not run a network, nothing can be said: NaN.
    """
    base = frame[frame.chip == baseline].set_index(_ALIKE)
    base = base[["latency_s", "throughput_per_s", "energy_per_sample_j", "tops_per_mm2"]].add_prefix("base_")
    both = frame.join(base, on=_ALIKE)
    return frame.assign(
        latency_gain=both.base_latency_s / both.latency_s,
        throughput_gain=both.throughput_per_s / both.base_throughput_per_s,
        energy_gain=both.base_energy_per_sample_j / both.energy_per_sample_j,
        density_gain=both.tops_per_mm2 / both.base_tops_per_mm2,
    )
