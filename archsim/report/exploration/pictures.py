"""An exploration in pictures: the front among all points, and parallel coordinates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from archsim.exploration import Exploration
from archsim.exploration.figures import Figure
from archsim.exploration.parameters import number_of
from archsim.report.document import Axis, Dot, Scatter, Strands, Tone
from archsim.report.quantities import engineering, significant, square_metres

if TYPE_CHECKING:
    import pandas as pd

MOST_MARKS = 8
"""Words on an axis of names."""
_FRONT, _OTHER, _BROKEN = Tone.HIGHER, Tone.KEPT, Tone.WAITING
_LEGEND = ((_OTHER, "keeps all constraints"), (_BROKEN, "breaks one"), (_FRONT, "on the front"))


def scatter(found: Exploration) -> Iterator[Scatter]:
    """The first two objectives of all measured points."""
    frame = found.measured
    if len(found.goals) < 2 or frame.empty:
        return
    one, other = found.question.objectives[:2]
    (across, places_x), (up, places_y) = (_scale(pick.figure, frame) for pick in (one, other))
    dots = _dots(found, frame, [places_x, places_y])
    yield Scatter(f"{other.figure} against {one.figure}", across, up, dots, _legend(dots))


def strands(found: Exploration) -> Iterator[Strands]:
    """Parameters and objectives of all measured points."""
    frame = found.measured
    if frame.empty:
        return
    varied = [name for name in found.names if frame[name].nunique(dropna=False) > 1]
    scales = [_words(name, frame) for name in varied]
    scales += [_scale(one.figure, frame) for one in found.question.objectives]
    dots = _dots(found, frame, [places for _, places in scales])
    yield Strands("Parallel coordinates", tuple(axis for axis, _ in scales), dots, _legend(dots))


def _legend(dots: Sequence[Dot]) -> tuple[tuple[Tone, str], ...]:
    there = {dot.tone for dot in dots}
    return tuple((tone, name) for tone, name in _LEGEND if tone in there)


def _dots(found: Exploration, frame: pd.DataFrame, places: Sequence[Sequence[float | None]]) -> tuple[Dot, ...]:
    """The points of the front last, so that they lie above the others."""
    tones = [_tone(rank) for rank in frame["rank"]]
    dots = [
        Dot(f"point {number}: {_told(found, number)}", tuple(where), tone)
        for number, tone, where in zip(frame.point.tolist(), tones, zip(*places, strict=True), strict=True)
    ]
    return tuple(sorted(dots, key=lambda dot: [_BROKEN, _OTHER, _FRONT].index(dot.tone)))


def _told(found: Exploration, number: int) -> str:
    return ", ".join(f"{name} {value}" for name, value in found.points[number].values)


def _tone(rank: object) -> Tone:
    import pandas as pd  # late: a third of a start

    if rank is pd.NA:
        return _BROKEN
    return _FRONT if rank == 0 else _OTHER


def _scale(figure: Figure, frame: pd.DataFrame) -> tuple[Axis, list[float | None]]:
    """An axis of a figure, logarithmic where the values differ tenfold."""
    values = frame[str(figure)].to_numpy(np.float64)
    log = values.min() > 0 and values.max() > 10 * values.min()
    shown = np.log10(values) if log else values
    low, high = float(shown.min()), float(shown.max())
    room = (high - low) or 1.0
    ends = np.linspace(low, high, 5) if high > low else np.array([low])
    marks = tuple(((end - low) / room, _written(figure, 10**end if log else end)) for end in ends.tolist())
    return Axis(f"{figure}{', logarithmic' if log else ''}", marks), ((shown - low) / room).tolist()


def _written(figure: Figure, value: float) -> str:
    if figure.unit == "m^2":
        return square_metres(value)
    return engineering(value, figure.unit, digits=3) if figure.unit else significant(value, digits=3)


def _words(name: str, frame: pd.DataFrame) -> tuple[Axis, list[float | None]]:
    """An axis of a parameter: its values one above the other, in their order where they are numbers."""
    import pandas as pd  # late: a third of a start

    values = [None if pd.isna(value) else value for value in frame[name]]
    there = [value for value in dict.fromkeys(values) if value is not None]
    measures = [number_of(value) for value in there]
    if None not in measures:
        there = [value for _, value in sorted(zip(measures, there, strict=True), key=lambda pair: pair[0] or 0.0)]
    place = {value: index / max(1, len(there) - 1) for index, value in enumerate(there)}
    every = -(-len(there) // MOST_MARKS)
    marks = tuple((place[value], str(value)) for value in there[::every])
    return Axis(name, marks), [None if value is None else place.get(value) for value in values]
