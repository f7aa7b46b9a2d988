"""How much of two cores an exploration uses: python scripts/bench_explore_parallel.py [POINTS].

The same points by one process, then by two; seconds per point from the eighth finished point on, so that neither
imports nor the start of workers count. No ledgers are kept. The efficiency is the one over twice the other.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

import archsim
from archsim.exploration import Standing

WARM = 8
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


def seconds_per_point(workers: int, points: int) -> float:
    """Of an exploration by so many processes."""
    warm: list[tuple[float, int]] = []

    def watch(standing: Standing) -> None:
        if standing.done >= WARM and not warm:
            warm.append((time.monotonic(), standing.done))

    options = {"workers": workers, "points": points, "bounds": False, "ledgers": False, "watch": watch}
    with tempfile.TemporaryDirectory() as folder:
        found = archsim.explore(STUDY, store=folder, **options)
        (began, done), ended = warm[0], time.monotonic()
    return (ended - began) / (len(found.points) - done)


def main() -> None:
    """Measure, and print."""
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    load, one, two = os.getloadavg()[0], seconds_per_point(1, points), seconds_per_point(2, points)
    print(f"{points} points: {1e3 * one:.1f} ms each by one process, {1e3 * two:.1f} ms by two")
    print(f"parallel efficiency {one / two / 2:.0%}; load average at the start {load:.1f}")


if __name__ == "__main__":
    main()
