"""LSTM, GRU and RNN nodes: one cell per direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.network.access import NOTHING, Access, Table
from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.feeds import Feed, Piece
from archsim.network.onnx_import.views import Constant, Tensor, View, merged, placed
from archsim.network.recurrent import CellShape, Provenance, Recurrence, gru, lstm, rnn

_RNN_ACTIVATIONS = {"Tanh": "tanh", "Relu": "relu", "Sigmoid": "sigmoid"}


@dataclass(frozen=True, slots=True)
class Direction:
    """One direction of a recurrent node.

    Parameters
    ----------
    place : int
        Index on the node's axis of directions.
    name : str
        "forward" or "backward", "" where it is the only one.
    backward : bool
        Whether it reads the sequence from its end.
    """

    place: int
    name: str
    backward: bool


def recurrence(call: Call) -> tuple[Tensor, ...]:
    """Layers and outputs (Y, Y_h, Y_c) of an LSTM, GRU or RNN node."""
    batch_first = bool(call.node.integer("layout", 0))
    view = call.view(0)
    if batch_first:
        view = view.mapped(lambda array: array.swapaxes(0, 1))
    steps, batch, inputs = view.shape
    hidden = call.node.integer("hidden_size", 0) or call.constant(2, "recurrent weight").shape[-1]
    shape = CellShape(steps * batch, inputs, hidden, batch)
    if call.has(4):
        call.draft.note(f"{call.node.label!r}: sequence_lens is ignored; every sequence has its full length")
    states = [_direction(call, view, shape, direction) for direction in _directions(call)]
    return _outputs(call, states, batch_first)


def _directions(call: Call) -> tuple[Direction, ...]:
    text = call.node.text("direction", "forward")
    if text == "bidirectional":
        return Direction(0, "forward", False), Direction(1, "backward", True)
    return (Direction(0, "", text == "reverse"),)


def _direction(call: Call, view: View, shape: CellShape, direction: Direction) -> View:
    """One cell; its output in the order of the sequence, shape ``(steps, batch, hidden)``."""
    ordered = view.mapped(lambda array: array[::-1]) if direction.backward else view
    cell = _cell(call, shape, f"{call.node.label}.{direction.name}" if direction.name else call.node.label)
    index = {layer.name: call.draft.adopt(layer) for layer in cell.layers}
    call.draft.edges.extend(cell.edges)
    pieces = _input(call, ordered.mapped(lambda array: array.reshape(shape.steps, shape.inputs)))
    for entry in cell.entries:
        call.draft.connect(index[entry], pieces)
    _initial_state(call, shape, direction, cell)
    full = (shape.steps // shape.batch, shape.batch, shape.hidden)
    token = placed(np.arange(shape.steps, dtype=np.int64), (0, 1), full)
    element = placed(np.arange(shape.hidden, dtype=np.int64), (2,), full)
    output = View(np.broadcast_to(np.int64(index[cell.output]), full), token, element)
    return output.mapped(lambda array: array[::-1]) if direction.backward else output


def _input(call: Call, rows: View) -> Feed:
    """What the gates read; copied into tokens of its own first where it is not one row of elements per step."""
    pieces = call.draft.feed(rows)
    if pieces.exact and pieces.taps == 1:
        return pieces
    return call.draft.feed(call.gathered(rows, "its elements come from several tokens"))


def _cell(call: Call, shape: CellShape, name: str) -> Recurrence:
    weights = tuple(dict.fromkeys(call.constant(1, "weight").names + call.constant(2, "recurrent weight").names))
    provenance = Provenance(call.node.label, weights, call.has(3))
    if call.node.kind == "LSTM":
        if call.node.integer("input_forget", 0):
            raise call.node.fault("couples its input and forget gates, which is not modelled", "Use separate gates.")
        return lstm(name, shape, peephole=call.has(7), provenance=provenance)
    if call.node.kind == "GRU":
        return gru(name, shape, reset_after=bool(call.node.integer("linear_before_reset", 0)), provenance=provenance)
    listed = call.node.texts("activations")
    activation = listed[0] if listed else "Tanh"
    if activation not in _RNN_ACTIVATIONS:
        raise call.node.fault(f"its activation {activation!r} is not modelled", "Use Tanh, Relu or Sigmoid.")
    return rnn(name, shape, activation=_RNN_ACTIVATIONS[activation], provenance=provenance)


def _initial_state(call: Call, shape: CellShape, direction: Direction, cell: Recurrence) -> None:
    """Join an initial state that another layer computes; one that is constant or given is free."""
    if not call.has(5) or isinstance(call.tensor(5), Constant):
        return
    state = call.view(5)
    if call.node.integer("layout", 0):
        state = state.mapped(lambda array: array.swapaxes(0, 1))
    pieces = call.draft.feed(state.mapped(lambda array: array[direction.place]))
    computed = tuple(piece for piece in pieces.pieces if not call.draft.is_source(piece.layer))
    if len(computed) < len(pieces.pieces):
        call.draft.note(f"{call.node.label!r}: the initial state given as an input of the network is not transferred")

    def at_start(piece: Piece, produced: int) -> Access:
        rest = (NOTHING,) * (shape.steps - shape.batch)
        return Table((*piece.first.tolist(), *rest), (*piece.last.tolist(), *rest))

    for name, place, port in cell.states:
        target = call.draft.index_of(name)
        call.draft.connect(target, Feed(computed, 1, True), port=port, access=at_start, start=place)


def _outputs(call: Call, states: list[View], batch_first: bool) -> tuple[Tensor, ...]:
    """Y, Y_h and, for an LSTM, Y_c, which leaves its cell together with the last output."""
    ends = [0 if direction.backward else -1 for direction in _directions(call)]
    sequence = merged(states, lambda parts: np.stack(parts, 1))
    last = merged(states, lambda parts: np.stack([part[end] for part, end in zip(parts, ends, strict=True)]))
    if batch_first:
        sequence = sequence.mapped(lambda array: array.transpose(2, 0, 1, 3))
        last = last.mapped(lambda array: array.swapaxes(0, 1))
    return (sequence, last, last)
