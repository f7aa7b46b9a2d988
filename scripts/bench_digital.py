"""Cycle counts of a network on a systolic chip: how long they take after start-up, and how much memory.

    python scripts/bench_digital.py [NETWORK] [CHIP]

prints seconds for placing, lowering, running and accounting, the array's busy cycles and the peak memory. The first run
loads what is compiled; the second one, on a chip with another clock, is measured.
"""

from __future__ import annotations

import resource
import sys
import time

from archsim.simulation import load_network, simulate


def main() -> None:
    """Run and print."""
    network, chip = [*sys.argv[1:], *("resnet18", "tpu-v1")[len(sys.argv) - 1 :]][:2]
    model = load_network(network)
    simulate(model, chip, overrides=["tile.clock=500 MHz"])
    begun = time.perf_counter()
    result = simulate(model, chip, overrides=["tile.clock=1 GHz"])
    cycles = round(result.ledger.resources.query("kind == 'array'").busy_s.sum() * 1e9)
    seconds = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{network} on {chip}: {cycles:,} cycles of the array in {seconds:.2f} s, {memory:,.0f} MiB at the most")


if __name__ == "__main__":
    main()
