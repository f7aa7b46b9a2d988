"""What a training came to: tables, JSON, files and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import JsonValue

from archsim.functional.data_set import CALIBRATED_ON, CALIBRATION, LABELS
from archsim.report.document import Document, Paragraph, Part, Remark, Table, names, numbers, section, table
from archsim.report.epochs import epoch_cost, epoch_data, epoch_part
from archsim.report.files import TableFormat, write_figure, write_table, write_text
from archsim.report.quantities import percent, significant
from archsim.report.records import json_text, records
from archsim.training.conversion import OnChip
from archsim.training.export import input_name, write_model
from archsim.training.kinds import KindSeen
from archsim.training.study import TrainingStudy, trained_weights

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def training_document(study: TrainingStudy, command: Sequence[str] = ()) -> Document:
    """A training: accuracy by epoch, beside floating point; the arrays; the devices.

    Parameters
    ----------
    study : TrainingStudy
    command : sequence of str, optional
        The command line that made it.
    """
    note, cost = study.task.sets.note, epoch_cost(study)
    notes: list[Part] = [Remark(f"Note: {note}")] if note else []
    notes += [] if cost is None else [epoch_part(cost)]
    devices = (section(_layer_table(study)), section(_device_table(study))) if _on_arrays(study) else ()
    sections = (section(_heading(study), *notes), section(_epoch_table(study)), *devices)
    data = training_data(study, command)
    if cost is not None and isinstance(data, dict):
        data = {**data, "epoch": epoch_data(cost)}
    return Document(sections, data, epoch_frame(study))


def _on_arrays(study: TrainingStudy) -> list[OnChip]:
    """Modules whose weights are states of devices."""
    return [course.module for course in study.trainings.courses if isinstance(course.module, OnChip)]


def _heading(study: TrainingStudy) -> Paragraph:
    question, last = study.question, epoch_frame(study).iloc[-1]
    gap = 100 * (last.exact_accuracy - last.accuracy)
    return Paragraph(
        f"{question.model} on {question.chip}",
        f", {study.algorithm}: {percent(float(last.accuracy))} after {int(last.epoch)} epochs, in floating point "
        f"{percent(float(last.exact_accuracy))} ({significant(abs(gap))} points {'less' if gap < 0 else 'more'}); "
        f"{len(study.task.sets.training)} examples, {len(study.task.sets.test)} for the test, {question.seeds} "
        f"seed{'' if question.seeds == 1 else 's'}, mini-batches of {question.plan.batch}, rate {question.plan.rate:g}",
    )


def score_frame(study: TrainingStudy) -> pd.DataFrame:
    """A row for each seed, kind and epoch, with the fields of ``Score``."""
    import pandas as pd  # late: a third of a start

    return pd.DataFrame([asdict(score) for score in study.trainings.scores])


def epoch_frame(study: TrainingStudy) -> pd.DataFrame:
    """By epoch: means and spreads over seeds, on the chip and (exact) in floating point, and counts on the chip."""
    import pandas as pd  # late: a third of a start

    scores = score_frame(study)
    chip, exact = (scores[scores.on_chip == kind].groupby("epoch") for kind in (True, False))
    frame = pd.DataFrame(
        {
            "accuracy": chip.accuracy.mean(),
            "spread": chip.accuracy.std(ddof=0),
            "loss": chip.loss.mean(),
            "exact_accuracy": exact.accuracy.mean(),
            "exact_spread": exact.accuracy.std(ddof=0),
            "exact_loss": exact.loss.mean(),
            "saturated": chip.saturated.mean(),
            "up": chip.up.mean(),
            "down": chip.down.mean(),
            "transfers": chip.transfers.mean(),
            "refreshed": chip.refreshed.mean(),
            "digital_macs": chip.digital_macs.mean(),
        }
    )
    return frame.reset_index()


def _epoch_table(study: TrainingStudy) -> Table:
    frame = epoch_frame(study)
    columns = [
        numbers("epoch", frame.epoch, str),
        numbers("accuracy", frame.accuracy, percent),
        numbers("spread", frame.spread, percent),
        numbers("in floating point", frame.exact_accuracy, percent),
        numbers("loss", frame.loss, significant),
        numbers("in floating point", frame.exact_loss, significant),
    ]
    if _on_arrays(study):
        columns += [
            numbers("saturated", frame.saturated, percent),
            numbers("steps up", frame.up, significant),
            numbers("steps down", frame.down, significant),
        ]
    for heading, values in (("transfers", frame.transfers), ("pairs refreshed", frame.refreshed)):
        if values.any():
            columns.append(numbers(heading, values, significant))
    return table("By epoch, mean over seeds", *columns)


def layer_frame(study: TrainingStudy) -> pd.DataFrame:
    """Every weight matrix of the first seed at the end: its arrays, its weights and its counts."""
    import pandas as pd  # late: a third of a start

    return pd.DataFrame(
        [
            {
                "layer": arrays.name,
                "inputs": arrays.matrix.shape[0],
                "outputs": arrays.matrix.shape[1],
                "arrays": len(arrays.matrix.blocks),
                "mean_weight": float(abs(arrays.matrix.weights).mean()),
                "largest_weight": float(abs(arrays.matrix.weights).max()),
                "saturated": arrays.matrix.saturated,
                "steps": arrays.effort.up + arrays.effort.down,
                "slots": arrays.effort.slots,
                "reads": arrays.matrix.readings.forward + arrays.matrix.readings.backward,
            }
            for module in _on_arrays(study)[:1]
            for arrays in module.arrays
        ]
    )


def _layer_table(study: TrainingStudy) -> Table:
    frame = layer_frame(study)
    per_weight = frame.steps / (frame.inputs * frame.outputs)
    return table(
        "Layers of the first seed",
        names("layer", frame.layer),
        names(
            "weights", [f"{inputs} x {outputs}" for inputs, outputs in zip(frame.inputs, frame.outputs, strict=True)]
        ),
        numbers("arrays", frame.arrays, str),
        numbers("mean |w|", frame.mean_weight, significant),
        numbers("largest", frame.largest_weight, significant),
        numbers("saturated", frame.saturated, percent),
        numbers("steps per weight", per_weight, significant),
        numbers("slots", frame.slots, str),
        numbers("vectors read", frame.reads, str),
    )


def device_frame(study: TrainingStudy) -> pd.DataFrame:
    """The kinds of devices of the algorithm: their steps, ranges and symmetry points."""
    import pandas as pd  # late: a third of a start

    return pd.DataFrame([asdict(kind) for kind in study.kinds])


def _device_table(study: TrainingStudy) -> Table:
    kinds = study.kinds
    return table(
        "Devices, 100 x 100 of each kind",
        names("for", [kind.role for kind in kinds]),
        numbers("step", [kind.step for kind in kinds], significant),
        names("range", [f"{kind.lowest:.3g} to {kind.highest:.3g}" for kind in kinds]),
        names("symmetry point", [_point(kind) for kind in kinds]),
    )


def _point(kind: KindSeen) -> str:
    if kind.symmetry_point is None:
        return "none: it steps one way only, or equally both ways"
    return f"{kind.symmetry_point:.3g}, spread {kind.symmetry_spread:.2g}"


def training_data(study: TrainingStudy, command: Sequence[str] = ()) -> JsonValue:
    """The study for programs."""
    question = study.question
    return {
        "command": list(command),
        "model": question.model,
        "chip": question.chip,
        "algorithm": study.algorithm,
        "trained": len(study.task.sets.training),
        "tested": len(study.task.sets.test),
        "seeds": question.seeds,
        "batch": question.plan.batch,
        "rate": question.plan.rate,
        "epochs": records(epoch_frame(study)),
        "scores": records(score_frame(study)),
        "layers": records(layer_frame(study)),
        "devices": records(device_frame(study)),
    }


def write_training(folder: Path, study: TrainingStudy, command: Sequence[str]) -> None:
    """Write scores.csv, training.json and training.png; and layers.csv, or the trained models with their test set."""
    write_table(folder / "scores", score_frame(study), TableFormat.CSV)
    if _on_arrays(study):
        write_table(folder / "layers", layer_frame(study), TableFormat.CSV)
    else:
        _write_models(folder, study)
    write_text(folder / "training.json", json_text(training_data(study, command)) + "\n")
    write_figure(folder / "training.png", training_figure(study))


def _write_models(folder: Path, study: TrainingStudy) -> None:
    """A trained-SEED.onnx for every seed, and test.npz as ``archsim accuracy`` reads it."""
    sets, seeds = study.task.sets, study.task.seeds
    for seed in seeds:
        write_model(folder / f"trained-{seed}.onnx", trained_weights(study, seed), sets.training)
    name = input_name(study.task.build(seeds[0]))
    arrays: dict[str, Any] = {name: sets.test.inputs, LABELS: sets.test.labels}
    arrays[f"{CALIBRATION}{name}"] = sets.training.inputs[:CALIBRATED_ON]
    np.savez(folder / "test.npz", **arrays)


def training_figure(study: TrainingStudy) -> Figure:
    """Accuracy by epoch, with the spread over seeds."""
    from matplotlib.figure import Figure

    frame = epoch_frame(study)
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for label, mean, spread in (
        ("on the chip", frame.accuracy, frame.spread),
        ("in floating point", frame.exact_accuracy, frame.exact_spread),
    ):
        axes.errorbar(frame.epoch, 100 * mean, 100 * spread, marker="o", capsize=3, label=label)
    axes.set_xlabel("epoch")
    axes.set_ylabel("accuracy on the test set (%)")
    axes.legend()
    return figure
