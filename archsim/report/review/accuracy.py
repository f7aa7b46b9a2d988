"""What the model still knows on the arrays of the chip that was timed, over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archsim.report.accuracy import layer_rows, score_rows, score_table, span_text
from archsim.report.curves import Curves, Level, Point
from archsim.report.document import Paragraph, Part, Remark
from archsim.report.quantities import counted, percent, significant

if TYPE_CHECKING:
    from archsim.studies import AccuracyStudy


def accuracy_parts(study: AccuracyStudy) -> Iterator[Part]:
    """A curve over time beside floating point, its table, and the layers' errors."""
    scores = study.settings[0][1]
    yield Paragraph("", _words(study))
    yield accuracy_curve(study)
    yield score_rows(study)
    yield layer_rows(study)
    yield from (Remark(note) for note in (*study.notes,))
    yield Remark(
        f"The data's mean code is {percent(scores.activity.mean_code)}, mean input {scores.activity.mean_input:.4f}, "
        f"mean conductance {scores.activity.mean_conductance:.4f}; the energies above go by the chip file's own means."
    )


def _words(study: AccuracyStudy) -> str:
    plan = study.question.plan
    return (
        f"Computed on the arrays as they are placed here: {counted(study.samples, 'sample')}, "
        f"{counted(plan.seeds, 'programming')}, drift compensation: {study.question.compensation.value}. "
        f"In floating point: {significant(study.settings[0][1].exact)}."
    )


def accuracy_curve(study: AccuracyStudy) -> Curves:
    """The mean over programmings and its least and greatest, at each time."""
    frame = score_table(study)
    points = (
        Point(time, mean, least, greatest, span_text(time))
        for time, mean, least, greatest in zip(frame.time_s, frame["mean"], frame.least, frame.greatest, strict=True)
    )
    exact = study.settings[0][1].exact
    return Curves(
        f"{study.metric} over time: mean, least and greatest of the programmings",
        tuple(points),
        Level(f"floating point {significant(exact)}", exact),
        "time since programming",
        study.metric,
    )
