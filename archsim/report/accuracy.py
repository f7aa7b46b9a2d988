"""Accuracy over time: tables, JSON, files and a figure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import JsonValue
from rich.console import RenderableType
from rich.text import Text

from archsim.errors import InputError
from archsim.functional import Scores, spread
from archsim.report.files import TableFormat, write_table, write_text
from archsim.report.quantities import percent, significant
from archsim.report.records import json_text, records
from archsim.report.table import names, numbers, plain_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SPANS = (
    (365.25 * 86400, "year"),
    (365.25 * 86400 / 12, "month"),
    (86400.0, "day"),
    (3600.0, "hour"),
    (60.0, "minute"),
)

_MEAN_INPUT, _MEAN_CONDUCTANCE = "tile.input.mean_activity", "tile.array.cell.mean_conductance"
"""Fields of a chip file that a functional run measures."""


@dataclass(frozen=True, slots=True, eq=False)
class AccuracyStudy:
    """All evaluations of one command.

    Parameters
    ----------
    command : tuple of str
        As it was given.
    model, chip, replicate, metric, compensation : str
        Their names, and the plan of copies.
    samples, seeds : int
    settings : tuple of (str, Scores)
        By setting of the sweep; one without a name where nothing was swept.
    notes : tuple of str
    """

    command: tuple[str, ...]
    model: str
    chip: str
    replicate: str
    metric: str
    compensation: str
    samples: int
    seeds: int
    settings: tuple[tuple[str, Scores], ...]
    notes: tuple[str, ...]

    @property
    def swept(self) -> bool:
        """Whether there are several settings."""
        return len(self.settings) > 1


def accuracy_report(study: AccuracyStudy) -> list[RenderableType]:
    """What the terminal shows."""
    exact = study.settings[0][1].exact
    heading = Text.assemble(
        (f"{study.model} on {study.chip}", "bold"),
        f": {study.metric} in floating point {significant(exact)}; {study.samples} samples, {study.seeds} "
        f"programmings, drift compensation: {study.compensation}{_copies(study)}",
    )
    parts: list[RenderableType] = [heading, Text(), _score_table(study), Text(), _layer_table(study), Text()]
    parts.append(_activity_line(study.settings[0][1]))
    return [*parts, *(Text(f"Note: {note}", style="dim") for note in study.notes)]


def _copies(study: AccuracyStudy) -> str:
    return "" if study.replicate == "none" else f", copies: {study.replicate}"


def _activity_line(scores: Scores) -> Text:
    """Measured means, in the form in which `archsim run` takes them."""
    measured = scores.activity
    return Text(
        f"Measured activity (mean code {percent(measured.mean_code)}); energy follows the data with: "
        f"--set {_MEAN_INPUT}={measured.mean_input:.4f} --set {_MEAN_CONDUCTANCE}={measured.mean_conductance:.4f}"
    )


def _score_table(study: AccuracyStudy) -> RenderableType:
    table = score_table(study)
    columns = [names("after", map(span_text, table["time_s"]))]
    if study.swept:
        columns.insert(0, names("setting", table["setting"]))
    shown = ("mean", "std", "least", "greatest", "below_exact")
    headings = ("mean", "spread", "least", "greatest", "below floating point")
    columns += [numbers(h, map(significant, table[s])) for h, s in zip(headings, shown, strict=True)]
    return plain_table(f"{study.metric} over time since programming", *columns)


def _layer_table(study: AccuracyStudy) -> RenderableType:
    label, scores = study.settings[0]
    first, *later = (scores.layers[scores.layers["time_s"] == time] for time in _ends(scores.layers["time_s"]))
    title = "Layers, first programming" + (f", {label}" if label else "")
    parts = [first, *later]
    return plain_table(
        title,
        names("layer", first["layer"]),
        *(numbers(f"SNR after {span_text(float(p['time_s'].iloc[0]))}", map(_decibels, p["snr_db"])) for p in parts),
        numbers("conversions clipped", map(percent, first["clipped_share"])),
        numbers("inputs beyond range", map(percent, first["limited_share"])),
        numbers("mean input", map(percent, first["mean_drive"])),
    )


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
    parts = [spread(scores.scores).assign(setting=label, exact=scores.exact) for label, scores in study.settings]
    table = pd.concat(parts, ignore_index=True)
    table["below_exact"] = table["exact"] - table["mean"]
    return table[["setting", "time_s", "mean", "std", "least", "greatest", "exact", "below_exact"]]


def accuracy_json(study: AccuracyStudy) -> str:
    """The study as JSON."""
    return json_text(
        {
            "command": list(study.command),
            "model": study.model,
            "chip": study.chip,
            "replicate": study.replicate,
            "metric": study.metric,
            "compensation": study.compensation,
            "samples": study.samples,
            "seeds": study.seeds,
            "floating_point": study.settings[0][1].exact,
            "scores": records(score_table(study)),
            "layers": records(_finite(_tagged(study, "layers"))),
            "activity": [_activity(label, scores) for label, scores in study.settings],
            "notes": list(study.notes),
        }
    )


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
    parts: list[pd.DataFrame] = [getattr(scores, table).assign(setting=label) for label, scores in study.settings]
    return pd.concat(parts, ignore_index=True)


def write_accuracy(directory: Path, study: AccuracyStudy) -> tuple[Path, ...]:
    """Write ``scores.csv``, ``layers.csv``, ``accuracy.png`` and last ``accuracy.json``.

    Raises
    ------
    InputError
        If one cannot be written.
    """
    return (
        write_table(directory / "scores", _tagged(study, "scores"), TableFormat.CSV),
        write_table(directory / "layers", _tagged(study, "layers"), TableFormat.CSV),
        _write_figure(directory / "accuracy.png", study),
        write_text(directory / "accuracy.json", accuracy_json(study) + "\n"),
    )


def _write_figure(path: Path, study: AccuracyStudy) -> Path:
    figure = accuracy_figure(study)
    part = path.with_name(f".{path.stem}.{os.getpid()}.png")
    try:
        figure.savefig(part, dpi=150)
        part.replace(path)
    except OSError as fault:
        raise InputError(
            f"cannot be written: {fault.strerror or fault}", where=str(path), remedy="Give a directory that you may "
            "write to: --out DIR.",
        ) from fault  # fmt: skip
    return path


def accuracy_figure(study: AccuracyStudy) -> Figure:
    """Score over time with its spread; one curve per setting."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for label, scores in study.settings:
        table = spread(scores.scores)
        times = np.maximum(table["time_s"].to_numpy(float), 1.0)
        mean, std = table["mean"].to_numpy(float), table["std"].to_numpy(float)
        (line,) = axes.plot(times, mean, marker="o", markersize=3, label=label or "on arrays")
        axes.fill_between(times, mean - std, mean + std, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.axhline(study.settings[0][1].exact, color="black", linestyle="--", linewidth=0.8, label="floating point")
    axes.set(xscale="log", xlabel="time since programming (s)", ylabel=study.metric)
    axes.set_title(f"{study.model} on {study.chip}, drift compensation: {study.compensation}", fontsize="medium")
    axes.legend(fontsize="small")
    return figure


def swept_labels(field: str, values: Sequence[str]) -> tuple[str, ...]:
    """Names of a sweep's settings, as ``adc.bits=6``."""
    short = ".".join(field.split(".")[-2:])
    return tuple(f"{short}={value}" for value in values)
