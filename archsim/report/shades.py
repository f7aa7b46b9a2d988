"""Drawings of characters, for forms that have nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from archsim.report.document import Curves, Drawing, Maps, Raster, Scatter, Span, Strands, Strip, Tone
from archsim.report.quantities import bar, significant

_GREYS = " ░▒▓█"
WIDTH, HEIGHT = 96, 40
"""Most characters across, and lines, of a raster."""
_NAME = 24
_SHADES = {
    Tone.KEPT: "█",
    Tone.LOST: "░",
    Tone.GAINED: "▓",
    Tone.LOWER: "▒",
    Tone.HIGHER: "█",
    Tone.PRODUCT: "█",
    Tone.CONVERSION: "▓",
    Tone.DIGITAL: "▒",
    Tone.TRANSPORT: "=",
    Tone.MEMORY: "m",
    Tone.HOST: "h",
    Tone.WAITING: "·",
}


def spans_text(spans: Iterable[Span], width: int) -> str:
    """A line of spans in so many characters; a span that would vanish is left out."""
    cells = [" "] * width
    for span in spans:
        for place in range(round(span.start * width), min(round(span.stop * width), width)):
            cells[place] = _SHADES[span.tone]
    return "".join(cells)


def legend_text(strip: Strip) -> str:
    """What the characters of a strip stand for."""
    return ", ".join(f"{_SHADES[tone]} {name}" for tone, name in strip.legend)


def raster_lines(raster: Raster) -> list[str]:
    """A raster in at most `HEIGHT` lines: the largest share of the rows and bins that fall together."""
    shown = raster.values if raster.over is None else np.maximum(raster.values, raster.over.values)
    rows = _pooled(shown, HEIGHT, WIDTH)
    step = -(-len(raster.rows) // HEIGHT)
    names = [name[:_NAME].ljust(_NAME) for name in raster.rows[::step]]
    drawn = [f"{name} {_greys(row)}" for name, row in zip(names, rows, strict=True)]
    return [*drawn, f"{' ' * _NAME} {raster.start} to {raster.stop}"]


def map_lines(maps: Maps) -> list[str]:
    """Each quantity as a grid, with what the darkest place stands for."""
    lines = []
    for layer in maps.layers:
        top = float(layer.values.max(initial=0.0))
        shares = (layer.values / top if top else layer.values).reshape(maps.rows, maps.columns)
        lines += [f"{layer.name}, at most {layer.write(top)}", *(_greys(np.repeat(row, 2)) for row in shares)]
    return lines


def drawing_lines(drawing: Drawing) -> list[str]:
    """What a drawing shows, box by box, each said once."""
    lines = []
    for stamp in drawing.stamps:
        places = len(stamp.places)
        where = f" ({places} times)" if places > 1 else ""
        lines += [f"{_SHADES[box.tone]} {box.name}: {box.remark}{where}" for box in stamp.boxes]
    return lines


def curve_lines(curves: Curves) -> list[str]:
    """A bar for each point, between the least and the largest value that is shown."""
    values = [curves.level.y, *(point.y for point in curves.points)]
    low, high = min(values), max(values)
    span = high - low or 1.0
    rows = [(point.label, point.y) for point in curves.points] + [(curves.level.name, curves.level.y)]
    wide = max(len(label) for label, _ in rows)
    return [
        f"{label.ljust(wide)} {significant(value).rjust(7)} {bar((value - low) / span, 24)}" for label, value in rows
    ]


def scatter_lines(scatter: Scatter) -> list[str]:
    """Dots as characters between two axes; where several fall together, the last one is seen."""
    cells = [[" "] * WIDTH for _ in range(HEIGHT // 2)]
    for dot in scatter.dots:
        across, up = (place or 0.0 for place in dot.places)
        cells[round((1.0 - up) * (len(cells) - 1))][round(across * (WIDTH - 1))] = _SHADES[dot.tone]
    ends = [f"{axis.name} {axis.marks[0][1]} to {axis.marks[-1][1]}" for axis in (scatter.up, scatter.across)]
    legend = ", ".join(f"{_SHADES[tone]} {name}" for tone, name in scatter.legend)
    return [f"up: {ends[0]}", *(f"|{''.join(row)}" for row in cells), f"across: {ends[1]}; {legend}"]


def strand_lines(strands: Strands) -> list[str]:
    """Each axis with its marks; lines through them need a picture."""
    return [f"{axis.name}: {', '.join(word for _, word in axis.marks)}" for axis in strands.axes]


def _greys(shares: NDArray[np.float64]) -> str:
    steps = np.ceil(np.clip(shares, 0.0, 1.0) * (len(_GREYS) - 1)).astype(int)
    return "".join(_GREYS[step] for step in steps)


def _pooled(values: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    rows, columns = values.shape
    tall, wide = -(-rows // height), -(-columns // width)
    padded = np.zeros((-(-rows // tall) * tall, -(-columns // wide) * wide))
    padded[:rows, :columns] = values
    return np.asarray(padded.reshape(-(-rows // tall), tall, -(-columns // wide), wide).max(axis=(1, 3)), np.float64)
