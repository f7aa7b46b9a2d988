"""A small chip whose every part is priced by a model, and a way to change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

import pytest

from archsim.chip import Chip

Tree = dict[str, object]
ChipMaker = Callable[..., Chip]


def _tree() -> Tree:
    cell = {
        "device": "pcm",
        "area": 0.1e-12,
        "max_conductance": 25e-6,
        "mean_conductance": 0.2,
        "read_voltage": 0.2,
    }
    array = {
        "rows": 64,
        "columns": 32,
        "cell": cell,
        "weight": {"encoding": "differential", "bits": 8, "devices": 2, "columns": 2},
        "cost": {"model": "conduction"},
    }
    tile = {
        "arrays": 2,
        "array": array,
        "input": {
            "kind": "pulse-width",
            "bits": 8,
            "phase_time": 128e-9,
            "mean_activity": 0.5,
            "cost": {"model": "pulse-width"},
        },
        "adc": {
            "kind": "sar",
            "bits": 8,
            "columns_per_adc": 8,
            "conversion_time": 10e-9,
            "cost": {"model": "survey"},
        },
        "affine": {"lanes": 4, "clock": 1e9, "pipeline": 3, "sum_bits": 24, "cost": {"model": "digital"}},
        "buffer": {"capacity": 65536.0, "cost": {"model": "cacti"}},
    }
    core = {
        "where": "router",
        "count": 3,
        "every": 4,
        "lanes": 8,
        "clock": 1e9,
        "pipeline": 4,
        "operations": {"mac": 1.0, "exp": 1.0},
        "buffer": {"capacity": 65536.0, "cost": {"model": "cacti"}},
        "cost": {"model": "datapath"},
    }
    return {
        "name": "small",
        "technology": {"node": 14e-9, "supply": 0.8, "temperature": 300.0},
        "tile": tile,
        "units": {"core": core},
        "fabric": {
            "topology": "mesh",
            "rows": 3,
            "columns": 4,
            "link_width": 128.0,
            "clock": 1e9,
            "router_delay": 2,
            "link_delay": 1,
            "buffer_packets": 2,
            "pitch": 1e-3,
            "cost": {"model": "dsent"},
            "wire_cost": {"model": "dsent"},
        },
        "memory": {
            "dram": {
                "where": "system",
                "kind": "lpddr",
                "capacity": 1e9,
                "bandwidth": 5.332e9 * 8,
                "latency": 1e-7,
                "cost": {"model": "lpddr-ibm"},
            }
        },
        "system": {
            "chips": 2,
            "link": {"bandwidth": 256e9, "latency": 2e-9, "ports": 4, "cost": {"model": "ucie-standard"}},
            "host_bandwidth": 1e11,
        },
    }


def _set(tree: Tree, path: str, value: object) -> None:
    *parents, last = path.split(".")
    for name in parents:
        child = tree.setdefault(name, {})
        assert isinstance(child, dict)
        tree = child
    tree[last] = value


@pytest.fixture
def make_chip() -> ChipMaker:
    """Build the small chip with dotted paths replaced: ``make_chip({"tile.adc.bits": 6})``."""

    def make(changes: Mapping[str, object] | None = None) -> Chip:
        tree = deepcopy(_tree())
        for path, value in (changes or {}).items():
            _set(tree, path, value)
        return Chip.model_validate(tree)

    return make
