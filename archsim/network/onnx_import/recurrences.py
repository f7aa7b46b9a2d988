"""LSTM, GRU and RNN nodes: one cell per direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archsim.network.access import NOTHING, Access, Table
from archsim.network.onnx_import.cell_activations import cell_activations
from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.feeds import Feed, Piece
from archsim.network.onnx_import.views import Constant, Tensor, View, merged, placed
from archsim.network.product import Activation, CellKind, Direction, ProductSpec, RecurrentCell
from archsim.network.recurrent import CellShape, Provenance, Recurrence, gru, lstm, rnn

_RNN_ACTIVATIONS = {"Tanh": "tanh", "Relu": "relu", "Sigmoid": "sigmoid"}


@dataclass(frozen=True, slots=True)
class Pass:
    """One direction of a recurrent node.

    Parameters
    ----------
    place : int
        Index on the node's axis of directions.
    name : str
        "forward" or "backward", "" where it is the only one.
    backward : bool
        Whether it reads the sequence from its end.
    activations : tuple of Activation
        Its functions.
    """

    place: int
    name: str
    backward: bool
    activations: tuple[Activation, ...]


def recurrence(call: Call) -> tuple[Tensor, ...]:
    """Layers and outputs (Y, Y_h, Y_c) of an LSTM, GRU or RNN node."""
    batch_first = bool(call.node.integer("layout", 0))
    view = call.view(0)
    passes = _passes(call)
    hidden = _checked_sizes(call, view.shape, len(passes))
    if batch_first:
        view = view.mapped(lambda array: array.swapaxes(0, 1))
    steps, batch, inputs = view.shape
    shape = CellShape(steps * batch, inputs, hidden, batch)
    if call.has(4):
        call.draft.note(f"{call.node.label!r}: sequence_lens is ignored; every sequence has its full length")
    cells = [_cell(call, shape, each) for each in passes]
    states = [_direction(call, view, shape, each, cell) for each, cell in zip(passes, cells, strict=True)]
    call.draft.products.append(_spec(call, hidden, passes, cells))
    return _outputs(passes, states, batch_first)


_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def _checked_sizes(call: Call, data: tuple[int, ...], directions: int) -> int:
    """Units of the cell, after a look at all shapes."""
    weight, state = call.constant(1, "weight").shape, call.constant(2, "recurrent weight").shape
    hidden = call.node.integer("hidden_size", 0) or (state[-1] if state else 0)
    gates = _GATES[call.node.kind] * hidden
    wanted = (directions, gates, data[-1] if data else 0), (directions, gates, hidden)
    if len(data) != 3 or (weight, state) != wanted:
        raise call.node.fault(
            f"has weights of shapes {weight} and {state} and {hidden} units in {directions} direction(s), which do not "
            f"fit data of shape {data}",
            "Data need three axes (steps, samples, elements); check hidden_size, direction and the input's shape.",
        )
    batch = data[0] if call.node.integer("layout", 0) else data[1]
    _check_state(call, (directions, batch, hidden))
    return hidden


def _check_state(call: Call, wanted: tuple[int, int, int]) -> None:
    """Whether the initial states are of as many samples as the data."""
    turned = (wanted[1], wanted[0], wanted[2]) if call.node.integer("layout", 0) else wanted
    for place in (5, 6):
        if call.has(place) and call.tensor(place).shape != turned:
            raise call.node.fault(
                f"its initial state (input {place}) has the shape {call.tensor(place).shape}, where data of "
                f"{wanted[1]} sample(s) need {turned}",
                "Give the network's input as many samples as the state (--shape), or export the model without it.",
            )


def _spec(call: Call, hidden: int, passes: Sequence[Pass], cells: Sequence[Recurrence]) -> ProductSpec:
    """What the node computes."""
    directions = tuple(
        Direction(each.backward, each.activations, cell.matrices) for each, cell in zip(passes, cells, strict=True)
    )
    clip = call.node.attribute("clip")
    form = RecurrentCell(
        CellKind(call.node.kind),
        hidden,
        directions,
        batch_first=bool(call.node.integer("layout", 0)),
        reset_after=call.node.kind == "GRU" and bool(call.node.integer("linear_before_reset", 0)),
        clip=None if clip is None else call.node.number("clip", 0.0),
        lengths=call.name(4),
        state=call.name(5),
        cell_state=call.name(6) if call.node.kind == "LSTM" else "",
        peephole=call.name(7) if call.node.kind == "LSTM" else "",
    )
    return ProductSpec(
        call.node.label,
        call.node.outputs,
        tuple(name for cell in cells for name in cell.matrices),
        call.name(0),
        call.view(0).shape,
        (call.name(1), call.name(2)),
        form,
        bias=call.name(3),
    )


def _passes(call: Call) -> tuple[Pass, ...]:
    text = call.node.text("direction", "forward")
    if text not in ("forward", "reverse", "bidirectional"):
        raise call.node.fault(f"its direction {text!r} is unknown", "Use forward, reverse or bidirectional.")
    named = (("forward", False), ("backward", True)) if text == "bidirectional" else (("", text == "reverse"),)
    functions = cell_activations(call.node, CellKind(call.node.kind), len(named))
    return tuple(Pass(place, name, backward, functions[place]) for place, (name, backward) in enumerate(named))


def _direction(call: Call, view: View, shape: CellShape, direction: Pass, cell: Recurrence) -> View:
    """One cell; its output in the order of the sequence, shape ``(steps, batch, hidden)``."""
    ordered = view.mapped(lambda array: array[::-1]) if direction.backward else view
    index = {layer.name: call.draft.adopt(layer) for layer in cell.layers}
    call.draft.edges.extend(cell.edges)
    pieces = _input(call, ordered.mapped(lambda array: array.reshape(shape.steps, shape.inputs)))
    for entry in cell.entries:
        call.draft.connect(index[entry], pieces)
    _initial_states(call, shape, direction, cell)
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


def _cell(call: Call, shape: CellShape, direction: Pass) -> Recurrence:
    name = call.draft.prefix(f"{call.node.label}.{direction.name}" if direction.name else call.node.label)
    weights = tuple(dict.fromkeys(call.constant(1, "weight").names + call.constant(2, "recurrent weight").names))
    provenance = Provenance(call.node.label, weights, call.has(3))
    if call.node.kind == "LSTM":
        if call.node.integer("input_forget", 0):
            raise call.node.fault("couples its input and forget gates, which is not modelled", "Use separate gates.")
        return lstm(name, shape, peephole=call.has(7), provenance=provenance)
    if call.node.kind == "GRU":
        return gru(name, shape, reset_after=bool(call.node.integer("linear_before_reset", 0)), provenance=provenance)
    activation = direction.activations[0].kind
    if activation not in _RNN_ACTIVATIONS:
        raise call.node.fault(f"its activation {activation!r} is not modelled", "Use Tanh, Relu or Sigmoid.")
    return rnn(name, shape, activation=_RNN_ACTIVATIONS[activation], provenance=provenance)


def _initial_states(call: Call, shape: CellShape, direction: Pass, cell: Recurrence) -> None:
    """Join the states that the network computes or is given; constant ones are free."""
    _join(call, shape, direction, 5, cell.states)
    if call.node.kind == "LSTM":
        _join(call, shape, direction, 6, ((cell.output, 0, 1),))


def _join(call: Call, shape: CellShape, direction: Pass, place: int, readers: Sequence[tuple[str, int, int]]) -> None:
    """Lead an initial state to the layers that read it, each at a place of a port, for the first step of a sequence."""
    if not call.has(place) or isinstance(call.tensor(place), Constant):
        return
    state = call.view(place)
    if call.node.integer("layout", 0):
        state = state.mapped(lambda array: array.swapaxes(0, 1))
    pieces = call.draft.feed(state.mapped(lambda array: array[direction.place]))

    def at_start(piece: Piece, produced: int) -> Access:
        rest = np.full(shape.steps - shape.batch, NOTHING)
        return Table(np.append(piece.first, rest), np.append(piece.last, rest))

    for name, start, port in readers:
        call.draft.connect(call.draft.index_of(name), pieces, port=port, access=at_start, start=start)


def _outputs(passes: Sequence[Pass], states: list[View], batch_first: bool) -> tuple[Tensor, ...]:
    """Y, Y_h and, for an LSTM, Y_c, which leaves its cell together with the last output."""
    ends = [0 if direction.backward else -1 for direction in passes]
    sequence = merged(states, lambda parts: np.stack(parts, 1))
    last = merged(states, lambda parts: np.stack([part[end] for part, end in zip(parts, ends, strict=True)]))
    if batch_first:
        sequence = sequence.mapped(lambda array: array.transpose(2, 0, 1, 3))
        last = last.mapped(lambda array: array.swapaxes(0, 1))
    return (sequence, last, last)
