"""Exact IR drop against a dense nodal solve written here, scipy's sparse LU, and badcrossbar's published example."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu

from archsim.numeric import WireResistance, effective_conductance


class Circuit:
    """Conductances between numbered nodes; node 0 is ground."""

    def __init__(self, nodes):
        self.nodes, self.branches, self.sources = nodes, [], []

    def join(self, first, second, siemens):
        self.branches.append((first, second, siemens))

    def matrix(self):
        """Nodal matrix without ground, as (rows, columns, values)."""
        entries = []
        for a, b, siemens in self.branches:
            for node, other in ((a, b), (b, a)):
                if node:
                    entries.append((node - 1, node - 1, siemens))
                    if other:
                        entries.append((node - 1, other - 1, -siemens))
        rows, columns, values = zip(*entries, strict=True)
        return coo_array((values, (rows, columns)), shape=(self.nodes - 1,) * 2)


def array_circuit(cells, wires):
    """The circuit of an array, and the numbers of its row and column nodes."""
    rows, columns = cells.shape
    row_node = 1 + np.arange(rows * columns).reshape(rows, columns)
    column_node = row_node + rows * columns
    circuit = Circuit(1 + 2 * rows * columns)
    for i in range(rows):
        circuit.join(0, row_node[i, 0], 1 / wires.row_ohm)
        for j in range(columns):
            circuit.join(row_node[i, j], column_node[i, j], cells[i, j])
            if j + 1 < columns:
                circuit.join(row_node[i, j], row_node[i, j + 1], 1 / wires.row_ohm)
            circuit.join(column_node[i, j], column_node[i + 1, j] if i + 1 < rows else 0, 1 / wires.column_ohm)
    return circuit, row_node, column_node


def currents(cells, wires, voltages, solve):
    """Column currents for one vector of row voltages."""
    circuit, row_node, column_node = array_circuit(cells, wires)
    injected = np.zeros(circuit.nodes - 1)
    injected[row_node[:, 0] - 1] = voltages / wires.row_ohm
    potential = solve(circuit.matrix(), injected)
    return potential[column_node[-1] - 1] / wires.column_ohm


def dense(matrix, injected):
    return np.linalg.solve(matrix.toarray(), injected)


def sparse(matrix, injected):
    return splu(matrix.tocsc()).solve(injected)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (7, 12), (12, 7), (16, 16)])
@pytest.mark.parametrize("ohm", [(0.35, 0.35), (5.0, 0.1), (0.1, 500.0), (2e4, 2e4)])
def test_dense_nodal_solution(shape, ohm):
    generator = np.random.default_rng(sum(shape))
    cells = generator.uniform(0, 100e-6, shape)
    cells[generator.random(shape) < 0.2] = 0
    wires = WireResistance(*ohm)
    voltages = generator.uniform(-0.2, 0.2, shape[0])
    expected = currents(cells, wires, voltages, dense)
    found = voltages @ effective_conductance(cells, wires)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * np.abs(expected).max())


def test_sparse_nodal_solution_of_a_tall_array():
    generator = np.random.default_rng(8)
    cells = generator.uniform(0, 25e-6, (96, 64))
    wires = WireResistance(0.35, 0.35)
    voltages = generator.uniform(-0.2, 0.2, 96)
    expected = currents(cells, wires, voltages, sparse)
    np.testing.assert_allclose(voltages @ effective_conductance(cells, wires), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("ohm", "expected"),
    [
        (0.0, [0.0117215873, 0.0093418705, 0.0154616824, 0.0266592107, 0.0100652261]),
        (0.5, [0.0115850254, 0.0091906416, 0.0151156812, 0.0258332082, 0.0098117929]),
    ],
)
def test_badcrossbar_example(ohm, expected):
    resistances = np.array([[345, 903, 755, 257, 646], [652, 401, 508, 166, 454], [442, 874, 190, 244, 635]])
    voltages = np.array([1.5, 2.3, 1.7])
    found = voltages @ effective_conductance(1 / resistances, WireResistance(ohm, ohm))
    np.testing.assert_allclose(found, expected, atol=6e-11)
