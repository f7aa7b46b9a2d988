"""The figures that a chip is compared by, against its own peak."""

from __future__ import annotations

from collections.abc import Iterator

from archsim.accounting import Headline
from archsim.report.document import Card, Cards
from archsim.report.quantities import counted, engineering, percent, significant, square_metres, whole


def headline_cards(headline: Headline) -> Cards:
    """Speed, energy and size, one card each."""
    return Cards((*_speed(headline), *_energy(headline), *_size(headline)))


def _speed(headline: Headline) -> Iterator[Card]:
    tops = headline.operations_per_sample * headline.throughput_per_s / 1e12
    yield Card("Throughput", f"{significant(headline.throughput_per_s)} samples/s", headline.throughput_basis)
    slowest = f"; slowest {engineering(headline.latency_max_s, 's')}" if headline.batch > 1 else ""
    yield Card("Latency", engineering(headline.latency_s, "s"), f"first token in to last token out{slowest}")
    if headline.generation is not None:
        made = headline.generation
        yield Card(
            "Generation",
            f"{significant(made.tokens_per_s)} tokens/s",
            f"first after {engineering(made.time_to_first_token_s, 's')}; {significant(made.tokens_per_j)} tokens/J",
        )
    yield _of_peak("Speed", f"{significant(tops)} TOP/s", tops, headline.peak_tops)


def _energy(headline: Headline) -> Iterator[Card]:
    yield _of_peak(
        "Efficiency", f"{significant(headline.gops_per_w)} GOP/s/W", headline.gops_per_w, headline.peak_gops_per_w
    )
    yield _of_peak(
        "Density", f"{significant(headline.tops_per_mm2)} TOP/s/mm²", headline.tops_per_mm2, headline.peak_tops_per_mm2
    )
    yield Card(
        "Energy",
        f"{engineering(headline.energy_per_sample_j, 'J')}/sample",
        f"{percent(headline.leakage_share)} of it leakage",
    )
    yield Card("Power", engineering(headline.power_w, "W"), "at that throughput")


def _of_peak(name: str, value: str, achieved: float, peak: float) -> Card:
    share = achieved / peak if peak else 0.0
    return Card(name, value, f"{percent(share)} of the peak, {significant(peak)}", min(1.0, share))


def _size(headline: Headline) -> Iterator[Card]:
    yield Card("Silicon", square_metres(headline.area_m2), counted(headline.chips, "chip"))
    steps = headline.works_in_steps
    yield Card(
        "Multipliers used" if steps else "Cells that hold weights",
        percent(headline.cell_utilisation),
        "while arrays are busy" if steps else f"on {whole(headline.tiles_used)} of {counted(headline.tiles, 'tile')}",
        headline.cell_utilisation,
    )
    yield Card(
        "Arrays busy",
        percent(headline.array_utilisation),
        "of the time" if steps else "of the time, those with weights",
        headline.array_utilisation,
    )
