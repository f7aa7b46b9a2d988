"""How many times better than a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


GAINS = ("latency_gain", "throughput_gain", "energy_gain", "density_gain")
"""Columns of `gains`: how many times shorter, faster, thriftier and denser than the baseline; above 1 is better."""

_ALIKE = ["network", "batch"]


def gains(own: Any, base: Any) -> dict[str, Any]:
    """How many times better than a baseline, by ``GAINS``.

    Parameters
    ----------
    own, base : Headline, or DataFrame with rows of its figures
    """
    return {
        "latency_gain": base.latency_s / own.latency_s,
        "throughput_gain": own.throughput_per_s / base.throughput_per_s,
        "energy_gain": base.energy_per_sample_j / own.energy_per_sample_j,
        "density_gain": own.tops_per_mm2 / base.tops_per_mm2,
    }


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
    base = base[["latency_s", "throughput_per_s", "energy_per_sample_j", "tops_per_mm2"]]
    return frame.assign(**gains(frame, frame[_ALIKE].join(base, on=_ALIKE)))
