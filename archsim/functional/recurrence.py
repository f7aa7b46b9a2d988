"""LSTM, GRU and RNN nodes, step by step: gates on arrays, cells digitally.

Rows of every matrix are the input's elements, then the state's. Columns are interleaved by unit where the cell needs
its gates side by side (LSTM: i, o, f, c; GRU with ``linear_before_reset``: z, r), else gate by gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from archsim.functional.cells import (
    activations,
    gru_gates,
    gru_update,
    gru_update_after,
    lstm_cell,
    rnn_cell,
)
from archsim.functional.product import Inputs, Multiply, constant, filled
from archsim.functional.runtime import F32, Segment, Tensor
from archsim.functional.weights import WeightMatrix, weight_matrix
from archsim.network.onnx_import.node import Node

State = tuple[F32, F32]
"""Output and cell state, shape (batch, hidden); without a cell state, the second is not used."""


class Cell(Protocol):
    """One direction of a recurrent node."""

    @property
    def weights(self) -> tuple[WeightMatrix, ...]:
        """Matrices, in the order of the network's layers."""
        ...

    def step(self, x: F32, state: State, multiply: Multiply, step: int) -> State:
        """The state after one step with inputs of shape (batch, inputs)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LstmCell:
    """An LSTM; bias of shape (4, hidden), peephole weights of shape (3, hidden) for i, o, f."""

    weights: tuple[WeightMatrix, ...]
    bias: F32
    peephole: F32
    cell: Segment

    def step(self, x: F32, state: State, multiply: Multiply, step: int) -> State:
        h, c = state
        sums = multiply(0, np.concatenate([x, h], axis=1), step).reshape(len(x), -1, 4) + self.bias.T
        gates = dict(zip("iofg", np.moveaxis(sums, 2, 0), strict=True))
        peephole = dict(zip(("pi", "po", "pf"), self.peephole, strict=True))
        made = self.cell({**gates, **peephole, "c": c})
        return np.asarray(made["h1"], np.float32), np.asarray(made["c1"], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class GruCell:
    """A GRU whose reset gate acts before the product; bias of shape (3, hidden) for z, r, n."""

    weights: tuple[WeightMatrix, ...]
    bias: F32
    gates: Segment
    update: Segment

    def step(self, x: F32, state: State, multiply: Multiply, step: int) -> State:
        h, unused = state
        z, r = np.split(multiply(0, np.concatenate([x, h], axis=1), step), 2, axis=1)
        gates = self.gates({"z": z + self.bias[0], "r": r + self.bias[1], "h": h})
        reset = np.asarray(gates["rh"], np.float32)
        n = multiply(1, np.concatenate([x, reset], axis=1), step) + self.bias[2]
        return np.asarray(self.update({"zt": gates["zt"], "n": n, "h": h})["h1"], np.float32), unused


@dataclass(frozen=True, slots=True, eq=False)
class GruCellAfter:
    """A GRU whose reset gate acts after the product; biases of shape (4, hidden) for z, r, n and the state's part."""

    weights: tuple[WeightMatrix, ...]
    bias: F32
    gates: Segment
    update: Segment

    def step(self, x: F32, state: State, multiply: Multiply, step: int) -> State:
        h, unused = state
        sums = multiply(0, np.concatenate([x, h], axis=1), step).reshape(len(x), -1, 2) + self.bias[:2].T
        gates = self.gates({"z": sums[..., 0], "r": sums[..., 1], "h": h})
        n, m = multiply(1, x, step) + self.bias[2], multiply(2, h, step) + self.bias[3]
        made = self.update({"zt": gates["zt"], "rt": gates["rt"], "n": n, "m": m, "h": h})
        return np.asarray(made["h1"], np.float32), unused


@dataclass(frozen=True, slots=True, eq=False)
class RnnCell:
    """A plain recurrent cell; bias of shape (hidden,)."""

    weights: tuple[WeightMatrix, ...]
    bias: F32
    cell: Segment

    def step(self, x: F32, state: State, multiply: Multiply, step: int) -> State:
        h, unused = state
        sums = multiply(0, np.concatenate([x, h], axis=1), step) + self.bias
        return np.asarray(self.cell({"x": sums})["h1"], np.float32), unused


@dataclass(frozen=True, slots=True, eq=False)
class Recurrence:
    """A recurrent node.

    Parameters
    ----------
    node : Node
    cells : tuple of Cell
        One per direction.
    backward : tuple of bool
        Which of them read the sequence from its end.
    hidden : int
    """

    node: Node
    cells: tuple[Cell, ...]
    backward: tuple[bool, ...]
    hidden: int
    data: int = 0

    @property
    def weights(self) -> tuple[WeightMatrix, ...]:
        return tuple(matrix for cell in self.cells for matrix in cell.weights)

    def __call__(self, inputs: Inputs, multiply: Multiply, batch_axis: int) -> tuple[Tensor, ...]:
        """Y, Y_h and, for an LSTM, Y_c."""
        batch_first = bool(self.node.integer("layout", 0))
        x = filled(inputs, 0).swapaxes(0, 1) if batch_first else filled(inputs, 0)
        self._check_lengths(inputs, len(x))
        runs = [self._direction(index, x, self._initial(inputs, index, batch_first), multiply) for index in self._all]
        y = np.stack([run[0] for run in runs], axis=1)
        last, cell = (np.stack([run[1][part] for run in runs]) for part in (0, 1))
        if batch_first:
            y, last, cell = y.transpose(2, 0, 1, 3), last.swapaxes(0, 1), cell.swapaxes(0, 1)
        outputs = [np.ascontiguousarray(part) for part in (y, last, cell)]
        return tuple(outputs if self.node.kind == "LSTM" else outputs[:2])

    @property
    def _all(self) -> range:
        return range(len(self.cells))

    def _direction(self, index: int, x: F32, state: State, multiply: Multiply) -> tuple[F32, State]:
        """Outputs in the order of the sequence, shape (steps, batch, hidden), and the last state."""
        first = sum(len(cell.weights) for cell in self.cells[:index])

        def own(matrix: int, vectors: F32, step: int = 0) -> F32:
            return multiply(first + matrix, vectors, step)

        outputs = np.empty((len(x), x.shape[1], self.hidden), np.float32)
        order = range(len(x))[::-1] if self.backward[index] else range(len(x))
        for step, place in enumerate(order):
            state = self.cells[index].step(x[place], state, own, step)
            outputs[place] = state[0]
        return outputs, state

    def _initial(self, inputs: Inputs, direction: int, batch_first: bool) -> State:
        data = filled(inputs, 0)
        batch = data.shape[0 if batch_first else 1]

        def state(place: int) -> F32:
            if place >= len(inputs) or inputs[place] is None:
                return np.zeros((batch, self.hidden), np.float32)
            given = filled(inputs, place)
            own: F32 = given[:, direction] if batch_first else given[direction]
            return self._of_all(own, batch)

        return state(5), state(6) if self.node.kind == "LSTM" else np.zeros((batch, self.hidden), np.float32)

    def _of_all(self, state: F32, batch: int) -> F32:
        if len(state) != batch:
            raise self.node.fault(
                f"its initial state is of {len(state)} sequences, and there are {batch}",
                f"Give data of {len(state)} sequences at a time, each batch along a new first axis, or export the "
                "model with an initial state for any number.",
            )
        return state

    def _check_lengths(self, inputs: Inputs, steps: int) -> None:
        if len(inputs) > 4 and inputs[4] is not None and bool((np.asarray(inputs[4]) != steps).any()):
            raise self.node.fault(
                "has sequences shorter than the tensor, which is not computed",
                f"Give sequences of the full {steps} steps each, or runs of equal length.",
            )


def recurrence(node: Node, inputs: Inputs) -> Recurrence:
    """Read an LSTM, GRU or RNN node."""
    weight, state = constant(inputs, 1, node), constant(inputs, 2, node)
    directions = {"bidirectional": (False, True), "reverse": (True,)}.get(node.text("direction", "forward"), (False,))
    hidden = state.shape[-1]
    build = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}[node.kind]
    given = _Given(node, weight, state, _optional(inputs, 3, node), _optional(inputs, 7, node))
    cells = tuple(build(given, direction) for direction in range(len(directions)))
    return Recurrence(node, cells, directions, hidden)


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """Constants of a node, with their axis of directions: W, R, B and P."""

    node: Node
    weight: F32
    state: F32
    bias: F32 | None
    peephole: F32 | None

    @property
    def hidden(self) -> int:
        return int(self.state.shape[-1])

    @property
    def clip(self) -> float | None:
        return None if self.node.attribute("clip") is None else self.node.number("clip", 0.0)

    def rows(self, direction: int, gates: slice) -> F32:
        """Weights of some gates, shape (gates, inputs + hidden, hidden)."""
        parts = [matrix[direction].reshape(-1, self.hidden, matrix.shape[-1])[gates] for matrix in self._both]
        return np.concatenate(parts, axis=2).transpose(0, 2, 1)

    @property
    def _both(self) -> tuple[F32, F32]:
        return self.weight, self.state

    def biases(self, direction: int) -> F32:
        """Biases of the input's and the state's part, shape (2, gates, hidden)."""
        gates = self.weight.shape[1] // self.hidden
        if self.bias is None:
            return np.zeros((2, gates, self.hidden), np.float32)
        own: F32 = self.bias[direction].reshape(2, gates, self.hidden)
        return own


def _optional(inputs: Inputs, place: int, node: Node) -> F32 | None:
    return None if place >= len(inputs) or inputs[place] is None else constant(inputs, place, node)


def _side_by_side(gates: F32) -> F32:
    """Gates of shape (gates, rows, hidden) one after the other: (rows, gates * hidden)."""
    return gates.transpose(1, 0, 2).reshape(gates.shape[1], -1)


def _interleaved(gates: F32) -> F32:
    """Gates of shape (gates, rows, hidden) by unit: (rows, hidden * gates)."""
    return gates.transpose(1, 2, 0).reshape(gates.shape[1], -1)


def _matrices(node: Node, *matrices: F32) -> tuple[WeightMatrix, ...]:
    return tuple(weight_matrix(matrix, node.where) for matrix in matrices)


def _lstm(given: _Given, direction: int) -> Cell:
    gate, candidate, output = activations(given.node, ("Sigmoid", "Tanh", "Tanh"), direction)
    peephole = np.zeros((3, given.hidden), np.float32)
    if given.peephole is not None:
        peephole = given.peephole[direction].reshape(3, given.hidden)
    weights = _matrices(given.node, _interleaved(given.rows(direction, slice(0, 4))))
    return LstmCell(
        weights, given.biases(direction).sum(axis=0), peephole, lstm_cell(gate, candidate, output, clip=given.clip)
    )


def _gru(given: _Given, direction: int) -> Cell:
    gate, candidate = activations(given.node, ("Sigmoid", "Tanh"), direction)
    of_input, of_state = given.biases(direction)
    pair = given.rows(direction, slice(0, 2))
    gates = gru_gates(gate, given.clip)
    if not given.node.integer("linear_before_reset", 0):
        weights = _matrices(given.node, _side_by_side(pair), given.rows(direction, slice(2, 3))[0])
        return GruCell(weights, of_input + of_state, gates, gru_update(candidate, given.clip))
    separate = [matrix[direction].reshape(3, given.hidden, -1)[2].T for matrix in (given.weight, given.state)]
    weights = _matrices(given.node, _interleaved(pair), *separate)
    bias = np.stack([*(of_input + of_state)[:2], of_input[2], of_state[2]])
    return GruCellAfter(weights, bias, gates, gru_update_after(candidate, given.clip))


def _rnn(given: _Given, direction: int) -> Cell:
    (activation,) = activations(given.node, ("Tanh",), direction)
    weights = _matrices(given.node, given.rows(direction, slice(0, 1))[0])
    return RnnCell(weights, given.biases(direction).sum(axis=0)[0], rnn_cell(activation, given.clip))
