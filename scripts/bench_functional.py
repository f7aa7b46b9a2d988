"""Time and memory of a functional run: ResNet-18 at 224 x 224, batch 8, on 512 x 512 arrays with every noise on.

    python scripts/bench_functional.py [--out reports/performance/functional.md]

Weights are random (He et al. initialisation): time does not depend on them. The chip is ``pcm-mesh-14nm``: PCM with
programming error, drift and 1/f noise, 8-bit inputs and converters with calibrated ranges, global drift compensation.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np
import onnx

sys.path.insert(0, str(Path(__file__).parent.parent))

from archsim.chip import load_chip
from archsim.functional import Compensation, crossbar_settings, execute, prepare, program_model
from archsim.mapping import place
from archsim.network.onnx_import import read_onnx
from tests.residual_network import resnet18

CHIP = "pcm-mesh-14nm"
LIMIT_S, LIMIT_GB = 60.0, 4.0


class Clock:
    """Elapsed and processor seconds of every part."""

    def __init__(self) -> None:
        self.parts: dict[str, tuple[float, float]] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        wall, processor = perf_counter(), process_time()
        yield
        self.parts[name] = perf_counter() - wall, process_time() - processor

    @property
    def total(self) -> tuple[float, float]:
        """Sums over the parts."""
        wall, processor = zip(*self.parts.values(), strict=True)
        return sum(wall), sum(processor)


def measure(batch: int) -> tuple[Clock, float]:
    """Run it; the clock, and the greatest memory in bytes."""
    clock, chip = Clock(), load_chip(CHIP)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "resnet18.onnx"
        onnx.save(resnet18(), path)
        with clock.part("read, place, cut"):
            model = prepare(path, place(read_onnx(path), chip))
    images = np.random.default_rng(1).standard_normal((batch, 3, 224, 224), dtype=np.float32)
    data, few = model.data({"image": images}), model.data({"image": images[:2]})
    settings = crossbar_settings(chip, compensation=Compensation.GLOBAL)
    with clock.part("calibration vectors, in floating point (2 images)"):
        vectors = model.recorded(few)
    with clock.part("program and calibrate"):
        arrays = program_model(model, settings, vectors, seed=0)
    with clock.part(f"execute {batch} images after 1 day"):
        execute(model, arrays, data, time_s=86400.0, batch=batch)
    return clock, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def report(clock: Clock, memory: float, batch: int) -> str:
    """The result as Markdown."""
    wall, processor = clock.total
    rows = "\n".join(f"| {name} | {w:.1f} | {p:.1f} |" for name, (w, p) in clock.parts.items())
    return f"""# A functional run of ResNet-18

`python scripts/bench_functional.py --out reports/performance/functional.md`

ResNet-18, 224 x 224, batch {batch}, on `{CHIP}` (512 x 512 weights per array, programming error, drift, 1/f read noise,
8-bit inputs and converters, global drift compensation). {platform.python_version()} on {os.cpu_count()} cores, load
{os.getloadavg()[0]:.1f} at the end.

| part | elapsed (s) | processor (s) |
|---|---:|---:|
{rows}
| all | {wall:.1f} | {processor:.1f} |

Greatest memory: {memory / 1e9:.2f} GB. Wanted: under {LIMIT_S:.0f} s on two cores, under {LIMIT_GB:.0f} GB.
"""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="write the report here as well")
    parser.add_argument("--batch", type=int, default=8, help="images")
    given = parser.parse_args()
    text = report(*measure(given.batch), given.batch)
    print(text)
    if given.out is not None:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
