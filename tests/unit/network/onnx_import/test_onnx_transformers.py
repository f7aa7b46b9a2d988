"""Transformers as PyTorch exports them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from dependencies import Trial
from onnx import TensorProto
from onnx_exports import Export, encoder

from archsim.errors import InputError
from archsim.network import Digital, Edge, Layer, Matrix, Network, Primitive, Same, Source, Table, Whole, layer_macs
from archsim.network.onnx_import import read_onnx


def kinds(network: Network) -> list[str]:
    """Digital kinds in order, matrices as "matrix"."""
    return [
        layer.operator.kind if isinstance(layer.operator, Digital) else type(layer.operator).__name__.lower()
        for layer in network.order
    ]


def words(text: str) -> list[str]:
    return sorted(text.split())


def only(network: Network, kind: str) -> Layer:
    (found,) = [
        layer for layer in network.layers if isinstance(layer.operator, Digital) and layer.operator.kind == kind
    ]
    return found


def port(network: Network, layer: Layer, number: int) -> Edge:
    (found,) = [edge for edge in network.inputs_of(layer.name) if edge.port == number]
    return found


def encoder_macs(layers: int, tokens: int, width: int, hidden: int) -> int:
    """Four projections, two attention products and two feed-forward products per block."""
    return layers * (tokens * (4 * width**2 + 2 * width * hidden) + 2 * tokens**2 * width)


def test_encoder_block_becomes_its_textbook_layers(tmp_path: Path) -> None:
    network = encoder(1, tokens=16, heads=2, depth=4, hidden=16).network(tmp_path)
    assert sorted(kinds(network)) == words(
        "source matrix matrix matrix matrix matrix matrix scores mul softmax context add layer-norm gelu add "
        "layer-norm sink"
    )
    assert all(layer.operator.bias for layer in network.matrices if isinstance(layer.operator, Matrix))
    assert network.macs == encoder_macs(1, 16, 8, 16)


def test_bert_base_at_512_tokens(tmp_path: Path) -> None:
    """110 M parameters, of which 85 M in the blocks; 48.3 G multiply-accumulates."""
    export = encoder(1, tokens=512, heads=12, depth=64, hidden=3072)
    network = export.network(tmp_path)
    assert network.macs == encoder_macs(1, 512, 768, 3072)
    assert 12 * network.weights == 84_934_656


def test_attention_products_count_keys(tmp_path: Path) -> None:
    network = encoder(1, tokens=16, heads=2, depth=4, hidden=16).network(tmp_path)
    for kind in ("scores", "context"):
        layer = only(network, kind)
        assert isinstance(layer.operator, Digital)
        assert layer.operator.work_per_key == ((Primitive.MAC, 8),)
        assert layer.operator.keys_port == 1
        assert layer.operator.heads == 2
        assert port(network, layer, 0).access == Same()
        assert port(network, layer, 1).access == Whole()
        assert layer_macs(network, layer) == 16 * 16 * 8
    softmax = only(network, "softmax")
    assert (softmax.width, softmax.operator.heads) == (2 * 16, 2)
    assert only(network, "gelu").operator.heads == 1


def test_encoder_dependencies_agree_with_a_run() -> None:
    """Attention is global: every token changes every other, and the edges say so."""
    trial = Trial(encoder(1, tokens=6, heads=2, depth=4, hidden=16).model())
    assert trial.seen_by_running().all()
    assert trial.said().all()


def gpt2(tokens: int, heads: int, depth: int) -> Export:
    """One pre-norm block with a fused QKV product, a causal mask, Conv1D as Gemm, and learned embeddings."""
    export = Export(opset=13)
    width = heads * depth
    ids = export.input("ids", [1, tokens], TensorProto.INT64)
    positions = export.array(np.zeros((1, tokens, width)))
    x = export.op("Add", export.op("Gather", export.weight(50, width), ids, axis=0), positions)
    normal = export.layer_norm(x, width)
    flat = export.op("Reshape", normal, export.constant(np.array([-1, width])))
    fused = export.op("Gemm", flat, export.weight(width, 3 * width), export.array(np.zeros(3 * width)))
    fused = export.op("Reshape", fused, export.constant(np.array([1, tokens, 3 * width])))
    q, k, v = export.ops("Split", fused, export.constant(np.array([width] * 3)), outputs=3, axis=2)
    mask = export.array(np.tril(np.ones((1, 1, tokens, tokens), bool)))
    attended = export.attention(q, k, v, heads, depth, mask)
    x = export.op("Add", export.linear(attended, width, width), x)
    fed = export.linear(
        export.gelu_tanh(export.linear(export.layer_norm(x, width), width, 4 * width)), 4 * width, width
    )
    head = export.op("MatMul", export.op("Add", fed, x), export.weight(width, 50))
    export.output(head)
    return export


def test_gpt2_block(tmp_path: Path) -> None:
    network = gpt2(tokens=8, heads=2, depth=4).network(tmp_path)
    assert sorted(kinds(network)) == words(
        "source embedding add layer-norm matrix scores mul where softmax context matrix add layer-norm matrix gelu "
        "matrix add matrix sink"
    )
    assert network.macs == 8 * (12 * 8 * 8 + 50 * 8) + 2 * 8 * 8 * 8


def test_split_of_a_fused_product_is_a_range_of_elements(tmp_path: Path) -> None:
    network = gpt2(tokens=8, heads=2, depth=4).network(tmp_path)
    scores, context = only(network, "scores"), only(network, "context")
    starts = [port(network, scores, 0), port(network, scores, 1), port(network, context, 1)]
    assert [(edge.source_start, edge.elements) for edge in starts] == [(0, 8), (8, 8), (16, 8)]
    assert len({edge.source for edge in starts}) == 1


def test_embedding_is_a_table(tmp_path: Path) -> None:
    network = gpt2(tokens=8, heads=2, depth=4).network(tmp_path)
    embedding = only(network, "embedding")
    assert isinstance(embedding.operator, Digital)
    assert (embedding.operator.table, embedding.tokens, embedding.width) == (50 * 8, 8, 8)
    assert isinstance(network.by_name["ids"].operator, Source)
    assert (network.by_name["ids"].tokens, network.by_name["ids"].width) == (8, 1)


def test_attention_mask_input(tmp_path: Path) -> None:
    """A padding mask of the keys reaches every query as a whole."""
    export = Export(opset=13)
    x = export.input("x", [1, 6, 8])
    mask = export.input("attention_mask", [1, 6], TensorProto.INT64)
    wide = export.op("Unsqueeze", mask, export.constant(np.array([1, 2])))
    number = export.op("Cast", wide, to=TensorProto.FLOAT)
    bias = export.op("Mul", export.op("Sub", export.constant(1.0), number), export.constant(-10000.0))
    q, k = (export.heads(export.linear(x, 8, 8), 2, 4, order) for order in ([0, 2, 1, 3], [0, 2, 3, 1]))
    export.output(export.op("Softmax", export.op("Add", export.op("MatMul", q, k), bias), axis=-1))
    network = export.network(tmp_path)
    masked = only(network, "add")
    assert (masked.tokens, masked.width) == (6, 2 * 6)
    assert port(network, masked, 0).access == Same()
    assert port(network, masked, 1).access == Whole()
    assert network.by_name[port(network, masked, 1).source].width == 1


def test_vision_transformer_front_end(tmp_path: Path) -> None:
    """Patches by convolution, a class token in front: token 0 reads no patch, token n reads patch n - 1."""
    export = Export(opset=14)
    x = export.input("x", [1, 3, 8, 8])
    patches = export.op("Conv", x, export.weight(6, 3, 4, 4), strides=[4, 4])
    flat = export.op("Reshape", patches, export.constant(np.array([1, 6, -1])))
    tokens = export.op("Transpose", flat, perm=[0, 2, 1])
    joined = export.op("Concat", export.weight(1, 1, 6), tokens, axis=1)
    export.output(export.op("MatMul", joined, export.weight(6, 5)))
    network = export.network(tmp_path)
    projection = network.matrices[-1]
    (edge,) = network.inputs_of(projection.name)
    assert projection.tokens == 5
    assert edge.access == Table((-1, 0, 1, 2, 3), (-1, 0, 1, 2, 3))
    assert network.matrices[0].tokens == 4
    assert network.macs == 4 * 48 * 6 + 5 * 6 * 5


def test_batch_of_sequences_attends_within_itself(tmp_path: Path) -> None:
    """Tokens of a batch read the keys of their own sequence only."""
    export = Export()
    x = export.input("x", [2, 3, 4])
    keys = export.op("Transpose", export.linear(x, 4, 4), perm=[0, 2, 1])
    export.output(export.op("MatMul", export.linear(x, 4, 4), keys))
    network = export.network(tmp_path)
    scores = only(network, "scores")
    assert port(network, scores, 1).access == Table((0, 0, 0, 3, 3, 3), (2, 2, 2, 5, 5, 5))
    assert layer_macs(network, scores) == 2 * 3 * 3 * 4


def test_grouped_queries_share_keys(tmp_path: Path) -> None:
    """Keys repeated for several heads (Expand) are still one stream; the products are all counted."""
    export = Export(opset=14)
    x = export.input("x", [1, 5, 8])
    q = export.heads(export.linear(x, 8, 8), 4, 2, [0, 2, 1, 3])
    k = export.heads(export.linear(x, 8, 4), 2, 2, [0, 2, 3, 1])
    wide = export.op("Expand", export.op("Unsqueeze", k, export.constant(np.array([2]))), export.array([1, 2, 2, 2, 5]))
    repeated = export.op("Reshape", wide, export.constant(np.array([1, 4, 2, 5])))
    export.output(export.op("MatMul", q, repeated))
    network = export.network(tmp_path)
    scores = only(network, "scores")
    assert layer_macs(network, scores) == 5 * 5 * 4 * 2
    assert port(network, scores, 1).elements == 4


def test_cached_keys_count_in_full(tmp_path: Path) -> None:
    """Decoding one token with a cache of seven: eight keys, by fixed work since they come from two layers."""
    export = Export(opset=14)
    x, past = export.input("x", [1, 1, 4]), export.input("past", [1, 7, 4])
    keys = export.op("Concat", past, export.linear(x, 4, 4), axis=1)
    export.output(export.op("MatMul", export.linear(x, 4, 4), export.op("Transpose", keys, perm=[0, 2, 1])))
    network = export.network(tmp_path)
    (scores,) = [layer for layer in network.layers if isinstance(layer.operator, Digital) and layer.operator.product]
    assert layer_macs(network, scores) == 8 * 4
    assert {edge.source for edge in network.inputs_of(scores.name) if edge.port == 1} >= {"past"}


@pytest.mark.parametrize("version", [23, 24])
def test_attention_operator_is_expanded(version: int, tmp_path: Path) -> None:
    """ONNX's own Attention operator: its definition in simpler operators is imported."""
    export = Export(opset=version)
    q, k, v = (export.input(name, [1, 2, 5, 4]) for name in "qkv")
    export.output(export.op("Attention", q, k, v))
    network = export.network(tmp_path)
    assert {"scores", "context", "softmax"} <= set(kinds(network))
    assert network.macs == 2 * 2 * 5 * 5 * 4


NORMS = {
    "pow-div": lambda e, d, v: e.op(
        "Div", d, e.op("Sqrt", e.op("Add", v(e.op("Pow", d, e.constant(2.0))), e.constant(1e-5)))
    ),
    "mul-div": lambda e, d, v: e.op("Div", d, e.op("Sqrt", e.op("Add", v(e.op("Mul", d, d)), e.constant(1e-5)))),
    "reciprocal": lambda e, d, v: e.op(
        "Mul", e.op("Reciprocal", e.op("Sqrt", e.op("Add", e.constant(1e-5), v(e.op("Mul", d, d))))), d
    ),
}


@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize("form", NORMS)
@pytest.mark.parametrize("kind", ["layer-norm", "rms-norm"])
def test_decomposed_norms(form: str, kind: str, opset: int, tmp_path: Path) -> None:
    export = Export(opset=opset)
    x = export.input("x", [1, 5, 8])

    def mean(tensor: str) -> str:
        if opset < 18:
            return export.op("ReduceMean", tensor, axes=[-1])
        return export.op("ReduceMean", tensor, export.constant(np.array([-1])))

    subject = export.op("Sub", x, mean(x)) if kind == "layer-norm" else x
    scaled = export.op("Mul", NORMS[form](export, subject, mean), export.weight(8))
    export.output(scaled)
    network = export.network(tmp_path)
    assert kinds(network) == ["source", kind, "sink"]
    work = dict(only(network, kind).operator.work)
    assert work[Primitive.RSQRT] == 1


def test_mean_over_other_axes_is_not_a_layer_norm(tmp_path: Path) -> None:
    """The same expression with two different axes is no normalisation."""
    export = Export(opset=13)
    x = export.input("x", [1, 5, 8])
    centred = export.op("Sub", x, export.op("ReduceMean", x, axes=[1]))
    variance = export.op("ReduceMean", export.op("Pow", centred, export.constant(2.0)), axes=[-1])
    export.output(export.op("Div", centred, export.op("Sqrt", export.op("Add", variance, export.constant(1e-5)))))
    assert "layer-norm" not in kinds(export.network(tmp_path))


def test_norm_whose_inside_is_read_elsewhere_stays_apart(tmp_path: Path) -> None:
    """The deviation is an output too, so the nodes must remain."""
    export = Export(opset=13)
    x = export.input("x", [1, 5, 8])
    centred = export.op("Sub", x, export.op("ReduceMean", x, axes=[-1]))
    variance = export.op("ReduceMean", export.op("Pow", centred, export.constant(2.0)), axes=[-1])
    deviation = export.output(export.op("Sqrt", export.op("Add", variance, export.constant(1e-5))))
    export.output(export.op("Div", centred, deviation))
    found = kinds(export.network(tmp_path))
    assert "layer-norm" not in found
    assert {"sub", "reduce-mean", "square", "sqrt", "div"} <= set(found)


def test_gelu_forms(tmp_path: Path) -> None:
    for form in (Export.gelu, Export.gelu_tanh):
        export = Export(opset=13)
        export.output(form(export, export.input("x", [1, 5, 8])))
        assert kinds(export.network(tmp_path)) == ["source", "gelu", "sink"]


def test_gelu_with_another_constant_is_not_a_gelu(tmp_path: Path) -> None:
    export = Export(opset=13)
    x = export.input("x", [1, 5, 8])
    gate = export.op("Add", export.op("Erf", export.op("Div", x, export.constant(3.0))), export.constant(1.0))
    export.output(export.op("Mul", export.op("Mul", x, gate), export.constant(0.5)))
    assert "gelu" not in kinds(export.network(tmp_path))


def test_gated_activations(tmp_path: Path) -> None:
    def silu(export: Export, x: str) -> str:
        return export.op("Mul", x, export.op("Sigmoid", x))

    def hard_swish(export: Export, x: str) -> str:
        clip = export.op("Clip", export.op("Add", x, export.constant(3.0)), export.constant(0.0), export.constant(6.0))
        return export.op("Div", export.op("Mul", x, clip), export.constant(6.0))

    def mish(export: Export, x: str) -> str:
        return export.op("Mul", x, export.op("Tanh", export.op("Softplus", x)))

    for kind, form in {"silu": silu, "hard-swish": hard_swish, "mish": mish}.items():
        export = Export(opset=13)
        export.output(form(export, export.input("x", [1, 5, 8])))
        assert kinds(export.network(tmp_path)) == ["source", kind, "sink"]


def test_dynamic_batch_alone_is_taken_as_one(tmp_path: Path) -> None:
    export = Export()
    export.output(export.linear(export.input("x", ["batch", 4, 8]), 8, 3))
    network = export.network(tmp_path)
    assert network.by_name["x"].tokens == 4
    assert any("'x'" in note and "taken as 1" in note for note in network.notes)


def test_dynamic_sequence_needs_a_shape(tmp_path: Path) -> None:
    export = Export()
    export.output(export.linear(export.input("x", ["batch", "sequence", 8]), 8, 3))
    with pytest.raises(InputError, match="--shape x=1,224,8") as caught:
        export.network(tmp_path)
    assert "'x'" in caught.value.where
    assert "batch x sequence x 8" in caught.value.what
    assert export.network(tmp_path, x=(1, 7, 8)).by_name["x"].tokens == 7


def test_external_weights_may_be_missing(tmp_path: Path) -> None:
    """Only the weights' shapes count: the file next to the model need not be there."""
    export = encoder(1, tokens=4, heads=2, depth=16, hidden=64)
    path = tmp_path / "external.onnx"
    onnx.save(export.model(), path, save_as_external_data=True, location="weights.bin", size_threshold=1024)
    expected = export.network(tmp_path).macs
    (tmp_path / "weights.bin").unlink()
    assert read_onnx(path).macs == expected


def test_einsum_is_a_product(tmp_path: Path) -> None:
    """Attention written with Einsum on (batch, length, heads, depth)."""
    export = Export()
    q, k, v = (export.input(name, [1, 5, 2, 4]) for name in "qkv")
    scores = export.op("Einsum", q, k, equation="bihd,bjhd->bhij")
    context = export.op("Einsum", export.op("Softmax", scores, axis=-1), v, equation="bhij,bjhd->bihd")
    flat = export.op("Reshape", context, export.constant(np.array([1, 5, 8])))
    export.output(export.op("Einsum", flat, export.weight(8, 3), equation="bid,do->bio"))
    network = export.network(tmp_path)
    assert network.macs == 2 * 2 * 5 * 5 * 4 + 5 * 8 * 3
    assert network.matrices[0].tokens == 5


def test_shifted_windows_attend_within_themselves() -> None:
    """Swin: windows of 2 x 2 tokens, cut by Reshape and Transpose; queries read the keys of their window only."""
    export = Export(opset=14)
    x = export.input("x", [1, 4, 4, 8])
    apart = export.op("Reshape", x, export.constant(np.array([1, 2, 2, 2, 2, 8])))
    windows = export.op(
        "Reshape", export.op("Transpose", apart, perm=[0, 1, 3, 2, 4, 5]), export.constant(np.array([4, 4, 8]))
    )
    keys = export.op("Transpose", export.linear(windows, 8, 8), perm=[0, 2, 1])
    scores = export.op("Softmax", export.op("MatMul", export.linear(windows, 8, 8), keys), axis=-1)
    export.output(export.op("MatMul", scores, export.linear(windows, 8, 8)))
    export.inputs[0].type.tensor_type.shape.dim[3].dim_value = 8
    trial = Trial(export.model())
    network = trial.network
    for kind in ("scores", "context"):
        assert layer_macs(network, only(network, kind)) == 16 * 4 * 8
    seen, said = trial.seen_by_running(), trial.said()
    assert not (seen & ~said).any()


def test_patch_merging_stacks_four_tokens(tmp_path: Path) -> None:
    """Swin's down-sampling: four tokens side by side, normalised together, then one product."""
    export = Export(opset=14)
    x = export.linear(export.input("x", [1, 16, 8]), 8, 6)
    grid = export.op("Reshape", x, export.constant(np.array([1, 4, 4, 6])))
    parts = []
    for top, left in ((0, 0), (1, 0), (0, 1), (1, 1)):
        rows = export.op("Slice", grid, *(export.constant(np.array([v])) for v in (top, 99, 1, 2)))
        parts.append(export.op("Slice", rows, *(export.constant(np.array([v])) for v in (left, 99, 2, 2))))
    merged = export.op("Reshape", export.op("Concat", *parts, axis=-1), export.constant(np.array([1, 4, 24])))
    export.output(export.linear(export.layer_norm(merged, 24), 24, 12))
    network = export.network(tmp_path)
    norm = only(network, "layer-norm")
    (edge,) = network.inputs_of(norm.name)
    assert (norm.tokens, norm.width, edge.elements) == (4, 24, 6)
    assert edge.access == Table((0, 2, 8, 10), (5, 7, 13, 15), (4, 4, 4, 4))
    assert network.macs == 16 * 8 * 6 + 4 * 24 * 12


def test_softmax_over_an_outer_axis_is_one_piece(tmp_path: Path) -> None:
    """Vectors that lie interleaved in the token cannot go to different units."""
    export = Export()
    x = export.heads(export.linear(export.input("x", [1, 5, 8]), 8, 8), 2, 4, [0, 2, 1, 3])
    export.output(export.op("Softmax", x, axis=1))
    softmax = only(export.network(tmp_path), "softmax")
    assert isinstance(softmax.operator, Digital)
    assert (softmax.operator.heads, softmax.width) == (1, 8)
