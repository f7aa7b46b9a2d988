"""Speed of the numeric crossbar beside numpy's plain matrix product, in one run on one machine.

    python scripts/bench_numeric.py [--size 512] [--batch 1024] [--repeats 30] [--solve 128,256,512]

Every round times the product and then each case once; the best of all rounds counts, so that other load on the machine
touches all alike. AIHWKIT is timed in like settings where it is installed (aihwkit==1.1.0 torch==2.10.0).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from archsim.numeric import (
    BIT_SERIAL,
    CrossbarSettings,
    ExactWires,
    FixedRange,
    InputCircuit,
    LowFrequencyNoise,
    OutputCircuit,
    ReadNoise,
    Stream,
    WireResistance,
    effective_conductance,
    multiply,
    program,
)
from archsim.numeric.devices import PcmDevice
from archsim.numeric.encodings import BitSlices

DAY_S = 86400.0
CONVERTERS = {
    "inputs": InputCircuit(bits=8),
    "outputs": OutputCircuit(bits=8, range=FixedRange(20.0), noise=0.04),
}
NOISE = ReadNoise(LowFrequencyNoise.FRESH)
SERIAL = InputCircuit(bits=8, waveform=BIT_SERIAL)
CASES = {
    "every effect off": CrossbarSettings(),
    "8-bit DAC and ADC, output noise": CrossbarSettings(inputs=CONVERTERS["inputs"], outputs=CONVERTERS["outputs"]),
    "PCM programming, drift, read noise, 8-bit DAC and ADC, output noise": CrossbarSettings(
        device=PcmDevice(), read_noise=NOISE, inputs=CONVERTERS["inputs"], outputs=CONVERTERS["outputs"]
    ),
    "the same with exact IR drop": CrossbarSettings(
        device=PcmDevice(),
        read_noise=NOISE,
        wires=ExactWires(WireResistance(0.35, 0.35)),
        inputs=CONVERTERS["inputs"],
        outputs=CONVERTERS["outputs"],
    ),
    "bit-serial 8 bits, ADC per bit, two weight slices": CrossbarSettings(
        encoding=BitSlices(9, 2), inputs=SERIAL, outputs=OutputCircuit(bits=8, range=FixedRange(100.0))
    ),
    "bit-serial and sliced, with PCM programming, drift, read and output noise": CrossbarSettings(
        encoding=BitSlices(9, 2),
        device=PcmDevice(),
        read_noise=NOISE,
        inputs=SERIAL,
        outputs=OutputCircuit(bits=8, range=FixedRange(100.0), noise=0.04),
    ),
}


@dataclass
class Best:
    """Least wall and processor time of a call, in milliseconds."""

    wall_ms: float = float("inf")
    cpu_ms: float = float("inf")

    def time(self, call: Callable[[], object]) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        call()
        self.wall_ms = min(self.wall_ms, 1e3 * (time.perf_counter() - wall))
        self.cpu_ms = min(self.cpu_ms, 1e3 * (time.process_time() - cpu))


def aihwkit_cases(weights: np.ndarray, inputs: np.ndarray) -> dict[str, Callable[[], object]]:
    """AIHWKIT's C++ and torch tiles in like settings, where it is installed."""
    if find_spec("aihwkit") is None or find_spec("torch") is None:
        print("AIHWKIT is not installed here, and left out.")
        return {}
    import torch
    from aihwkit.nn import AnalogLinear
    from aihwkit.simulator.configs import InferenceRPUConfig, TorchInferenceRPUConfig
    from aihwkit.simulator.parameters.enums import BoundManagementType, WeightNoiseType

    calls: dict[str, Callable[[], object]] = {}
    for name, make, noise in (
        ("AIHWKIT C++ tile, PCM read and output noise", InferenceRPUConfig, 0.0175),
        ("AIHWKIT C++ tile, output noise", InferenceRPUConfig, 0.0),
        ("AIHWKIT torch tile, output noise", TorchInferenceRPUConfig, 0.0),
    ):
        config = make()
        config.forward.inp_res = config.forward.out_res = 1 / 254
        config.forward.out_bound, config.forward.out_noise = 20.0, 0.04
        config.forward.bound_management = BoundManagementType.NONE
        if noise:
            config.forward.w_noise, config.forward.w_noise_type = noise, WeightNoiseType.PCM_READ
        layer = AnalogLinear(*weights.shape, bias=False, rpu_config=config)
        layer.set_weights(torch.tensor(weights.T.copy()))
        layer.eval()
        layer.program_analog_weights()
        layer.drift_analog_weights(DAY_S)
        vectors = torch.tensor(inputs)
        calls[name] = lambda layer=layer, vectors=vectors: layer(vectors)
    return calls


def our_cases(weights: np.ndarray, inputs: np.ndarray) -> dict[str, Callable[[], object]]:
    """Every case, programmed; prints what that took."""
    calls: dict[str, Callable[[], object]] = {}
    program(weights, CrossbarSettings(device=PcmDevice()), Stream(0)).at(0.0)
    for name, settings in CASES.items():
        start = time.perf_counter()
        array = program(weights, settings, Stream(0))
        programmed = time.perf_counter()
        state = array.at(DAY_S)
        done = time.perf_counter()
        print(f"{name}: programmed in {1e3 * (programmed - start):.1f} ms, state in {1e3 * (done - programmed):.1f} ms")
        calls[name] = lambda state=state: multiply(state, inputs)
    return calls


def solve_times(sizes: list[int]) -> None:
    """One-time nodal solutions of one plane."""
    for size in sizes:
        cells = np.random.default_rng(0).uniform(0, 25e-6, (size, size))
        best = Best()
        for _ in range(3 if size < 512 else 1):
            best.time(lambda cells=cells: effective_conductance(cells, WireResistance(0.35, 0.35)))
        print(f"exact IR drop of {size} x {size}: {best.wall_ms / 1e3:.3f} s wall, {best.cpu_ms / 1e3:.3f} s processor")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--solve", default="128,256,512", help="sizes of arrays whose wires are solved")
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    weights = generator.normal(size=(options.size, options.size)).clip(-3, 3).astype(np.float32)
    inputs = generator.normal(size=(options.batch, options.size)).astype(np.float32)
    solve_times([int(size) for size in options.solve.split(",")])
    calls = {"numpy product": lambda: inputs @ weights, **our_cases(weights, inputs), **aihwkit_cases(weights, inputs)}
    best = {name: Best() for name in calls}
    for _ in range(options.repeats):
        for name, call in calls.items():
            best[name].time(call)
    base = best["numpy product"]
    print(f"\n{options.batch} vectors, {options.size} x {options.size}, float32, best of {options.repeats}")
    print("| case | wall ms | times the product | processor ms | times the product |\n|---|---|---|---|---|")
    for name, found in best.items():
        wall, cpu = found.wall_ms / base.wall_ms, found.cpu_ms / base.cpu_ms
        print(f"| {name} | {found.wall_ms:.1f} | {wall:.1f} | {found.cpu_ms:.1f} | {cpu:.1f} |")


if __name__ == "__main__":
    main()
