"""How much of two cores an exploration uses: python scripts/bench_explore_parallel.py [POINTS].

The same points by one process, then by two; seconds per point from the fortieth finished point to the last, so that
neither imports nor the start and the end of workers count. No ledgers are kept, nothing is found on disk. The
efficiency is the one over twice the other. On a machine that others use, too, two processes share what one has nearly
for itself. So the processor time of all processes together is told, too: what two take more than one is what working
side by side costs.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ["ARCHSIM_CACHE"] = "memory"

import archsim
from archsim.exploration import Standing

WARM = 40
STUDY = {
    "networks": ["mlp-hermes"],
    "chip": "pcm-mesh-14nm",
    "parameters": {
        "tile.adc.bits": {"from": 4, "to": 8, "step": 1},
        "tile.array.rows": {"from": 128, "to": 512, "step": 16},
        "fabric.link_width": ["32 bit", "64 bit", "128 bit", "256 bit"],
    },
    "objectives": {"latency_s": "minimize", "gops_per_w": "maximize"},
}


@dataclass(frozen=True)
class Mark:
    """A moment of an exploration.

    Parameters
    ----------
    done : int
        Points that are finished.
    clock_s : float
    busy_s : float
        Processor time of all processes until then.
    """

    done: int
    clock_s: float
    busy_s: float


def per_point(workers: int, points: int) -> Mark:
    """Seconds per point of an exploration by so many processes."""
    marks: list[Mark] = []

    def watch(standing: Standing) -> None:
        if len(marks) < 2 and standing.done >= (WARM, points)[len(marks)]:
            marks.append(Mark(standing.done, time.monotonic(), sum(processor_times(os.getpid()))))

    options = {"workers": workers, "points": points, "bounds": False, "ledgers": False, "watch": watch}
    with tempfile.TemporaryDirectory() as folder:
        archsim.explore(STUDY, store=folder, **options)
    first, last = marks
    count = last.done - first.done
    return Mark(count, (last.clock_s - first.clock_s) / count, (last.busy_s - first.busy_s) / count)


def processor_times(process: int) -> Iterator[float]:
    """Seconds of a process and of all that it started and that live, as Linux counts them."""
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    yield (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from processor_times(int(child))


def main() -> None:
    """Measure, and print."""
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    load, two, one = os.getloadavg()[0], per_point(2, points), per_point(1, points)
    print(f"{points} points: {1e3 * one.clock_s:.1f} ms each by one process, {1e3 * two.clock_s:.1f} ms by two")
    print(f"parallel efficiency {one.clock_s / two.clock_s / 2:.0%}; load average at the start {load:.1f}")
    print(f"processor time {1e3 * one.busy_s:.1f} ms each by one process, {1e3 * two.busy_s:.1f} ms by two")


if __name__ == "__main__":
    main()
