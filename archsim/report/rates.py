"""Accuracy on spiking neurons over ticks: tables and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from archsim.chip.spiking_tile import SpikingTile
from archsim.report.document import Document, Paragraph, names, numbers, section, table
from archsim.report.quantities import counted, engineering, percent, significant
from archsim.report.records import records

if TYPE_CHECKING:
    import pandas as pd

    from archsim.studies import RateStudy

MEAN_RATE = "tile.mean_rate"
"""The field of a chip file that such a run measures."""


def rate_document(study: RateStudy, command: Sequence[str] = ()) -> Document:
    """Scores after so many ticks, and the rates that were measured.

    Parameters
    ----------
    study : RateStudy
    command : sequence of str, optional
        The command line that made it.
    """
    frame, tile, rates = rate_scores(study), study.chip.tile, study.rates
    assert isinstance(tile, SpikingTile)
    question = study.question
    heading = Paragraph(
        f"{question.model} on {question.chip}",
        f": {question.metric or 'accuracy'} in floating point {significant(study.exact)}; {study.samples} samples, "
        f"{counted(question.plan.seeds, 'run')} with random spikes",
    )
    scores = table(
        "Score after so many ticks",
        numbers("ticks", frame.ticks),
        numbers("time", frame.ticks * tile.tick, lambda time: engineering(time, "s")),
        *(numbers(name, frame[name], significant) for name in ("mean", "least", "greatest")),
        numbers("below floating point", study.exact - frame["mean"], significant),
    )
    layers = table(
        "Spikes per neuron and tick, first run",
        names("inputs and rectifiers", rates.layer),
        numbers("rate", rates.rate, percent),
        numbers("read by multiplications per sample", rates.reads),
    )
    line = Paragraph("", f"Measured rate; energy follows the data with: --set {MEAN_RATE}={study.mean_rate:.4f}")
    return Document(
        (section(heading), section(scores), section(layers), section(line)), rate_data(study, command), frame
    )


def rate_scores(study: RateStudy) -> pd.DataFrame:
    """ticks, mean, least, greatest over runs."""
    grouped = study.scores.groupby("ticks", sort=True).score
    return grouped.agg(mean="mean", least="min", greatest="max").reset_index()


def rate_data(study: RateStudy, command: Sequence[str] = ()) -> JsonValue:
    """The study for programs."""
    question = study.question
    return {
        "command": list(command),
        "model": question.model,
        "chip": question.chip,
        "metric": question.metric or "accuracy",
        "samples": study.samples,
        "seeds": question.plan.seeds,
        "floating_point": study.exact,
        "scores": records(rate_scores(study)),
        "rates": records(study.rates),
        MEAN_RATE: study.mean_rate,
    }
