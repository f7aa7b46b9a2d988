"""AIHWKIT's time for the step of ``bench_training.py``, in a Python that has AIHWKIT.

    PYTHON scripts/bench_training_aihwkit.py PRESET...

Prints for each preset wall and CPU time in ms, with many pulses and with few.
"""

import sys
import time

import torch
from aihwkit.nn import AnalogLinear
from aihwkit.optim import AnalogSGD
from aihwkit.simulator import presets

SIZE, VECTORS, REPEATS = 512, 64, 3


def timed(preset: str, *, mean: bool) -> tuple[float, float]:
    torch.manual_seed(0)
    layer = AnalogLinear(SIZE, SIZE, bias=False, rpu_config=getattr(presets, f"{preset}Preset")())
    optimizer = AnalogSGD(layer.parameters(), lr=0.01 if mean else 0.1)
    optimizer.regroup_param_groups(layer)
    x, wanted = torch.rand(VECTORS, SIZE), torch.rand(VECTORS, SIZE)
    weights = 0.6 * torch.rand(SIZE, SIZE) - 0.3
    found = []
    for _ in range(REPEATS):
        layer.set_weights(weights)
        wall, processor = time.perf_counter(), time.process_time()
        optimizer.zero_grad()
        squares = (layer(x) - wanted) ** 2
        (squares.mean() if mean else squares.sum()).backward()
        optimizer.step()
        found.append((1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - processor)))
    return min(found)


def main() -> None:
    torch.set_num_threads(2)
    for preset in sys.argv[1:]:
        many, few = timed(preset, mean=False), timed(preset, mean=True)
        print(preset, *(f"{value:.1f}" for value in (*many, *few)), flush=True)


if __name__ == "__main__":
    main()
