"""Cycles of products on systolic arrays, against SCALE-Sim 3.0.0 (Samajdar et al., ISPASS 2020).

``data/scale_sim_cycles.csv`` holds the compute cycles that SCALE-Sim gives at unlimited bandwidth for the distinct
products of ResNet-18, ResNet-50 and AlexNet (103 of 108), in its three dataflows, on an array of 128 x 96: not square,
so that rows and columns cannot be mistaken for each other. Its birth certificate, ``data/scale_sim_cycles.md``, names
the products that are not there. With
ARCHSIM_SCALESIM=PYTHON, some rows are run again by a Python that has SCALE-Sim, which needs numpy below 2.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from archsim.lowering import lower
from archsim.machine import matrix_unit
from archsim.machine.stepped import Operands, Product, SteppedUnit
from archsim.mapping import place
from archsim.network import Matrix, Network, Weights
from archsim.program import Role
from archsim.simulation import load_network, run
from tests.networks import line
from tests.systolic_chips import scale_sim_chip

TABLE = Path(__file__).parent / "data" / "scale_sim_cycles.csv"
SCRIPT = Path(__file__).parents[2] / "scripts" / "scale_sim_cycles.py"
DATAFLOWS = {"ws": "weight-stationary", "os": "output-stationary", "is": "input-stationary"}
PYTHON = os.environ.get("ARCHSIM_SCALESIM", "")
PS = 1000
"""Picoseconds of a cycle of the test chips."""


def frozen() -> pd.DataFrame:
    return pd.read_csv(TABLE)


def cycles(m: int, n: int, k: int, dataflow: str, rows: int, columns: int) -> int:
    unit = matrix_unit(scale_sim_chip(DATAFLOWS[dataflow], rows, columns))
    assert isinstance(unit, SteppedUnit)
    operands = Operands(m * k * 8, k * n * 8, m * n * 8, 0, k * n * 8, 0, 8 * 2**24)
    steps = unit.product(Product(m, k, n, 1, m * n * k, operands), 1 << 13)
    return int(steps.interval.sum()) // PS


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_every_product_takes_as_many_cycles_as_in_scale_sim(dataflow: str) -> None:
    rows = frozen().query("dataflow == @dataflow")
    assert len(rows) >= 33
    ours = [cycles(row.m, row.n, row.k, dataflow, row.rows, row.columns) for row in rows.itertuples()]
    assert ours == rows.cycles.tolist()


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@pytest.mark.parametrize("network", ["resnet18", "resnet50"])
def test_every_layer_of_a_network_keeps_the_array_busy_for_as_long(network: str, dataflow: str) -> None:
    known = {(row.m, row.n, row.k): row.cycles for row in frozen().query("dataflow == @dataflow").itertuples()}
    placement = place(load_network(network), scale_sim_chip(DATAFLOWS[dataflow], 128, 96))
    program = lower(placement)
    trace = run(program)
    multiplying = np.flatnonzero(program.actors.role == Role.MULTIPLY)
    compared = 0
    for actor in multiplying.tolist():
        layer = placement.network.order[program.actors.layer[actor]]
        assert isinstance(layer.operator, Matrix)
        weights = layer.operator.weights
        expected = known.get((layer.tokens, weights.columns, weights.rows))
        if expected is None:
            continue
        assert trace.busy[actor] == expected * PS, layer.name
        compared += 1
    assert compared >= len(placement.network.matrices) - 5


@pytest.mark.skipif(not PYTHON, reason="ARCHSIM_SCALESIM names no Python that has SCALE-Sim")
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_scale_sim_itself_still_says_so(dataflow: str) -> None:
    for m, n, k, rows, columns in ((49, 512, 256, 128, 96), (100, 70, 90, 24, 40)):
        command = [PYTHON, str(SCRIPT), *map(str, (m, n, k)), dataflow, str(rows), str(columns)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert cycles(m, n, k, dataflow, rows, columns) == int(said)


def test_a_product_of_one_fold_by_hand() -> None:
    # 3 rows and 2 columns stay in an array of 4 x 5, 7 vectors follow: 4 cycles to fill, 14 to stream, less 1.
    assert cycles(7, 2, 3, "ws", 4, 5) == 4 + 7 + 4 + 5 - 2 - 1
    # Sums stay: no filling. 7 x 2 sums on 4 x 5 are two folds of 3 + 4 + 5 - 2 cycles.
    assert cycles(7, 2, 3, "os", 4, 5) == 2 * (3 + 4 + 5 - 2) - 1


def test_activations_of_twice_the_bits_take_twice_the_stream() -> None:
    network: Network = line(("a", Matrix(Weights(256, 256))), tokens=1000, width=256)
    chip = scale_sim_chip("weight-stationary", 256, 256)
    wide = chip.model_copy(update={"precision": chip.precision.model_copy(update={"activations": 16})})
    busy = []
    for one in (chip, wide):
        trace = run(lower(place(network, one)))
        busy.append(int(trace.busy[trace.program.actors.role == Role.MULTIPLY].sum()))
    assert busy[1] - busy[0] == 1000 * PS
