"""Small chips for tests, described in Python: round numbers, so that every duration can be worked out by hand.

One array per tile, 1 GHz everywhere. A digital unit does one operation per lane and cycle. The host moves a byte in
1 ns, a flit of 64 bits takes 1 ns per link.
"""

from __future__ import annotations

import networkx as nx
import numpy as np

from archsim.chip import chip_names, load_chip
from archsim.chip.fabric import Fabric
from archsim.chip.schema import Chip

COST = {"energy": {}, "model": None}
ALL_OPERATIONS = ("mac", "add", "multiply", "compare", "exp", "divide", "rsqrt", "lookup", "move")
GHZ = 1e9
KIB = 8 * 1024
NS = 1000
"""Picoseconds."""


def analog_names() -> tuple[str, ...]:
    """Presets whose tiles hold weights in analog arrays."""
    return tuple(name for name in chip_names() if not load_chip(name).alone)


def make_array(
    rows: int = 64, columns: int = 64, *, physical: int = 1, row_write_ns: float | None = None
) -> dict[str, object]:
    """A crossbar of weights; ``physical`` columns per weight, rows written one by one where it takes so long."""
    programming = None if row_write_ns is None else {"bits": 8, "time": row_write_ns * 1e-9, "energy": 1e-12}
    return {
        "rows": rows,
        "columns": columns * physical,
        "cell": {
            "device": "pcm",
            "area": 1e-13,
            "max_conductance": 25e-6,
            "mean_conductance": 0.2,
            "read_voltage": 0.2,
        },
        "weight": {"encoding": "differential", "bits": 8, "devices": 2 * physical, "columns": physical},
        "programming": programming,
        "cost": COST,
    }


def make_input(*, bits: int = 8, phase_ns: float = 100, serial: bool = False) -> dict[str, object]:
    """Pulse-width drivers, or bit-serial ones of one bit per phase."""
    kind = {"kind": "bit-serial", "bits_per_phase": 1} if serial else {"kind": "pulse-width"}
    return {**kind, "bits": bits, "phase_time": phase_ns * 1e-9, "mean_activity": 0.3, "cost": COST}


def make_adc(
    *, shared: int = 1, conversion_ns: float = 5, during: bool = False, per_phase: bool = False, held: bool = False
) -> dict[str, object]:
    """Converters, each of ``shared`` columns."""
    adc: dict[str, object] = {
        "kind": "oscillator" if during else "sar",
        "bits": 8,
        "columns_per_adc": shared,
        "conversion_time": conversion_ns * 1e-9,
        "during_integration": during,
        "per_phase": per_phase,
        "held": held,
        "cost": COST,
    }
    return {**adc, "sample_hold": COST} if held else adc


def make_unit(
    where: str = "tile",
    *,
    lanes: int = 16,
    every: int = 1,
    pipeline: int = 2,
    operations: tuple[str, ...] = ALL_OPERATIONS,
    clock: float = GHZ,
    buffer_kib: int = 1024,
    count: int = 1,
) -> dict[str, object]:
    """A kind of digital unit, one operation per lane and cycle."""
    unit: dict[str, object] = {
        "where": where,
        "count": count,
        "every": every,
        "lanes": lanes,
        "clock": clock,
        "pipeline": pipeline,
        "operations": dict.fromkeys(operations, 1),
        "cost": COST,
    }
    return {**unit, "buffer": {"capacity": buffer_kib * KIB, "cost": COST}} if where == "router" else unit


def make_fabric(
    rows: int = 4, columns: int = 4, *, topology: str = "mesh", concentration: int = 1, buffer_packets: int = 4,
    clock: float = GHZ, multicast: bool = True,
) -> dict[str, object]:  # fmt: skip
    """Routers of two cycles and links of one, 64 bits wide."""
    return {
        "topology": topology,
        "rows": rows,
        "columns": columns,
        "concentration": concentration,
        "link_width": 64,
        "clock": clock,
        "router_delay": 2,
        "link_delay": 1,
        "buffer_packets": buffer_packets,
        "pitch": 1e-3,
        "multicast": multicast,
        "cost": COST,
        "wire_cost": COST,
    }


def make_issue(
    *, time_ns: float = 10, width: int = 1, holds: str = "issue", order: str = "ready", joint: bool = False
) -> dict[str, object]:
    """A controller that starts the products of a tile."""
    return {"time": time_ns * 1e-9, "width": width, "holds": holds, "order": order, "joint": joint, "cost": COST}


def make_memory(*, bandwidth: float = 8e9, latency_ns: float = 50, channels: int = 1) -> dict[str, object]:
    """A memory beside the chip: a byte per nanosecond."""
    return {
        "dram": {
            "where": "system",
            "kind": "lpddr",
            "capacity": 8 * 2**33,
            "bandwidth": bandwidth,
            "latency": latency_ns * 1e-9,
            "channels": channels,
            "cost": COST,
        }
    }


def make_system(
    chips: int | str = 1, *, topology: str = "line", link_bandwidth: float = 8e9, host_bandwidth: float = 8e9
) -> dict[str, object]:
    """Chips joined by links of a byte per nanosecond and 20 ns."""
    link = None if chips == 1 else {"bandwidth": link_bandwidth, "latency": 20e-9, "cost": COST}
    return {"chips": chips, "topology": topology, "link": link, "host_bandwidth": host_bandwidth}


def make_training(
    *, slots: int = 10, slot_ns: float = 2, adc: dict[str, object] | None = None, bits: int = 8, **more: object
) -> dict[str, object]:
    """Arrays that train: drivers of 100 ns and converters of 5 ns as the other way round, and pulse trains."""
    return {
        "device": {"preset": "exact"},
        "forward": {"bound": 20.0, "noise": 0.0},
        "backward": {
            "bound": 20.0,
            "noise": 0.0,
            "input_bits": bits,
            "adc_bits": 8,
            "driver": make_input(bits=bits),
            "adc": adc or make_adc(),
        },
        "updates": {
            "slots": slots,
            "pulses": {
                "slot_time": slot_ns * 1e-9,
                "row_activity": 0.5,
                "column_activity": 0.25,
                "energy": 1e-15,
                "cost": COST,
            },
        },
        **more,
    }


def make_rewriting(*, every: int, row_ns: float, rows_at_once: int = 1, rows: int | None = None) -> dict[str, object]:
    """A transfer or a refresh, a femtojoule a weight."""
    return {"every": every, "time": row_ns * 1e-9, "rows_at_once": rows_at_once, "rows": rows, "energy": 1e-15}


def make_chip(
    *,
    array: dict[str, object] | None = None,
    inputs: dict[str, object] | None = None,
    adc: dict[str, object] | None = None,
    units: dict[str, dict[str, object]] | None = None,
    fabric: dict[str, object] | None = None,
    memory: dict[str, object] | None = None,
    system: dict[str, object] | None = None,
    arrays_per_tile: int = 1,
    affine_clock: float = GHZ,
    affine_lanes: int = 64,
    buffer_kib: float = 1024,
    grouped: str = "array",
    schedule: dict[str, object] | None = None,
    issue: dict[str, object] | None = None,
    read_bandwidth: float | None = None,
    training: dict[str, object] | None = None,
) -> Chip:
    """A chip of the parts above; by default a 4 x 4 mesh of tiles with a digital unit each, and no memory."""
    tile = {
        "arrays": arrays_per_tile,
        "array": array or make_array(),
        "input": inputs or make_input(),
        "adc": adc or make_adc(),
        "affine": {"lanes": affine_lanes, "clock": affine_clock, "pipeline": 3, "sum_bits": 16, "cost": COST},
        "buffer": {"capacity": buffer_kib * KIB, "read_bandwidth": read_bandwidth, "cost": COST},
        "issue": issue,
        "training": training,
    }
    return Chip.model_validate(
        {
            "name": "tiny",
            "technology": {"node": 14e-9, "supply": 0.8, "temperature": 300.0},
            "tile": tile,
            "units": {"local": make_unit()} if units is None else units,
            "fabric": fabric or make_fabric(),
            "memory": memory or {},
            "system": system or make_system(),
            "mapping": {"grouped": grouped, "schedule": schedule or {}},
        }
    )


def make_large_chip(*, buffer_kib: float = 512) -> Chip:
    """A chip for real networks: 256 tiles of 512 x 512 weights, units in tiles and at routers, as many as needed."""
    fast = {"local": make_unit(lanes=64, pipeline=3)}
    core = make_unit("router", lanes=512, every=4, pipeline=4, buffer_kib=int(buffer_kib * 8))
    fabric = {**make_fabric(16, 16), "link_width": 256}
    return make_chip(
        array=make_array(512, 512),
        inputs=make_input(phase_ns=128),
        adc=make_adc(during=True, conversion_ns=2),
        units={**fast, "core": core},
        fabric=fabric,
        memory=make_memory(bandwidth=8 * 32e9, latency_ns=100),
        system=make_system("as needed", link_bandwidth=8 * 64e9, host_bandwidth=8 * 32e9),
        affine_lanes=512,
        buffer_kib=buffer_kib,
    )


def fabric_graph(fabric: Fabric) -> nx.DiGraph:
    """The fabric's routers and directed links."""
    routes = fabric.shape.routes(fabric.rows, fabric.columns)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(routes)))
    source, target = np.nonzero(routes.hops == 1)
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    return graph
