"""Comparing: every network on every chip at every batch, one row each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from archsim.chip import Chip
from archsim.comparison.differences import differences, kinds, trained_with, uncounted
from archsim.comparison.entry import Device, Entry, case_of, entry_of, frame_of
from archsim.comparison.gains import with_gains
from archsim.comparison.question import Question, question
from archsim.errors import ArchsimError
from archsim.lowering.learning import samples_to_run
from archsim.mapping import Replication
from archsim.network import Learning, Network
from archsim.network.backward import training_network
from archsim.simulation import Settings, simulate
from archsim.workloads import WorkloadOptions

if TYPE_CHECKING:
    import pandas as pd
    from onnx import ModelProto

Told = Callable[[str, int, int], None]
"""Told what is about to run, how many runs are done, and of how many."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Networks on chips, side by side.

    Parameters
    ----------
    question : Question
        What was compared.
    frame : DataFrame
        As `compare` makes it.
    differences : tuple of str
        What is not alike between the chips.
    """

    question: Question
    frame: pd.DataFrame
    differences: tuple[str, ...]


def compare(
    models: Sequence[str | Path | ModelProto | Network],
    chips: Sequence[str | Path | Chip],
    *,
    baseline: str | None = None,
    batch: int | Sequence[int] = 1,
    replicate: Replication = "none",
    options: WorkloadOptions | None = None,
    node: float | None = None,
    training: bool = False,
) -> pd.DataFrame:
    """Run every network on every chip at every batch.

    Parameters
    ----------
    models : sequence of str, Path, onnx.ModelProto or Network
        As `archsim.load_network` takes them.
    chips : sequence of str, Path or Chip
        As `archsim.load_chip` takes them.
    baseline : str, optional
        Name of the chip that ratios are to; the first where none is given.
    batch : int or sequence of int
        Samples in a run; of a training, in a mini-batch.
    replicate : "none", "balanced" or mapping
        Copies of layers, on chips that hold weights; a device that works layer by layer has nothing to copy.
    options : WorkloadOptions, optional
        Lengths and sizes, for those of the named networks that understand them.
    node : float, optional
        Metres: where the scaled figures are at; the baseline's where it is not given.
    training : bool
        Whether the networks are trained, on all chips.

    Returns
    -------
    DataFrame
        One row per network, chip and batch, in SI units:
        ``network, chip, batch, reuse, training`` (`archsim.comparison.entry.Case`);
        ``latency_s, throughput_per_s, energy_per_sample_j, gops_per_w, tops_per_mm2, area_m2, power_w, leakage_share,
        of_peak, operations_per_sample, chips, bound, bound_by, bound_reason`` (`Figures`);
        ``scaled_latency_s, scaled_throughput_per_s, scaled_energy_per_sample_j, scaled_gops_per_w, scaled_tops_per_mm2,
        scaled_area_m2`` (`Scaled`, estimates at one node);
        ``node_m, supply_v, input_bits, weight_bits, includes, excludes`` (`Traits`); ``failure``, why a row has no
        figures; ``latency_gain, throughput_gain, energy_gain, density_gain``, how many times better than the baseline.

    Raises
    ------
    ArchsimError
        If something is named that there is not, or if no run was possible at all.

    Examples
    --------
    >>> frame = compare(["mlp-hermes"], ["hermes-64core", "isaac"])
    >>> frame.energy_gain[0]
    1.0
    """
    asked = question(
        models,
        chips,
        baseline=baseline,
        batch=batch,
        replicate=replicate,
        options=options,
        node=node,
        training=training,
    )
    return comparison(asked).frame


def comparison(asked: Question, told: Told | None = None) -> Comparison:
    """Answer a question.

    Parameters
    ----------
    asked : Question
    told : callable, optional
        Told what is about to run, how many runs are done, and of how many.

    Raises
    ------
    ArchsimError
        If no run was possible: the first one's reason.
    """
    runs = list(product(asked.networks, asked.devices, asked.batches))
    entries: list[Entry] = []
    first: ArchsimError | None = None
    for done, (given, device, batch) in enumerate(runs):
        network = training_network(given, Learning(batch)) if asked.training else given
        if told is not None:
            told(f"{network.name} on {device.chip.name}, batch {batch}", done, len(runs))
        try:
            entries.append(_run(network, device, batch, asked))
        except ArchsimError as error:
            first = first or error
            failure = f"{error.where}: {error.what}" if error.where else error.what
            entries.append(Entry(case_of(network, device, batch), device.traits, failure=failure))
    if first is not None and all(entry.failure for entry in entries):
        raise first
    frame = with_gains(frame_of(entries), asked.baseline)
    found = differences(asked.chips, [device.scope for device in asked.devices])
    how = trained_with(asked.chips) if asked.training else kinds(asked.networks, asked.chips)
    return Comparison(asked, frame, (*found, *uncounted(frame), *how))


def _run(network: Network, device: Device, batch: int, asked: Question) -> Entry:
    # A device that works layer by layer gives each layer all it has: there is nothing to copy.
    copies = "none" if device.chip.alone else asked.replicate
    learning = network.learning
    samples = batch if learning is None else samples_to_run(learning, device.chip)
    result = simulate(network, device.chip, Settings(samples, copies))
    return entry_of(result, device, batch, asked.node)
