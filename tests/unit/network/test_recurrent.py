"""The recurrent cells' layers and edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.network import Digital, Layer, Matrix, Network, Previous, Same, Source, Table
from archsim.network.recurrent import CellShape, Provenance, Recurrence, backwards, fed, gru, lstm, lstm_layers, rnn

SHAPE = CellShape(steps=6, inputs=3, hidden=5)


def network(cell: Recurrence, shape: CellShape = SHAPE) -> Network:
    source = Layer("x", Source(), shape.steps, shape.inputs)
    return Network("cell", (source, *cell.layers), cell.edges + fed(cell, "x", shape.inputs))


sizes = st.integers(1, 40)


@given(sizes, sizes, sizes)
def test_weights_are_the_papers(inputs: int, hidden: int, projection: int) -> None:
    """LSTM 4h(i+h), with projection 4h(i+p) + hp; GRU 3h(i+h) in both forms; RNN h(i+h)."""
    shape = CellShape(2, inputs, hidden)
    assert network(lstm("l", shape), shape).weights == 4 * hidden * (inputs + hidden)
    projected = network(lstm("l", shape, projection=projection), shape)
    assert projected.weights == 4 * hidden * (inputs + projection) + hidden * projection
    for reset_after in (False, True):
        assert network(gru("g", shape, reset_after=reset_after), shape).weights == 3 * hidden * (inputs + hidden)
    assert network(rnn("r", shape), shape).weights == hidden * (inputs + hidden)


CELLS = [
    lstm("c", SHAPE),
    lstm("c", SHAPE, projection=4),
    gru("c", SHAPE, reset_after=True),
    gru("c", SHAPE, reset_after=False),
    rnn("c", SHAPE),
]


@pytest.mark.parametrize("cell", CELLS)
def test_every_matrix_input_is_fed_exactly_once(cell: Recurrence) -> None:
    """The ranges on which edges land cover each matrix's inputs without gap or overlap."""
    built = network(cell)
    for layer in built.matrices:
        assert isinstance(layer.operator, Matrix)
        landed = sorted((edge.target_start, edge.elements) for edge in built.inputs_of(layer.name))
        end = 0
        for start, elements in landed:
            assert start == end
            end = start + elements
        assert end == layer.operator.inputs


@pytest.mark.parametrize("cell", CELLS)
def test_cells_read_as_many_elements_as_they_contract(cell: Recurrence) -> None:
    built = network(cell)
    for layer in built.layers:
        if isinstance(layer.operator, Digital):
            read = sum(edge.elements for edge in built.inputs_of(layer.name) if edge.port == 0)
            assert read == layer.width * layer.operator.contract


@pytest.mark.parametrize("cell", CELLS)
def test_the_state_goes_back_from_the_output(cell: Recurrence) -> None:
    back = [edge for edge in cell.edges if isinstance(edge.access, Previous)]
    assert {edge.source for edge in back} == {cell.output}
    assert {(edge.target, edge.target_start, edge.port) for edge in back} == set(cell.states)


def test_interleaved_sequences_look_back_by_the_batch() -> None:
    cell = lstm("c", CellShape(12, 3, 5, batch=4))
    (back,) = [edge for edge in cell.edges if isinstance(edge.access, Previous)]
    assert back.access == Previous(4)


def test_backwards_reverses_each_sequence() -> None:
    assert backwards(4) == Table((3, 2, 1, 0), (3, 2, 1, 0))
    assert backwards(6, batch=2) == Table((4, 5, 2, 3, 0, 1), (4, 5, 2, 3, 0, 1))


def test_lstm_layers_are_fed_by_one_layer() -> None:
    layers, edges = lstm_layers("l", "x", SHAPE, projection=4, reverse=True)
    assert [layer.name for layer in layers] == ["l.gates", "l.cell", "l.projection"]
    assert next(edge for edge in edges if edge.source == "x").access == backwards(6)
    plain = lstm_layers("l", "x", SHAPE)[1]
    assert next(edge for edge in plain if edge.source == "x").access == Same()


def test_provenance_is_kept() -> None:
    layer = lstm("l", SHAPE, provenance=Provenance("node", ("W", "R"), bias=False)).layers[0]
    assert isinstance(layer.operator, Matrix)
    assert (layer.origin, layer.operator.weights.origin, layer.operator.bias) == ("node", ("W", "R"), False)
