"""Time and memory of both engines and of lowering, side by side, over a fixed suite.

    python scripts/bench_engine.py [--write] [--only NAME ...]

Each case runs in a process of its own, so that its peak memory is its own. Times are the best of three; the compiled
kernels are cached before. ``--write`` renews ``reports/performance/engine.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numba
import simpy
import synthetic_programs

from archsim import workloads
from archsim.chip import load_chip
from archsim.engine import run_compiled, run_reference
from archsim.engine.state import build_state
from archsim.lowering import lower
from archsim.mapping import place
from archsim.program import Program, verify

Result = TypeVar("Result")
REPORT = Path(__file__).parents[1] / "reports" / "performance" / "engine.md"
CHIP = "pcm-mesh-14nm"
# The reference engine runs programs up to this many firings.
REFERENCE_LIMIT = 1_000_000
REPEATS = 3


@dataclass(frozen=True)
class Case:
    """One program of the suite: a named network and its batch, or a synthetic one."""

    name: str
    network: str = ""
    batch: int = 1
    make: Callable[[], Program] | None = None

    def program(self) -> tuple[Program, float]:
        """The program, and the seconds it took to lower (or to make)."""
        if self.make is not None:
            return timed(self.make)
        placement = place(workloads.build(self.network), load_chip(CHIP), batch=self.batch)
        return timed(lambda: lower(placement, batch=self.batch))


def own_mesh() -> Program:
    return synthetic_programs.mesh(10**6, firings=20, sharing=1)


def shared_mesh() -> Program:
    return synthetic_programs.mesh(10**5, firings=20, sharing=3)


def bare_resnet() -> Program:
    return synthetic_programs.resnet50(1)


SUITE = (
    Case("resnet18, batch 1", "resnet18"),
    Case("resnet18, batch 64", "resnet18", 64),
    Case("resnet50, batch 1", "resnet50"),
    Case("resnet50, batch 64", "resnet50", 64),
    Case("resnet50, batch 1,000,000", "resnet50", 1_000_000),
    Case("bert-base", "bert-base"),
    Case("rnnt", "rnnt"),
    Case("resnet50 without fabric", make=bare_resnet),
    Case("mesh of 10^5 actors, 3 a resource", make=shared_mesh),
    Case("mesh of 10^6 actors", make=own_mesh),
)


@dataclass(frozen=True)
class Row:
    """What one case took; seconds, and bytes of resident memory."""

    name: str
    actors: int
    channels: int
    firings: int
    lower_s: float
    verify_s: float
    run_s: float | None
    forward_s: float
    reference_s: float | None
    state_bytes: int
    ring_bytes: int
    peak_bytes: int

    def cells(self) -> list[str]:
        rate = f"{self.firings / self.run_s / 1e6:.1f}" if self.run_s else "-"
        ratio = f"{self.reference_s / self.run_s:.0f}" if self.reference_s and self.run_s else "-"
        slow = f"{self.firings / self.reference_s / 1e3:.0f}" if self.reference_s else "-"
        items = self.actors + self.channels
        return [
            self.name,
            f"{self.actors:,}",
            f"{self.channels:,}",
            f"{self.firings:,}",
            f"{self.lower_s:.2f}",
            f"{self.verify_s:.2f}",
            f"{self.run_s:.3f}" if self.run_s else "-",
            rate,
            f"{self.forward_s:.3f}",
            slow,
            ratio,
            f"{self.state_bytes / items:.0f} + {self.ring_bytes / items:.0f}",
            f"{self.peak_bytes / 2**20:.0f}",
        ]


HEADER = (
    "program",
    "actors",
    "channels",
    "firings",
    "lower, s",
    "verify, s",
    "run, s",
    "M firings/s",
    "with fast-forward, s",
    "SimPy, k firings/s",
    "times SimPy",
    "state + rings, B per actor or channel",
    "peak, MiB",
)


def timed(call: Callable[[], Result]) -> tuple[Result, float]:
    # Of this thread: what else runs on the machine counts less.
    start = time.thread_time()
    result = call()
    return result, time.thread_time() - start


def best(call: Callable[[], object]) -> float:
    return min(timed(call)[1] for _ in range(REPEATS))


def measure(case: Case) -> Row:
    run_compiled(synthetic_programs.mesh(100, firings=3, sharing=2))
    program, lower_s = case.program()
    firings = int(program.actors.firings.sum())
    state = build_state(program, log_rows=0)
    ring_bytes = state.rings.nbytes
    times = (state.sample_in, state.sample_first, state.sample_out)
    state_bytes = sum(column.nbytes for column in state) - ring_bytes - sum(column.nbytes for column in times)
    curve_bytes = state.steps.nbytes
    del state
    forward_s = best(lambda: run_compiled(program))
    whole = firings < 10**9
    run_s = best(lambda: run_compiled(program, fast_forward=False)) if whole else None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    reference_s = timed(lambda: run_reference(program))[1] if firings <= REFERENCE_LIMIT else None
    return Row(
        name=case.name,
        actors=len(program.actors),
        channels=len(program.channels),
        firings=firings,
        lower_s=lower_s,
        verify_s=best(lambda: verify(program)),
        run_s=run_s,
        forward_s=forward_s,
        reference_s=reference_s,
        state_bytes=state_bytes - curve_bytes,
        ring_bytes=ring_bytes,
        peak_bytes=peak,
    )


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    versions = f"Python {platform.python_version()}, numba {numba.__version__}, SimPy {simpy.__version__}"
    return f"{model}, {os.cpu_count()} cores; {versions}"


def report(rows: list[Row], load: float) -> str:
    table = [HEADER, ["---"] * len(HEADER), *(row.cells() for row in rows)]
    return "\n".join(
        [
            "# Engines: time and memory",
            "",
            "Renew with `python scripts/bench_engine.py --write`.",
            "",
            f"Machine: {machine()}. Load average at the start: {load:.1f}.",
            f"Chip: `{CHIP}`. Processor seconds of one thread, best of {REPEATS}.",
            "",
            "`run` is the whole of `run_compiled`: verifying, building the arrays, and the kernel, which comes from a",
            "cache. Runs of 10^9 firings or more are done by fast-forward only. Memory per actor or channel is the",
            "engine's state and its rings, without curves and samples' times. The peak is the whole process's, with",
            "Python and libraries (about 190 MiB).",
            "",
            *("| " + " | ".join(cells) + " |" for cells in table),
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="renew the report")
    parser.add_argument("--only", nargs="*", default=None, help="cases whose names contain one of these words")
    options = parser.parse_args()
    cases = [case for case in SUITE if options.only is None or any(word in case.name for word in options.only)]
    load, rows = os.getloadavg()[0], []
    for case in cases:
        with get_context("spawn").Pool(1) as pool:
            rows.append(pool.apply(measure, (case,)))
        print(" | ".join(rows[-1].cells()), flush=True)
    text = report(rows, load)
    print(text)
    if options.write:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(text)


if __name__ == "__main__":
    main()
