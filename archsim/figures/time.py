"""One sample's life: the pipeline, the critical path, and the buffers over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from archsim.accounting import Passing
from archsim.accounting.course import busy_course, occupancy, writing_course
from archsim.figures.drawn import COLOURS, HEAT, WRITTEN, Drawn, canvas, plain
from archsim.report.document import Tone
from archsim.studies import Followed
from archsim.units import PS_PER_S

MOST_LAYERS = 12
_US = 1e6 / PS_PER_S
"""Microseconds in a picosecond."""


def pipeline(followed: Followed, axes: Axes | None = None) -> Drawn:
    """Which layer is busy when.

    Returns
    -------
    Drawn
        ``layer, start_ps, end_ps, value, written``: busy share of the layer's busiest role, and the share of its blocks
        that were being written.
    """
    start, stop = followed.start_ps, followed.path.stop_ps
    course = busy_course(followed.trace, start, stop)
    drawn = canvas(axes, height=2.0 + 0.09 * len(course.layers))
    extent = (start * _US, stop * _US, len(course.layers) - 0.5, -0.5)
    image = drawn.imshow(
        course.values, aspect="auto", interpolation="nearest", cmap=HEAT, vmin=0, vmax=1, extent=extent
    )
    written = writing_course(followed.trace, course).values
    if written.any():
        shown = np.ma.masked_less_equal(written, 0.0)
        drawn.imshow(shown, aspect="auto", interpolation="nearest", cmap=WRITTEN, vmin=0, vmax=1, extent=extent)
    every = max(1, len(course.layers) // 40)
    drawn.set_yticks(range(0, len(course.layers), every), course.layers[::every], fontsize=6)
    drawn.set_xlabel("time (µs)")
    root = drawn.get_figure(root=True)
    assert root is not None
    root.colorbar(image, ax=drawn, label="busy", shrink=0.6)
    plain(drawn, "which layer is busy when" + (", in red: weights are written" if written.any() else ""))
    return Drawn(drawn, course.frame.assign(written=written.ravel()))


def critical_path(followed: Followed, axes: Axes | None = None) -> Drawn:
    """What the latency of a sample is made of, layer by layer, in the order in which its critical path meets them.

    Returns
    -------
    Drawn
        ``layer``, picoseconds by what they pass with, and ``total_ps``.
    """
    frame = followed.path.by_layer
    shown = frame.loc[frame.total_ps.nlargest(MOST_LAYERS).index.sort_values()].iloc[::-1]
    drawn = canvas(axes)
    left = pd.Series(0.0, index=shown.index)
    for passing in Passing:
        if frame[passing.value].any():
            values = shown[passing.value] * _US
            drawn.barh(shown.layer, values, left=left, color=COLOURS[Tone(passing.value)], label=passing.value)
            left = left + values
    drawn.set_xlabel("time on the critical path (µs)")
    drawn.legend(frameon=False)
    plain(drawn, f"the latency of sample {followed.sample + 1}: the layers that take most of it")
    return Drawn(drawn, frame)


def buffers(followed: Followed, axes: Axes | None = None) -> Drawn:
    """What the largest buffers hold over time, as a share of their room.

    Returns
    -------
    Drawn
        ``layer, start_ps, end_ps, value`` (bits), of all layers.
    """
    found = occupancy(followed.trace, followed.start_ps, followed.path.stop_ps)
    largest = found.room_bits.argsort()[::-1][:MOST_LAYERS].tolist()
    drawn = canvas(axes)
    ends = found.course.edges_ps[1:] * _US
    for row in largest:
        drawn.plot(ends, 100 * found.course.values[row] / found.room_bits[row], label=found.course.layers[row], lw=1)
    drawn.set(xlabel="time (µs)", ylabel="of their room (%)")
    drawn.set_ylim(0, 105)
    drawn.legend(frameon=False, fontsize=7, ncols=2)
    plain(drawn, "what the largest buffers hold")
    return Drawn(drawn, found.course.frame)
