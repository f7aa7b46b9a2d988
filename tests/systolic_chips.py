"""A systolic chip for tests: TPU v1 with other sizes, and costs that nobody needs."""

from __future__ import annotations

from archsim.chip import Chip, load_chip

UNLIMITED = ("memory.weights.bandwidth=100000 TB/s", "memory.weights.latency=1 ps", "system.host_bandwidth=100000 TB/s")
"""Of what passes between memory, host and chip."""


def systolic(*overrides: str) -> Chip:
    """TPU v1 with some fields changed."""
    return load_chip("tpu-v1", overrides)


def scale_sim_chip(dataflow: str, rows: int, columns: int) -> Chip:
    """One array of 1 GHz at unlimited bandwidth."""
    return systolic(
        *UNLIMITED,
        f"tile.dataflow={dataflow}",
        f"tile.rows={rows}",
        f"tile.columns={columns}",
        "tile.filling=exposed",
        "tile.clock=1 GHz",
        "tile.weight_buffer.capacity=2 MiB",
    )


LINKED = (
    "system.link.bandwidth=1 GB/s",
    "system.link.latency=7 ns",
    "system.link.cost.energy.bit=1 pJ",
    "system.link.cost.area=1 mm^2",
    "system.link.cost.leakage=0 W",
)
"""A link between chips; how many there are is said beside it."""
