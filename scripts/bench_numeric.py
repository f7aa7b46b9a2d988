"""Speed of the numeric crossbar beside numpy's plain matrix product, in one run on one machine.

    python scripts/bench_numeric.py [--size 512] [--batch 1024] [--rounds 12] [--solve 128,256,512]

Every round times each case in a block of calls of about 0.1 s, right after a block of products of the same length: a
short product alone would find a quiet moment on a busy machine where a long call cannot. The best block of each counts,
and beside it the median of the rounds' ratios. AIHWKIT is timed in like settings where it is installed
(aihwkit==1.1.0 torch==2.10.0).
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
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
    "PCM programming and drift, 8-bit DAC and ADC, output noise": CrossbarSettings(
        device=PcmDevice(),
        read_noise=ReadNoise(LowFrequencyNoise.FROZEN),
        inputs=CONVERTERS["inputs"],
        outputs=CONVERTERS["outputs"],
    ),
    "the same with fresh read noise (every noise on)": CrossbarSettings(
        device=PcmDevice(), read_noise=NOISE, inputs=CONVERTERS["inputs"], outputs=CONVERTERS["outputs"]
    ),
    "every noise on, with exact IR drop": CrossbarSettings(
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


BLOCK_S = 0.1
PAUSE_S = 0.2
"""Before each block. Threads of OpenBLAS wait spinning for some 0.1 s after a product, and slow whatever comes next."""


@dataclass(frozen=True, slots=True)
class Block:
    """Mean wall and processor time of the calls of one block, in milliseconds."""

    wall_ms: float
    cpu_ms: float


@dataclass(slots=True)
class Case:
    """A call, and its blocks beside the product's."""

    name: str
    call: Callable[[], object]
    count: int = 1
    blocks: list[Block] = field(default_factory=list)
    products: list[Block] = field(default_factory=list)

    def size(self) -> None:
        """Choose the calls per block; the first call compiles and warms caches, and is not timed."""
        self.call()
        start = time.perf_counter()
        self.call()
        self.count = max(1, round(BLOCK_S / (time.perf_counter() - start)))


def timed(call: Callable[[], object], count: int) -> Block:
    time.sleep(PAUSE_S)
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(count):
        call()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Block(1e3 * wall / count, 1e3 * cpu / count)


def best(blocks: list[Block]) -> Block:
    return Block(min(block.wall_ms for block in blocks), min(block.cpu_ms for block in blocks))


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
        ("AIHWKIT C++ tile, every noise on", InferenceRPUConfig, 0.0175),
        ("AIHWKIT C++ tile, without fresh read noise", InferenceRPUConfig, 0.0),
        ("AIHWKIT torch tile, without fresh read noise", TorchInferenceRPUConfig, 0.0),
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
        calls[name] = torch.no_grad()(lambda layer=layer, vectors=vectors: layer(vectors))
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
        found = best(
            [
                timed(lambda cells=cells: effective_conductance(cells, WireResistance(0.35, 0.35)), 1)
                for _ in range(3 if size < 512 else 1)
            ]
        )
        wall_s, cpu_s = found.wall_ms / 1e3, found.cpu_ms / 1e3
        print(f"exact IR drop of {size} x {size}: {wall_s:.3f} s wall, {cpu_s:.3f} s processor")


def measure(cases: list[Case], product: Case, rounds: int) -> None:
    """Blocks of every case, each right after a block of products."""
    for case in (product, *cases):
        case.size()
    for _ in range(rounds):
        for case in cases:
            case.products.append(timed(product.call, product.count))
            case.blocks.append(timed(case.call, case.count))


def report(cases: list[Case]) -> None:
    base = best([block for case in cases for block in case.products])
    print(f"product: {base.wall_ms:.1f} ms wall, {base.cpu_ms:.1f} ms processor at best")
    print("| case | wall ms | times the product | median of rounds | processor ms | times the product |")
    print("|---|---|---|---|---|---|")
    for case in cases:
        found = best(case.blocks)
        ratios = [own.wall_ms / other.wall_ms for own, other in zip(case.blocks, case.products, strict=True)]
        wall = f"{found.wall_ms:.1f} | {found.wall_ms / base.wall_ms:.1f} | {statistics.median(ratios):.1f}"
        print(f"| {case.name} | {wall} | {found.cpu_ms:.1f} | {found.cpu_ms / base.cpu_ms:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--solve", default="128,256,512", help="sizes of arrays whose wires are solved")
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    weights = generator.normal(size=(options.size, options.size)).clip(-3, 3).astype(np.float32)
    inputs = generator.normal(size=(options.batch, options.size)).astype(np.float32)
    solve_times([int(size) for size in options.solve.split(",") if size])
    calls = {**our_cases(weights, inputs), **aihwkit_cases(weights, inputs)}
    cases = [Case(name, call) for name, call in calls.items()]
    before = os.getloadavg()[0]
    measure(cases, Case("product", lambda: inputs @ weights), options.rounds)
    print(f"\n{options.batch} vectors, {options.size} x {options.size}, float32, {options.rounds} rounds")
    print(f"cores: {len(os.sched_getaffinity(0))}; load before {before:.1f}, after {os.getloadavg()[0]:.1f}")
    report(cases)


if __name__ == "__main__":
    main()
