"""Freeze what named networks take on every preset, and compare with what was frozen.

    python scripts/freeze_runs.py             # prints what differs from the frozen table
    python scripts/freeze_runs.py --write     # renews it
    python scripts/freeze_runs.py --chip isaac --network digits-cnn

A run's record holds its makespan, a digest of when each sample left, digests of actors' firings and states (sorted;
the order of actors matters by its effect only), and the dynamic energy of each component. A chip's record holds area
and leakage of each component.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import product
from math import isclose
from pathlib import Path
from typing import Any

import numpy as np

from archsim.accounting.energy import dynamic_energy
from archsim.chip import chip_names, load_chip
from archsim.cost import Bill, price
from archsim.errors import ArchsimError
from archsim.program import Trace
from archsim.simulation import Settings, load_network, simulate
from archsim.workloads import WorkloadOptions

TABLE = Path(__file__).parents[1] / "tests" / "golden" / "frozen.json"
RELATIVE = 1e-12
SMALL, LARGE = {"batch": 6}, {"batch": 2}
NETWORKS: dict[str, tuple[str, dict[str, int], dict[str, Any]]] = {
    "mlp-hermes": ("mlp-hermes", {}, SMALL),
    "digits-cnn": ("digits-cnn", {}, SMALL),
    "digits-cnn, balanced": ("digits-cnn", {}, {"batch": 6, "replicate": "balanced"}),
    "digits-lstm": ("digits-lstm", {}, SMALL),
    "digits-transformer": ("digits-transformer", {}, SMALL),
    "characters-lstm": ("characters-lstm", {}, SMALL),
    "mlp-l4": ("mlp-l4", {}, SMALL),
    "resnet32": ("resnet32", {}, LARGE),
    "resnet18": ("resnet18", {}, LARGE),
    "resnet50": ("resnet50", {}, {"batch": 1}),
    "mobilenet-v2": ("mobilenet-v2", {}, {"batch": 1}),
    "vgg8, balanced": ("vgg8", {}, {"batch": 2, "replicate": "balanced"}),
    "lstm-ptb": ("lstm-ptb", {}, LARGE),
    "rnnt": ("rnnt", {"seq": 20}, LARGE),
    "bert-base": ("bert-base", {"seq": 32}, LARGE),
    "gpt2": ("gpt2", {"seq": 8, "generate": 4}, LARGE),
}
"""Name of a run: the network, its options, and how it is run."""

Record = dict[str, Any]
STATES = ("firings", "busy", "starved", "blocked", "contended")


def chip_record(bill: Bill) -> Record:
    """Area and leakage of all instances of each component of a chip."""
    return {
        part.name: {"area_m2": part.count * part.area_m2.value, "leakage_w": part.count * part.leakage_w.value}
        for part in bill.components
    }


def run_record(chip: str, network: str) -> Record:
    """What a run took; the error's kind where it cannot run."""
    model, options, settings = NETWORKS[network]
    try:
        result = simulate(
            load_network(model, WorkloadOptions(**options) if options else None), chip, Settings(**settings)
        )
    except ArchsimError as error:
        return {"refused": type(error).__name__}
    energy = dynamic_energy(result.trace, result.bill).frame().groupby("component")["energy_j"].sum()
    return {
        "makespan": result.trace.makespan,
        "sample_out": _digest(result.trace.sample_out),
        **_state_digests(result.trace),
        "energy_j": {str(name): float(joules) for name, joules in energy.items()},
    }


def _state_digests(trace: Trace) -> dict[str, str]:
    actors = trace.program.actors
    names = np.array(trace.program.labels.layers)[actors.layer]
    columns = [getattr(trace, state) for state in STATES]
    order = np.lexsort((*reversed(columns), actors.role, names))
    return {state: _digest(column[order]) for state, column in zip(STATES, columns, strict=True)}


def _digest(column: np.ndarray[Any, Any]) -> str:
    return sha256(np.ascontiguousarray(column, np.int64).tobytes()).hexdigest()[:16]


def differences(frozen: Any, now: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Path and sentence of everything that is not as it was; floats may differ by rounding."""
    if isinstance(frozen, dict) and isinstance(now, dict):
        for key in sorted(frozen.keys() | now.keys()):
            yield from differences(frozen.get(key), now.get(key), f"{where}/{key}" if where else key)
    elif isinstance(frozen, float) and isinstance(now, float):
        if not isclose(frozen, now, rel_tol=RELATIVE):
            yield where, f"{frozen!r} is now {now!r}"
    elif frozen != now:
        yield where, f"{frozen!r} is now {now!r}"


def frozen_table() -> Record:
    """What was frozen: records by chip, and by chip and run."""
    table: Record = json.loads(TABLE.read_text())
    return table


def main() -> None:
    """Compare with the frozen table, or renew it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--chip", action="append", choices=chip_names())
    parser.add_argument("--network", action="append", choices=list(NETWORKS))
    parser.add_argument("--write", action="store_true", help="renew the records instead of comparing")
    chosen = parser.parse_args()
    table = frozen_table() if TABLE.exists() else {"chips": {}, "runs": {}}
    chips = chosen.chip or chip_names()
    for chip in chips:
        _renew(table["chips"], chip, chip_record(price(load_chip(chip))), write=chosen.write)
    for chip, network in product(chips, chosen.network or NETWORKS):
        _renew(table["runs"], f"{chip}: {network}", run_record(chip, network), write=chosen.write)
    if chosen.write:
        TABLE.write_text(_written(table))


def _renew(records: Record, name: str, now: Record, *, write: bool) -> None:
    for where, what in differences(records.get(name), now, name):
        print(f"{where}: {what}", flush=True)
    if write:
        records[name] = now


def _written(table: Record) -> str:
    """One record a line."""
    parts = [
        f'"{part}": {{\n' + ",\n".join(f'"{name}": {json.dumps(record)}' for name, record in records.items()) + "\n}"
        for part, records in table.items()
    ]
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    main()
