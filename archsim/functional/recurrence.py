"""LSTM, GRU and RNN nodes, step by step: gates on arrays, cells digitally.

Rows of every matrix are the input's elements, then the state's. Columns are interleaved by unit where the cell needs
its gates side by side (LSTM: i, o, f, c; GRU with ``linear_before_reset``: z, r), else gate by gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from archsim.errors import InputError
from archsim.functional.cells import (
    gru_gates,
    gru_update,
    gru_update_after,
    lstm_cell,
    rnn_cell,
)
from archsim.functional.product import Multiply, Tensors, checked, constant, where
from archsim.functional.runtime import F32, Segment, Tensor
from archsim.functional.weights import WeightMatrix, weight_matrix
from archsim.network import Activation, CellKind, ProductSpec, RecurrentCell

Ids = NDArray[np.int64]
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
class Sequences:
    """Sequences of a batch, each of its own length.

    Parameters
    ----------
    steps : ndarray, shape (steps, batch, inputs)
    lengths : ndarray of int, shape (batch,)
    """

    steps: F32
    lengths: Ids

    def order(self, backward: bool) -> Ids:
        """Places in the order in which a direction reads them, shape (steps, batch); each place once."""
        place = np.arange(len(self.steps))[:, None] + np.zeros_like(self.lengths)
        return np.where(place < self.lengths, self.lengths - 1 - place, place) if backward else place


@dataclass(frozen=True, slots=True, eq=False)
class Recurrence:
    """A recurrent node.

    Parameters
    ----------
    spec : ProductSpec
    form : RecurrentCell
    cells : tuple of Cell
        One per direction.
    """

    spec: ProductSpec
    form: RecurrentCell
    cells: tuple[Cell, ...]

    @property
    def weights(self) -> tuple[WeightMatrix, ...]:
        return tuple(matrix for cell in self.cells for matrix in cell.weights)

    def __call__(self, tensors: Tensors, multiply: Multiply, batch_axis: int) -> tuple[Tensor, ...]:
        """Y, Y_h and, for an LSTM, Y_c."""
        data = checked(self.spec, tensors(self.spec.data), [2])
        sequences = self._sequences(np.asarray(data, np.float32), tensors)
        runs = [
            self._direction(index, sequences, self._initial(tensors, index, len(sequences.lengths)), multiply)
            for index in range(len(self.cells))
        ]
        y = np.stack([run[0] for run in runs], axis=1)
        last, cell = (np.stack([run[1][part] for run in runs]) for part in (0, 1))
        if self.form.batch_first:
            y, last, cell = y.transpose(2, 0, 1, 3), last.swapaxes(0, 1), cell.swapaxes(0, 1)
        outputs = [np.ascontiguousarray(part, data.dtype) for part in (y, last, cell)]
        return tuple(outputs if self.form.kind is CellKind.LSTM else outputs[:2])

    def _sequences(self, data: F32, tensors: Tensors) -> Sequences:
        steps = data.swapaxes(0, 1) if self.form.batch_first else data
        if not self.form.lengths:
            return Sequences(steps, np.full(steps.shape[1], len(steps)))
        lengths = np.asarray(tensors(self.form.lengths), np.int64)
        if lengths.shape != (steps.shape[1],) or lengths.min() < 0 or lengths.max() > len(steps):
            raise InputError(
                f"lengths {lengths.tolist()} do not fit {steps.shape[1]} sequences of {len(steps)} steps",
                where=where(self.spec),
                remedy="Give one length for each sequence, of at most the steps that there are.",
            )
        return Sequences(steps, lengths)

    def _direction(self, index: int, sequences: Sequences, state: State, multiply: Multiply) -> tuple[F32, State]:
        """Outputs in the order of the sequence, shape (steps, batch, hidden), and the last state."""
        first = sum(len(cell.weights) for cell in self.cells[:index])

        def own(matrix: int, vectors: F32, step: int = 0) -> F32:
            return multiply(first + matrix, vectors, step)

        x, lengths = sequences.steps, sequences.lengths
        outputs, everyone = np.zeros((*x.shape[:2], self.form.hidden), np.float32), np.arange(x.shape[1])
        for step, places in enumerate(sequences.order(self.form.directions[index].backward)):
            made = self.cells[index].step(x[places, everyone], state, own, step)
            going = (step < lengths)[:, None]
            state = np.where(going, made[0], state[0]), np.where(going, made[1], state[1])
            outputs[places, everyone] = np.where(going, made[0], 0)
        return outputs, state

    def _initial(self, tensors: Tensors, direction: int, batch: int) -> State:
        def state(name: str) -> F32:
            if not name:
                return np.zeros((batch, self.form.hidden), np.float32)
            given = np.asarray(tensors(name), np.float32)
            return self._of_all(given[:, direction] if self.form.batch_first else given[direction], batch)

        return state(self.form.state), state(self.form.cell_state)

    def _of_all(self, state: F32, batch: int) -> F32:
        if len(state) != batch:
            raise InputError(
                f"its initial state is of {len(state)} sequences, and there are {batch}",
                where=where(self.spec),
                remedy=f"Give data of {len(state)} sequences at a time, each batch along a new first axis, or export "
                "the model with an initial state for any number.",
            )
        return state


def recurrence(spec: ProductSpec, form: RecurrentCell, constants: Tensors) -> Recurrence:
    """Read an LSTM, GRU or RNN node."""
    weight, state = (constant(spec, constants(name)) for name in spec.weights)
    bias, peephole = (constant(spec, constants(name)) if name else None for name in (spec.bias, form.peephole))
    build = {CellKind.LSTM: _lstm, CellKind.GRU: _gru, CellKind.RNN: _rnn}[form.kind]
    given = _Given(spec, form, weight, state, bias, peephole)
    return Recurrence(spec, form, tuple(build(given, direction) for direction in range(len(form.directions))))


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """Constants of a node, with their axis of directions: W, R, B and P."""

    spec: ProductSpec
    form: RecurrentCell
    weight: F32
    state: F32
    bias: F32 | None
    peephole: F32 | None

    @property
    def hidden(self) -> int:
        return self.form.hidden

    def functions(self, direction: int) -> tuple[Activation, ...]:
        """Activations, in the order of the ONNX specification."""
        return self.form.directions[direction].activations

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


def _side_by_side(gates: F32) -> F32:
    """Gates of shape (gates, rows, hidden) one after the other: (rows, gates * hidden)."""
    return gates.transpose(1, 0, 2).reshape(gates.shape[1], -1)


def _interleaved(gates: F32) -> F32:
    """Gates of shape (gates, rows, hidden) by unit: (rows, hidden * gates)."""
    return gates.transpose(1, 2, 0).reshape(gates.shape[1], -1)


def _matrices(given: _Given, *matrices: F32) -> tuple[WeightMatrix, ...]:
    return tuple(weight_matrix(matrix, where(given.spec)) for matrix in matrices)


def _lstm(given: _Given, direction: int) -> Cell:
    gate, candidate, output = given.functions(direction)
    peephole = np.zeros((3, given.hidden), np.float32)
    if given.peephole is not None:
        peephole = given.peephole[direction].reshape(3, given.hidden)
    weights = _matrices(given, _interleaved(given.rows(direction, slice(0, 4))))
    return LstmCell(
        weights, given.biases(direction).sum(axis=0), peephole, lstm_cell(gate, candidate, output, clip=given.form.clip)
    )


def _gru(given: _Given, direction: int) -> Cell:
    gate, candidate = given.functions(direction)
    of_input, of_state = given.biases(direction)
    pair = given.rows(direction, slice(0, 2))
    gates = gru_gates(gate, given.form.clip)
    if not given.form.reset_after:
        weights = _matrices(given, _side_by_side(pair), given.rows(direction, slice(2, 3))[0])
        return GruCell(weights, of_input + of_state, gates, gru_update(candidate, given.form.clip))
    separate = [matrix[direction].reshape(3, given.hidden, -1)[2].T for matrix in (given.weight, given.state)]
    weights = _matrices(given, _interleaved(pair), *separate)
    bias = np.stack([*(of_input + of_state)[:2], of_input[2], of_state[2]])
    return GruCellAfter(weights, bias, gates, gru_update_after(candidate, given.form.clip))


def _rnn(given: _Given, direction: int) -> Cell:
    (activation,) = given.functions(direction)
    weights = _matrices(given, given.rows(direction, slice(0, 1))[0])
    return RnnCell(weights, given.biases(direction).sum(axis=0)[0], rnn_cell(activation, given.form.clip))
