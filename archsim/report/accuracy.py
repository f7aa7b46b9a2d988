"""Accuracy over time: tables, JSON, files and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import JsonValue

from archsim.mapping import Replication
from archsim.report.document import Column, Document, Paragraph, Remark, Table, names, numbers, section, table
from archsim.report.files import TableFormat, write_figure, write_table, write_text
from archsim.report.quantities import percent, significant
from archsim.report.records import json_text, records

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from archsim.functional import Scores
    from archsim.studies import AccuracyStudy

_SPANS = (
    (365.25 * 86400, "year"),
    (365.25 * 86400 / 12, "month"),
    (86400.0, "day"),
    (3600.0, "hour"),
    (60.0, "minute"),
)

_MEAN_INPUT, _MEAN_CONDUCTANCE = "tile.input.mean_activity", "tile.array.cell.mean_conductance"
"""Fields of a chip file that a functional run measures."""


def accuracy_document(study: AccuracyStudy, command: Sequence[str] = ()) -> Document:
    """A study: scores over time, the layers' errors, and the activity that was measured.

    Parameters
    ----------
    study : AccuracyStudy
    command : sequence of str, optional
        The command line that made it.
    """
    first = study.settings[0][1]
    notes = (Remark(f"Note: {note}") for note in study.notes)
    sections = (
        section(_heading(study)),
        section(score_rows(study)),
        section(layer_rows(study)),
        section(_activity_line(first), *notes),
    )
    return Document(sections, accuracy_data(study, command), score_table(study))


def _heading(study: AccuracyStudy) -> Paragraph:
    question = study.question
    copies = copies_text(question.replicate)
    return Paragraph(
        f"{question.model} on {question.chip}",
        f": {study.metric} in floating point {significant(study.settings[0][1].exact)}; {study.samples} samples, "
        f"{question.plan.seeds} programmings, drift compensation: {question.compensation.value}"
        f"{'' if copies == 'none' else f', copies: {copies}'}",
    )


def copies_text(replicate: Replication) -> str:
    """Copies of layers as on the command line: ``none``, ``balanced``, ``conv1=8,conv2=4``."""
    if isinstance(replicate, str):
        return replicate
    return ",".join(f"{layer}={count}" for layer, count in replicate.items())


def _activity_line(scores: Scores) -> Paragraph:
    """Measured means, in the form in which `archsim run` takes them."""
    measured = scores.activity
    return Paragraph(
        "",
        f"Measured activity (mean code {percent(measured.mean_code)}); energy follows the data with: "
        f"--set {_MEAN_INPUT}={measured.mean_input:.4f} --set {_MEAN_CONDUCTANCE}={measured.mean_conductance:.4f}",
    )


def score_rows(study: AccuracyStudy) -> Table:
    """One row per time, and per setting where there are several."""
    frame = score_table(study)
    columns = [names("after", map(span_text, frame.time_s))]
    if study.swept:
        columns.insert(0, names("setting", frame.setting))
    shown = ("mean", "std", "least", "greatest", "below_exact")
    headings = ("mean", "spread", "least", "greatest", "below floating point")
    columns += [numbers(h, frame[s], significant) for h, s in zip(headings, shown, strict=True)]
    return table(f"{study.metric} over time since programming", *columns)


def layer_rows(study: AccuracyStudy) -> Table:
    """One row per layer of the first setting and programming: noise at the first and the last time, and clipping."""
    label, scores = study.settings[0]
    first, *later = (scores.layers[scores.layers.time_s == time] for time in _ends(scores.layers.time_s))
    return table(
        "Layers, first programming" + (f", {label}" if label else ""),
        names("layer", first.layer),
        *(_noise(part) for part in (first, *later)),
        numbers("conversions clipped", first.clipped_share, percent),
        numbers("inputs beyond range", first.limited_share, percent),
        numbers("mean input", first.mean_drive, percent),
    )


def _noise(layers: pd.DataFrame) -> Column:
    return numbers(f"SNR after {span_text(float(layers.time_s.iloc[0]))}", layers.snr_db, _decibels)


def _ends(times: pd.Series[float]) -> list[float]:
    """The first and, where it is another, the last time."""
    return sorted({float(times.min()), float(times.max())})


def _decibels(value: float) -> str:
    return f"{value:.1f} dB" if np.isfinite(value) else "no error"


def span_text(seconds: float) -> str:
    """A time as people say it: ``1 day``, ``30 days``, ``1 s``."""
    for size, name in _SPANS:
        if seconds >= 0.999 * size:
            count = significant(seconds / size, digits=3)
            return f"{count} {name}" + ("" if count == "1" else "s")
    return f"{significant(seconds, digits=3)} s"


def score_table(study: AccuracyStudy) -> pd.DataFrame:
    """setting, time_s, mean, std, least, greatest, exact, below_exact."""
    import pandas as pd  # late: a third of a start

    from archsim.functional import spread  # late: with it comes what computes outputs

    parts = [spread(scores.scores).assign(setting=label, exact=scores.exact) for label, scores in study.settings]
    frame = pd.concat(parts, ignore_index=True)
    frame["below_exact"] = frame.exact - frame["mean"]
    return frame[["setting", "time_s", "mean", "std", "least", "greatest", "exact", "below_exact"]]


def accuracy_data(study: AccuracyStudy, command: Sequence[str] = ()) -> JsonValue:
    """The study for programs."""
    question = study.question
    return {
        "command": list(command),
        "model": question.model,
        "chip": question.chip,
        "replicate": copies_text(question.replicate),
        "metric": study.metric,
        "compensation": question.compensation.value,
        "samples": study.samples,
        "seeds": question.plan.seeds,
        "floating_point": study.settings[0][1].exact,
        "scores": records(score_table(study)),
        "layers": records(_finite(_tagged(study, "layers"))),
        "activity": [_activity(label, scores) for label, scores in study.settings],
        "notes": list(study.notes),
    }


def _activity(label: str, scores: Scores) -> JsonValue:
    """Measured means, under the names that they have in a chip file."""
    return {
        "setting": label,
        _MEAN_INPUT: scores.activity.mean_input,
        _MEAN_CONDUCTANCE: scores.activity.mean_conductance,
        "mean_code": scores.activity.mean_code,
    }


def _finite(table: pd.DataFrame) -> pd.DataFrame:
    """Infinite ratios (no error at all) as missing values, which JSON can hold."""
    finite: pd.DataFrame = table.replace([np.inf, -np.inf], np.nan)
    return finite


def _tagged(study: AccuracyStudy, table: str) -> pd.DataFrame:
    import pandas as pd  # late: a third of a start

    parts: list[pd.DataFrame] = [getattr(scores, table).assign(setting=label) for label, scores in study.settings]
    return pd.concat(parts, ignore_index=True)


def write_accuracy(directory: Path, study: AccuracyStudy, command: Sequence[str] = ()) -> tuple[Path, ...]:
    """Write ``scores.csv``, ``layers.csv``, ``accuracy.png`` and last ``accuracy.json``.

    Raises
    ------
    InputError
        If one cannot be written.
    """
    return (
        write_table(directory / "scores", _tagged(study, "scores"), TableFormat.CSV),
        write_table(directory / "layers", _tagged(study, "layers"), TableFormat.CSV),
        write_figure(directory / "accuracy.png", accuracy_figure(study)),
        write_text(directory / "accuracy.json", json_text(accuracy_data(study, command)) + "\n"),
    )


def accuracy_figure(study: AccuracyStudy) -> Figure:
    """Score over time with its spread; one curve per setting."""
    from matplotlib.figure import Figure

    from archsim.functional import spread  # late: with it comes what computes outputs

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for label, scores in study.settings:
        table = spread(scores.scores)
        times = np.maximum(table.time_s.to_numpy(float), 1.0)
        mean, std = table["mean"].to_numpy(float), table["std"].to_numpy(float)
        (line,) = axes.plot(times, mean, marker="o", markersize=3, label=label or "on arrays")
        axes.fill_between(times, mean - std, mean + std, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.axhline(study.settings[0][1].exact, color="black", linestyle="--", linewidth=0.8, label="floating point")
    axes.set(xscale="log", xlabel="time since programming (s)", ylabel=study.metric)
    axes.set_title(
        f"{study.question.model} on {study.question.chip}, drift compensation: {study.question.compensation.value}",
        fontsize="medium",
    )
    axes.legend(fontsize="small")
    return figure
