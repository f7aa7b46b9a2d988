"""The headline: the figures that a chip is compared by."""

from __future__ import annotations

from dataclasses import dataclass

from archsim.network import Learning


@dataclass(frozen=True, slots=True)
class GenerationFigures:
    """What is asked of a decoder.

    Parameters
    ----------
    prompt_tokens, generated_tokens, context_tokens : int
        Per sample: tokens that come in, tokens that leave, and tokens before the prompt that are cached.
    time_to_first_token_s : float
        First token of the prompt in to first generated token out; the median over the batch.
    time_per_token_s : float, optional
        Between generated tokens of one sample after its first: its mean, and of these the median over the batch.
        Nothing where only one is generated.
    tokens_per_s : float
        Generated tokens, of all samples in flight, in the steady state.
    tokens_per_j : float
        Generated tokens per joule; the prompt's energy is counted in.
    """

    prompt_tokens: int
    generated_tokens: int
    context_tokens: int
    time_to_first_token_s: float
    time_per_token_s: float | None
    tokens_per_s: float
    tokens_per_j: float


@dataclass(frozen=True, slots=True)
class Headline:
    """Figures of one run; SI units unless the name says otherwise.

    One MAC is two operations; operations are those of the matrix layers and attention products, on the mathematics.

    Parameters
    ----------
    network, chip : str
    chips, tiles, tiles_used : int
    batch : int
        Samples in the run.
    operations_per_sample : float
    latency_s : float
        First token in to last token out; the median over the batch. Where the model has its batch inside, that of one
        pass with all its samples.
    latency_max_s : float
    throughput_per_s : float
        Samples per second in the steady state.
    throughput_basis : str
        How the steady state was found.
    energy_per_sample_j : float
        Dynamic energy, plus what parts draw beside it over the steady period.
    leakage_share, idle_share : float
        Of that energy: leakage; clocks of parts without work, and waking.
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
        Weights held / weights that all arrays could hold. On a device that works layer by layer, whose arrays hold
        none, the share of its multipliers that do useful work while its arrays are busy.
    works_in_steps : bool
        Whether it is a device that works layer by layer.
    generation : GenerationFigures, optional
        Of a decoder.
    learning : Learning, optional
        Of a run that trains, and when its updates count: operations are those of the forward products, the transposed
        ones and the updates, the latency ends with a sample's last update, and peak figures are those of training.
    """

    network: str
    chip: str
    chips: int
    tiles: int
    tiles_used: int
    batch: int
    operations_per_sample: float
    latency_s: float
    latency_max_s: float
    throughput_per_s: float
    throughput_basis: str
    energy_per_sample_j: float
    leakage_share: float
    idle_share: float
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
    works_in_steps: bool = False
    generation: GenerationFigures | None = None
    learning: Learning | None = None
