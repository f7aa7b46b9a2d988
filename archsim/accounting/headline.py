"""The headline: the figures that a chip is compared by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Headline:
    """Figures of one run; SI units unless the name says otherwise.

    One MAC is two operations; operations are those of the matrix layers and attention products, on the mathematics.

    Parameters
    ----------
    network, chip : str
    chips, tiles, tiles_used, batch : int
    operations_per_sample : int
    latency_s : float
        First token in to last token out; the median over the batch.
    latency_max_s : float
    throughput_per_s : float
        Samples per second in the steady state.
    throughput_basis : str
        How the steady state was found.
    energy_per_sample_j : float
        Dynamic energy, plus leakage over the steady period.
    leakage_share : float
        Of that energy.
    power_w, area_m2, area_used_m2 : float
    gops_per_w, gops_per_w_used : float
        GOP/s/W, and as if tiles that hold no weights were switched off.
    tops_per_mm2, tops_per_mm2_used : float
        TOP/s/mm2 over all silicon, and without tiles that hold no weights.
    peak_tops, peak_gops_per_w, peak_tops_per_mm2 : float
        The chips' own.
    array_utilisation : float
        Busy / makespan over the arrays that hold weights.
    cell_utilisation : float
        Weights held / weights that all arrays could hold.
    """

    network: str
    chip: str
    chips: int
    tiles: int
    tiles_used: int
    batch: int
    operations_per_sample: int
    latency_s: float
    latency_max_s: float
    throughput_per_s: float
    throughput_basis: str
    energy_per_sample_j: float
    leakage_share: float
    power_w: float
    area_m2: float
    area_used_m2: float
    gops_per_w: float
    gops_per_w_used: float
    tops_per_mm2: float
    tops_per_mm2_used: float
    peak_tops: float
    peak_gops_per_w: float
    peak_tops_per_mm2: float
    array_utilisation: float
    cell_utilisation: float
