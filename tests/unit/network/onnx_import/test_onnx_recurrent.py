"""LSTM, GRU and RNN nodes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from dependencies import Trial
from onnx_exports import Export

from archsim.errors import InputError
from archsim.network import NOTHING, Digital, Matrix, Network, Previous, Primitive, Same, Table, Weights

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
INPUTS, HIDDEN = 3, 4


def cell(
    export: Export, kind: str, x: str, *, directions: int = 1, peephole: bool = False, **attributes: int | str
) -> list[str]:
    """A recurrent node with random weights; its outputs Y and Y_h."""
    gates = GATES[kind] * HIDDEN
    w, r = export.weight(directions, gates, INPUTS), export.weight(directions, gates, HIDDEN)
    b = export.weight(directions, 2 * gates)
    extra = ["", "", "", export.weight(directions, 3 * HIDDEN)] if peephole else []
    text = {1: "forward", 2: "bidirectional"}[directions]
    attributes.setdefault("direction", text)
    return export.ops(kind, x, w, r, b, *extra, outputs=2, hidden_size=HIDDEN, **attributes)


def recurrent_edges(network: Network) -> list[tuple[str, str, int]]:
    return [
        (edge.source, edge.target, edge.target_start) for edge in network.edges if isinstance(edge.access, Previous)
    ]


def test_lstm_is_one_matrix_and_one_cell(tmp_path: Path) -> None:
    export = Export()
    export.output(cell(export, "LSTM", export.input("x", [7, 1, INPUTS]))[0])
    network = export.network(tmp_path)
    gates, update = network.by_name["/LSTM_0.gates"], network.by_name["/LSTM_0.cell"]
    assert gates.operator == Matrix(Weights(INPUTS + HIDDEN, 4 * HIDDEN, origin=("c0", "c1")), bias=True)
    assert (gates.tokens, update.tokens, update.width) == (7, 7, HIDDEN)
    assert isinstance(update.operator, Digital)
    assert update.operator.contract == 4
    assert dict(update.operator.work) == {
        Primitive.LOOKUP: 5 * HIDDEN,
        Primitive.MULTIPLY: 3 * HIDDEN,
        Primitive.ADD: HIDDEN,
    }
    assert recurrent_edges(network) == [(update.name, gates.name, INPUTS)]
    assert network.macs == 7 * 4 * HIDDEN * (INPUTS + HIDDEN)


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [("LSTM", {}), ("GRU", {}), ("GRU", {"linear_before_reset": 1}), ("RNN", {})],
)
@pytest.mark.parametrize("directions", [1, 2])
def test_macs_are_those_of_the_weights(kind: str, attributes: dict[str, int], directions: int, tmp_path: Path) -> None:
    """Every weight is used once a step."""
    export = Export()
    export.output(cell(export, kind, export.input("x", [5, 1, INPUTS]), directions=directions, **attributes)[0])
    network = export.network(tmp_path)
    assert network.weights == directions * GATES[kind] * HIDDEN * (INPUTS + HIDDEN)
    assert network.macs == 5 * network.weights


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("output", [0, 1])
@pytest.mark.parametrize("batch", [1, 2])
def test_dependencies_are_exact(kind: str, direction: str, output: int, batch: int) -> None:
    """What a run shows is what the edges say, step for step, in every direction."""
    export = Export()
    directions = 2 if direction == "bidirectional" else 1
    x = export.input("x", [4, batch, INPUTS])
    export.output(cell(export, kind, x, directions=directions, direction=direction)[output])
    trial = Trial(export.model())
    seen, said = trial.seen_by_running(), trial.said()
    assert not (seen & ~said).any()
    if directions == 1 or output == 0:
        assert (seen == said).all()


def test_gru_reset_before_the_product_takes_two_products_in_a_row(tmp_path: Path) -> None:
    export = Export()
    export.output(cell(export, "GRU", export.input("x", [5, 1, INPUTS]))[0])
    network = export.network(tmp_path)
    path = ["/GRU_0.gates", "/GRU_0.reset", "/GRU_0.candidate", "/GRU_0.cell"]
    for source, target in pairwise(path):
        assert any(edge.target == target for edge in network.outputs_of(source))
    assert len(recurrent_edges(network)) == 3


def test_gru_reset_after_the_product(tmp_path: Path) -> None:
    export = Export()
    export.output(cell(export, "GRU", export.input("x", [5, 1, INPUTS]), linear_before_reset=1)[0])
    network = export.network(tmp_path)
    assert {layer.name for layer in network.matrices} == {
        "/GRU_0.gates",
        "/GRU_0.candidate-input",
        "/GRU_0.candidate-state",
    }


def test_backward_cell_reads_from_the_end(tmp_path: Path) -> None:
    export = Export()
    export.output(cell(export, "LSTM", export.input("x", [4, 1, INPUTS]), directions=2)[0])
    network = export.network(tmp_path)
    forward, backward = (
        next(edge for edge in network.inputs_of(f"/LSTM_0.{way}.gates") if edge.source == "x")
        for way in ("forward", "backward")
    )
    assert forward.access == Same()
    assert backward.access == Table((3, 2, 1, 0), (3, 2, 1, 0))


def test_bidirectional_output_is_joined_by_width(tmp_path: Path) -> None:
    """PyTorch's Transpose and Reshape of Y: the next layer reads both cells, the backward one from its end."""
    export = Export()
    y = cell(export, "LSTM", export.input("x", [4, 1, INPUTS]), directions=2)[0]
    turned = export.op("Transpose", y, perm=[0, 2, 1, 3])
    flat = export.op("Reshape", turned, export.constant(np.array([0, 0, -1])))
    export.output(export.linear(flat, 2 * HIDDEN, 5))
    network = export.network(tmp_path)
    forward, backward = network.inputs_of(network.matrices[-1].name)
    assert (forward.access, forward.target_start) == (Same(), 0)
    assert (backward.access, backward.target_start) == (Table((3, 2, 1, 0), (3, 2, 1, 0)), HIDDEN)


def test_stacked_unidirectional_export(tmp_path: Path) -> None:
    """Batch-first PyTorch: Transpose, LSTM, Squeeze, LSTM, Squeeze, Transpose, Linear on the last step."""
    export = Export(opset=13)
    x = export.op("Transpose", export.input("x", [1, 6, INPUTS]), perm=[1, 0, 2])
    first = export.op("Squeeze", cell(export, "LSTM", x)[0], export.constant(np.array([1])))
    weights = [export.weight(1, 4 * HIDDEN, HIDDEN), export.weight(1, 4 * HIDDEN, HIDDEN)]
    second = export.ops("LSTM", first, *weights, outputs=1, hidden_size=HIDDEN)[0]
    turned = export.op("Transpose", export.op("Squeeze", second, export.constant(np.array([1]))), perm=[1, 0, 2])
    last = export.op("Gather", turned, export.constant(np.int64(-1)), axis=1)
    export.output(export.op("Gemm", last, export.weight(HIDDEN, 5)))
    network = export.network(tmp_path)
    (edge,) = network.inputs_of(network.matrices[-1].name)
    assert edge.access == Table((5,), (5,))
    assert network.macs == 6 * 16 * (INPUTS + 2 * HIDDEN + HIDDEN) + HIDDEN * 5
    assert network.by_name["x"].tokens == 6


def test_peepholes_cost_three_macs_per_unit(tmp_path: Path) -> None:
    export = Export()
    export.output(cell(export, "LSTM", export.input("x", [4, 1, INPUTS]), peephole=True)[0])
    network = export.network(tmp_path)
    update = network.by_name["/LSTM_0.cell"].operator
    assert isinstance(update, Digital)
    assert dict(update.work)[Primitive.MAC] == 3 * HIDDEN
    assert network.macs == 4 * 4 * HIDDEN * (INPUTS + HIDDEN)


def test_batch_is_interleaved(tmp_path: Path) -> None:
    export = Export()
    export.output(cell(export, "LSTM", export.input("x", [4, 3, INPUTS]))[0])
    network = export.network(tmp_path)
    (back,) = [edge for edge in network.edges if isinstance(edge.access, Previous)]
    assert back.access == Previous(3)
    assert network.by_name["/LSTM_0.cell"].tokens == 12


def test_initial_state_of_a_decoder_comes_from_the_encoder(tmp_path: Path) -> None:
    export = Export()
    state = cell(export, "GRU", export.input("x", [4, 1, INPUTS]))[1]
    w, r = export.weight(1, 3 * HIDDEN, INPUTS), export.weight(1, 3 * HIDDEN, HIDDEN)
    export.output(
        export.ops("GRU", export.input("z", [3, 1, INPUTS]), w, r, "", "", state, outputs=1, hidden_size=HIDDEN)[0]
    )
    network = export.network(tmp_path)
    first = [edge for edge in network.edges if edge.source == "/GRU_0.cell" and edge.target.startswith("/GRU_1")]
    assert {edge.target for edge in first} == {"/GRU_1.gates", "/GRU_1.reset", "/GRU_1.cell"}
    assert all(edge.access == Table((3, NOTHING, NOTHING), (3, NOTHING, NOTHING)) for edge in first)


def test_initial_states_that_are_given_arrive_with_the_first_step(tmp_path: Path) -> None:
    """The output's state goes to the gates, the cell state to the cell; nothing is said to have no influence."""
    export = Export()
    x = export.input("x", [4, 2, INPUTS])
    h, c = (export.input(name, [1, 2, HIDDEN]) for name in ("h", "c"))
    w, r = export.weight(1, 4 * HIDDEN, INPUTS), export.weight(1, 4 * HIDDEN, HIDDEN)
    export.output(export.ops("LSTM", x, w, r, "", "", h, c, outputs=1, hidden_size=HIDDEN)[0])
    network = export.network(tmp_path)
    start = Table([0, 1, *(NOTHING,) * 6], [0, 1, *(NOTHING,) * 6])
    assert {(edge.source, edge.target, edge.access) for edge in network.edges if edge.source in ("h", "c")} == {
        ("h", "/LSTM_0.gates", start),
        ("c", "/LSTM_0.cell", start),
    }
    assert not [note for note in network.notes if "influence" in note or "state" in note]


def test_a_step_waits_for_the_state_that_is_given(tmp_path: Path) -> None:
    """Running tells that every output depends on it, as the edges say."""
    export = Export()
    h = export.input("h", [1, 1, HIDDEN])
    x, (w, r) = export.weight(4, 1, INPUTS), (export.weight(1, HIDDEN, INPUTS), export.weight(1, HIDDEN, HIDDEN))
    given = export.op("Add", export.op("Mul", export.op("ReduceMean", h, keepdims=1), export.constant(0.0)), x)
    export.output(export.ops("RNN", given, w, r, "", "", h, outputs=1, hidden_size=HIDDEN)[0])
    trial = Trial(export.model())
    assert trial.seen_by_running().all() and trial.said().all()


def test_cells_of_nodes_with_one_name_are_told_apart(tmp_path: Path) -> None:
    export = Export()
    x = export.input("x", [4, 1, INPUTS])
    weights = export.weight(1, INPUTS, INPUTS), export.weight(1, INPUTS, INPUTS)
    for _ in range(2):
        made = export.op("RNN", x, *weights, hidden_size=INPUTS)
        x = export.op("Squeeze", made, export.constant(np.array([1])))
    export.output(x)
    for node in export.nodes:
        node.name = "same"
    assert {"same.gates", "same.2.gates"} <= set(export.network(tmp_path).by_name)


def test_batch_first_layout() -> None:
    """Attribute layout = 1: the sequence is the second axis."""
    export = Export()
    weights = [export.weight(1, HIDDEN, INPUTS), export.weight(1, HIDDEN, HIDDEN)]
    x = export.input("x", [2, 5, INPUTS])
    export.output(export.ops("RNN", x, *weights, outputs=1, hidden_size=HIDDEN, layout=1)[0])
    from archsim.network.onnx_import.reader import executed

    run = executed(export.model(), {})
    assert run.tensors[export.outputs[0].name].shape == (2, 5, 1, HIDDEN)


@pytest.mark.parametrize(
    ("kind", "attributes", "word"),
    [("LSTM", {"input_forget": 1}, "forget"), ("RNN", {"activations": ["Affine"]}, "Affine")],
)
def test_what_is_not_modelled_is_refused(kind: str, attributes: dict, word: str, tmp_path: Path) -> None:
    export = Export()
    export.output(cell(export, kind, export.input("x", [4, 1, INPUTS]), **attributes)[0])
    with pytest.raises(InputError, match=word):
        export.network(tmp_path)
