"""One network on one chip at one batch: a row of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan

import pandas as pd

from archsim.accounting import Scope
from archsim.chip import Chip
from archsim.comparison.scaled import Scaled, scaled
from archsim.network import Network, layer_macs
from archsim.simulation import Result


@dataclass(frozen=True, slots=True)
class Case:
    """What was run.

    Parameters
    ----------
    network, chip : str
    batch : int
        Samples in the run.
    reuse : float
        Multiplications per weight that the whole batch makes: weights that are fetched anew for each batch are worth
        their way the more often they are used.
    training : bool
        Whether the network is trained, in mini-batches of so many samples; else it infers.
    """

    network: str
    chip: str
    batch: int
    reuse: float
    training: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What came out; as in `archsim.Headline`, NaN and empty where the run could not be.

    Parameters
    ----------
    latency_s, throughput_per_s, energy_per_sample_j, gops_per_w, tops_per_mm2, area_m2, power_w : float
    leakage_share : float
        Of the energy.
    of_peak : float
        Operations per second over the chips' peak.
    operations_per_sample : float
        That were counted.
    chips : float
        How many the network takes.
    bound, bound_by, bound_reason : str
        What limits the run: in a word, the resource and the layer, and why.
    """

    latency_s: float = nan
    throughput_per_s: float = nan
    energy_per_sample_j: float = nan
    gops_per_w: float = nan
    tops_per_mm2: float = nan
    area_m2: float = nan
    power_w: float = nan
    leakage_share: float = nan
    of_peak: float = nan
    operations_per_sample: float = nan
    chips: float = nan
    bound: str = ""
    bound_by: str = ""
    bound_reason: str = ""


@dataclass(frozen=True, slots=True)
class Traits:
    """What one should know of the chip before its figures are compared with another's.

    Parameters
    ----------
    node_m, supply_v : float
    input_bits : int
    weight_bits : float
        NaN where weights may have any value.
    includes, excludes : str
        What power, energy and area include, and what is there and not priced.
    """

    node_m: float
    supply_v: float
    input_bits: int
    weight_bits: float
    includes: str
    excludes: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a comparison.

    Parameters
    ----------
    case : Case
    traits : Traits
    figures : Figures
    scaled : Scaled
        Estimates at one node.
    failure : str
        Why there are no figures; empty where there are.
    """

    case: Case
    traits: Traits
    figures: Figures = field(default=Figures())
    scaled: Scaled = field(default=Scaled())
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A chip in a comparison.

    Parameters
    ----------
    chip : Chip
    scope : Scope
        What its figures include.
    """

    chip: Chip
    scope: Scope

    @property
    def traits(self) -> Traits:
        """What one should know of it."""
        technology, tile = self.chip.technology, self.chip.tile
        weights = nan if tile.weight_bits is None else tile.weight_bits
        told = (self.scope.included, self.scope.excluded)
        return Traits(technology.node, technology.supply, tile.input_bits, weights, *told)


def case_of(network: Network, device: Device, batch: int) -> Case:
    """What is run."""
    return Case(network.name, device.chip.name, batch, weight_reuse(network) * batch, network.learning is not None)


def weight_reuse(network: Network) -> float:
    """Multiplications per weight and sample; NaN without weights."""
    macs = sum(layer_macs(network, layer) for layer in network.matrices) / network.samples_per_run
    return macs / network.weights if network.weights else nan


def entry_of(result: Result, device: Device, batch: int, node: float) -> Entry:
    """The row of a run; scaled to a node in metres."""
    at = scaled(result.ledger.headline, device.chip.technology, node)
    return Entry(case_of(result.network, device, batch), device.traits, _figures(result), at)


def _figures(result: Result) -> Figures:
    head, bottleneck = result.ledger.headline, result.ledger.bottleneck
    return Figures(
        head.latency_s,
        head.throughput_per_s,
        head.energy_per_sample_j,
        head.gops_per_w,
        head.tops_per_mm2,
        head.area_m2,
        head.power_w,
        head.leakage_share,
        head.operations_per_sample * head.throughput_per_s / (head.peak_tops * 1e12),
        head.operations_per_sample,
        head.chips,
        bottleneck.limit.value,
        f"{bottleneck.resource}, {bottleneck.layer}",
        bottleneck.reason,
    )


def frame_of(entries: Sequence[Entry]) -> pd.DataFrame:
    """One row per entry: the fields of its case, figures, scaled figures and traits, and its failure."""
    return pd.concat(
        [
            pd.DataFrame([entry.case for entry in entries]),
            pd.DataFrame([entry.figures for entry in entries]),
            pd.DataFrame([entry.scaled for entry in entries]).add_prefix("scaled_"),
            pd.DataFrame([entry.traits for entry in entries]),
            pd.DataFrame({"failure": [entry.failure for entry in entries]}),
        ],
        axis=1,
    )
