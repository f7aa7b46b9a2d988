"""Recurrent cells as layers: the gates' matrices, the cell's digital update, and the edges back.

Token n of every layer here is step n of the sequence. The state of step n - 1 comes back through access ``Previous``;
when a batch of sequences is interleaved step by step, the distance is the batch. The cell state of an LSTM stays
inside its cell layer, which runs its tokens in order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from archsim.network.access import Access, Previous, Same, Table
from archsim.network.graph import Edge, Layer
from archsim.network.operators import Counts, Digital, Matrix, Weights
from archsim.network.work import gru_cell_work, gru_reset_work, lstm_cell_work, rnn_cell_work


@dataclass(frozen=True, slots=True)
class CellShape:
    """Sizes of a recurrent layer.

    Parameters
    ----------
    steps : int
        Steps of the sequence (times the batch, when sequences are interleaved).
    inputs, hidden : int
        Elements of the input vector and units of the cell.
    batch : int
        Sequences interleaved step by step; the state comes from ``batch`` tokens back.
    """

    steps: int
    inputs: int
    hidden: int
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a cell's weights are from: the node, the initializers, and whether there is a bias."""

    origin: str = ""
    weight: tuple[str, ...] = ()
    bias: bool = True


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A recurrent cell, to be joined to what feeds it.

    Parameters
    ----------
    layers, edges : tuple
        The cell's own, without the edges of its input.
    entries : tuple of str
        Layers that read the input vector, from element 0 of their own.
    states : tuple of (str, int, int)
        Layers that read the previous output, with the place and the port where it lands; an initial state joins there.
    output : str
        The layer whose tokens are the steps' outputs.
    """

    layers: tuple[Layer, ...]
    edges: tuple[Edge, ...]
    entries: tuple[str, ...]
    states: tuple[tuple[str, int, int], ...]
    output: str

    @property
    def matrices(self) -> tuple[str, ...]:
        """Names of the layers that hold its weights."""
        return tuple(layer.name for layer in self.layers if isinstance(layer.operator, Matrix))


def lstm(
    name: str,
    shape: CellShape,
    *,
    peephole: bool = False,
    projection: int = 0,
    provenance: Provenance = Provenance(),
) -> Recurrence:
    """An LSTM: ``NAME.gates`` (four columns per unit, interleaved), ``NAME.cell`` and perhaps ``NAME.projection``.

    Parameters
    ----------
    name : str
        Prefix of the layers' names.
    shape : CellShape
        Its sizes.
    peephole : bool
        Whether the gates see the cell state.
    projection : int
        Elements of the projected output that goes back to the gates; 0 for none.
    provenance : Provenance
        Where the weights are from.
    """
    state = projection or shape.hidden
    gates = _matrix(f"{name}.gates", shape, shape.inputs + state, 4 * shape.hidden, provenance)
    update = Digital("lstm-cell", lstm_cell_work(shape.hidden, peephole=peephole), contract=4)
    cell = Layer(f"{name}.cell", update, shape.steps, shape.hidden, origin=provenance.origin)
    layers = [gates, cell]
    edges = [_whole_width(gates, cell)]
    if projection:
        layers.append(_matrix(f"{name}.projection", shape, shape.hidden, projection, replace(provenance, bias=False)))
        edges.append(_whole_width(cell, layers[-1]))
    return _closed(layers, edges, shape, (gates.name,), ((gates.name, shape.inputs, 0),))


def gru(name: str, shape: CellShape, *, reset_after: bool, provenance: Provenance = Provenance()) -> Recurrence:
    """A GRU whose reset gate acts on the state before its product (the paper), or on the product (cuDNN, PyTorch).

    Before: ``NAME.gates`` (z columns, then r columns), ``NAME.reset`` (r times the old state), ``NAME.candidate`` (n)
    and ``NAME.cell``; two matrix products follow each other in every step. After: ``NAME.gates`` (z and r interleaved
    by unit), ``NAME.candidate-input``, ``NAME.candidate-state`` and ``NAME.cell``. Either way 3 x hidden x (inputs +
    hidden) weights.

    Parameters
    ----------
    name : str
        Prefix of the layers' names.
    shape : CellShape
        Its sizes.
    reset_after : bool
        ONNX's ``linear_before_reset``.
    provenance : Provenance
        Where the weights are from.
    """
    return (_gru_reset_after if reset_after else _gru_reset_before)(name, shape, provenance)


def rnn(name: str, shape: CellShape, *, activation: str = "tanh", provenance: Provenance = Provenance()) -> Recurrence:
    """A plain recurrent cell: ``NAME.gates`` and ``NAME.cell`` with the activation ("tanh", "relu", ...)."""
    gates = _matrix(f"{name}.gates", shape, shape.inputs + shape.hidden, shape.hidden, provenance)
    cell = _digital(f"{name}.cell", "rnn-cell", rnn_cell_work(shape.hidden, activation), shape, provenance)
    edges = [_whole_width(gates, cell)]
    return _closed([gates, cell], edges, shape, (gates.name,), ((gates.name, shape.inputs, 0),))


def backwards(steps: int, batch: int = 1) -> Table:
    """Access of a backward cell to its input: step n reads step ``steps`` / ``batch`` - 1 - n of its sequence."""
    length = steps // batch
    order = tuple((length - 1 - step) * batch + sequence for step in range(length) for sequence in range(batch))
    return Table(order, order)


def fed(cell: Recurrence, source: str, elements: int, access: Access | None = None) -> tuple[Edge, ...]:
    """The edges that bring a whole token of ``source`` to the cell's entries; token by token unless said otherwise."""
    return tuple(Edge(source, entry, access or Same(), elements) for entry in cell.entries)


def lstm_layers(
    name: str,
    source: str,
    shape: CellShape,
    *,
    peephole: bool = False,
    projection: int = 0,
    reverse: bool = False,
) -> tuple[tuple[Layer, ...], tuple[Edge, ...]]:
    """Layers and edges of an LSTM fed by one layer.

    Its output is ``NAME.projection`` where there is one, else ``NAME.cell``.

    Parameters
    ----------
    name, source : str
        Prefix of the layers' names, and the layer that makes the input vectors.
    shape : CellShape
        Its sizes.
    peephole : bool
        Whether the gates see the cell state.
    projection : int
        Elements of the projected output; 0 for none.
    reverse : bool
        Whether the sequence is read from its end; token n of the output is then step ``steps`` - 1 - n.
    """
    cell = lstm(name, shape, peephole=peephole, projection=projection)
    access = backwards(shape.steps, shape.batch) if reverse else Same()
    return cell.layers, cell.edges + fed(cell, source, shape.inputs, access)


def _gru_reset_before(name: str, shape: CellShape, provenance: Provenance) -> Recurrence:
    hidden, rows = shape.hidden, shape.inputs + shape.hidden
    gates = _matrix(f"{name}.gates", shape, rows, 2 * hidden, provenance)
    reset = _digital(f"{name}.reset", "gru-reset", gru_reset_work(hidden), shape, provenance)
    candidate = _matrix(f"{name}.candidate", shape, rows, hidden, provenance)
    cell = _digital(f"{name}.cell", "gru-cell", gru_cell_work(hidden), shape, provenance)
    edges = [
        Edge(gates.name, reset.name, Same(), hidden, source_start=hidden),
        Edge(reset.name, candidate.name, Same(), hidden, target_start=shape.inputs),
        Edge(gates.name, cell.name, Same(), hidden),
        Edge(candidate.name, cell.name, Same(), hidden, port=1),
    ]
    states = ((gates.name, shape.inputs, 0), (reset.name, 0, 1), (cell.name, 0, 2))
    return _closed([gates, reset, candidate, cell], edges, shape, (gates.name, candidate.name), states)


def _gru_reset_after(name: str, shape: CellShape, provenance: Provenance) -> Recurrence:
    hidden = shape.hidden
    gates = _matrix(f"{name}.gates", shape, shape.inputs + hidden, 2 * hidden, provenance)
    of_input = _matrix(f"{name}.candidate-input", shape, shape.inputs, hidden, provenance)
    of_state = _matrix(f"{name}.candidate-state", shape, hidden, hidden, provenance)
    update = Digital("gru-cell", gru_cell_work(hidden, reset_after=True), contract=2)
    cell = Layer(f"{name}.cell", update, shape.steps, hidden, origin=provenance.origin)
    edges = [
        _whole_width(gates, cell),
        Edge(of_input.name, cell.name, Same(), hidden, port=1),
        Edge(of_state.name, cell.name, Same(), hidden, port=2),
    ]
    states = ((gates.name, shape.inputs, 0), (of_state.name, 0, 0), (cell.name, 0, 3))
    return _closed([gates, of_input, of_state, cell], edges, shape, (gates.name, of_input.name), states)


def _closed(
    layers: list[Layer],
    edges: list[Edge],
    shape: CellShape,
    entries: tuple[str, ...],
    states: tuple[tuple[str, int, int], ...],
) -> Recurrence:
    """The cell with its last layer's output led back to everything that reads the state."""
    output = layers[-1]
    back = [
        Edge(output.name, name, Previous(shape.batch), output.width, port=port, target_start=place)
        for name, place, port in states
    ]
    return Recurrence(tuple(layers), tuple(edges + back), entries, states, output.name)


def _matrix(name: str, shape: CellShape, rows: int, columns: int, provenance: Provenance) -> Layer:
    operator = Matrix(Weights(rows, columns, origin=provenance.weight), bias=provenance.bias)
    return Layer(name, operator, shape.steps, columns, origin=provenance.origin)


def _digital(name: str, kind: str, work: Counts, shape: CellShape, provenance: Provenance) -> Layer:
    return Layer(name, Digital(kind, work), shape.steps, shape.hidden, origin=provenance.origin)


def _whole_width(source: Layer, target: Layer) -> Edge:
    return Edge(source.name, target.name, Same(), source.width)
