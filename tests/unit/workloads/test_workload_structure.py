"""What holds for every named network, at its defaults and at odd sizes."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsim.network import Digital, Edge, Layer, Matrix, Network, Sink, Source, Weights
from archsim.workloads import WorkloadOptions, build, names

ODD = {
    "resnet18": WorkloadOptions(image=33),
    "resnet50": WorkloadOptions(image=97),
    "resnet32": WorkloadOptions(image=7),
    "mobilenet-v2": WorkloadOptions(image=65),
    "vit-b16": WorkloadOptions(image=16),
    "lstm-ptb": WorkloadOptions(seq=1),
    "rnnt": WorkloadOptions(seq=1),
    "nmt-l3": WorkloadOptions(seq=3),
    "big-lstm": WorkloadOptions(seq=2),
    "bert-base": WorkloadOptions(seq=1),
    "bert-large": WorkloadOptions(seq=512),
    "gpt2": WorkloadOptions(seq=1, generate=1),
    "gpt2-xl": WorkloadOptions(seq=3, generate=17, context=1000),
    "llama3-8b": WorkloadOptions(generate=5, context=8000),
    "whisper-base": WorkloadOptions(seq=1, generate=448),
    "whisper-small": WorkloadOptions(generate=2),
}
CASES = [(name, WorkloadOptions()) for name in names()] + list(ODD.items())
EVERY = pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{name}-{options}" for name, options in CASES])


def landed(edges: list[Edge]) -> list[tuple[int, int]]:
    """Where edges of one port land, merged where several tokens' edges land on the same place."""
    return sorted({(edge.target_start, edge.target_start + edge.elements) for edge in edges})


def tiles(ranges: list[tuple[int, int]], width: int) -> bool:
    """Whether ranges cover 0 to width without gap or overlap."""
    ends = [0, *(high for _, high in ranges)]
    starts = [*(low for low, _ in ranges), width]
    return ends == starts


@EVERY
def test_every_row_of_every_matrix_is_fed_once(name: str, options: WorkloadOptions) -> None:
    network = build(name, options)
    for layer in network.matrices:
        assert isinstance(layer.operator, Matrix)
        assert tiles(landed(list(network.inputs_of(layer.name))), layer.operator.inputs), layer.name
        assert layer.width == layer.operator.outputs


@EVERY
def test_element_wise_layers_are_as_wide_as_each_input(name: str, options: WorkloadOptions) -> None:
    network = build(name, options)
    kinds = {"add", "relu", "clip", "gelu", "tanh", "sigmoid", "swiglu", "layer-norm", "rms-norm", "rotary", "max-pool"}
    for layer in network.layers:
        if isinstance(layer.operator, Digital) and layer.operator.kind in kinds:
            for port in {edge.port for edge in network.inputs_of(layer.name)}:
                edges = [edge for edge in network.inputs_of(layer.name) if edge.port == port]
                assert tiles(landed(edges), layer.width), layer.name


@EVERY
def test_every_layer_lies_between_an_input_and_an_output(name: str, options: WorkloadOptions) -> None:
    network = build(name, options)
    graph = network.graph
    sources = [layer.name for layer in network.layers if isinstance(layer.operator, Source)]
    sinks = [layer.name for layer in network.layers if isinstance(layer.operator, Sink)]
    fed = set(sources).union(*(nx.descendants(graph, source) for source in sources))
    used = set(sinks).union(*(nx.ancestors(graph, sink) for sink in sinks))
    assert sources and sinks
    assert fed == used == {layer.name for layer in network.layers}


@EVERY
def test_no_layer_makes_a_last_token_that_nobody_reads(name: str, options: WorkloadOptions) -> None:
    """Such a layer was given one token too many. ViT's last sum is the exception: only its class token is judged."""
    network = build(name, options)
    for layer in network.layers:
        if not isinstance(layer.operator, Sink) and (name, layer.name) != ("vit-b16", "encoder.11.mlp.add"):
            assert max(last_read(network, layer, edge) for edge in network.outputs_of(layer.name)) == layer.tokens - 1


def last_read(network: Network, layer: Layer, edge: Edge) -> int:
    _, last = edge.access.reach(layer.tokens, network.by_name[edge.target].tokens)
    return int(last.max())


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet32", "mobilenet-v2"])
@settings(max_examples=15, deadline=None)
@given(side=st.integers(1, 80))
def test_image_networks_take_any_image(name: str, side: int) -> None:
    """The weights do not depend on the image, and the operations grow with it."""
    network = build(name, WorkloadOptions(image=side))
    assert network.weights == build(name).weights
    assert network.weights <= network.macs <= build(name, WorkloadOptions(image=side + 1)).macs


def test_torchvisions_maps() -> None:
    """ResNet's maps at 224: 112, 56, 56, 28, 14, 7 (table 1 of He et al.)."""
    network = build("resnet34")
    layers = ("conv1", "maxpool", "layer1.2.relu", "layer2.3.relu", "layer3.5.relu", "layer4.2.relu")
    assert [network.by_name[name].grid[0] for name in layers] == [112, 56, 56, 28, 14, 7]


@settings(max_examples=20, deadline=None)
@given(steps=st.integers(1, 300))
def test_recurrent_operations_grow_with_the_steps(steps: int) -> None:
    network = build("nmt-l3", WorkloadOptions(seq=steps))
    assert network.macs == steps * network.weights


def test_each_step_of_an_lstm_waits_for_the_one_before() -> None:
    network = build("lstm-ptb", WorkloadOptions(seq=4))
    back = [edge for edge in network.inputs_of("lstm1.gates") if edge.recurrent]
    assert [(edge.source, edge.target_start, edge.elements) for edge in back] == [("lstm1.cell", 650, 650)]


def test_wide_lstms_return_the_state_not_its_projection() -> None:
    network = build("big-lstm")
    back = {edge.target: edge.elements for edge in network.edges if edge.recurrent}
    assert back == {"lstm0.gates": 8192, "lstm1.gates": 8192}
    assert network.by_name["lstm1.gates"].operator == Matrix(Weights(1024 + 8192, 4 * 8192), bias=True)


def test_the_recogniser_feeds_its_last_label_back() -> None:
    network = build("rnnt", WorkloadOptions(seq=6))
    (edge,) = network.inputs_of("prediction.embedding")
    first, _ = edge.access.reach(3, 3)
    assert (edge.source, edge.recurrent, first.tolist()) == ("label", True, [-1, 0, 1])


def test_depthwise_kernels_see_one_channel() -> None:
    operator = build("mobilenet-v2").by_name["features.2.depthwise"].operator
    assert operator == Matrix(Weights(9, 1, groups=96), taps=9, bias=True)


def test_fused_projections_are_sliced() -> None:
    network = build("gpt2")
    edges = sorted(network.inputs_of("h.3.attention"), key=lambda edge: edge.port)
    assert [(edge.source, edge.source_start, edge.elements) for edge in edges] == [
        ("h.3.attention.qkv", third * 768, 768) for third in range(3)
    ]


def test_the_first_patch_follows_the_class_token() -> None:
    network = build("vit-b16", WorkloadOptions(image=32))
    (edge,) = network.inputs_of("positions")
    first, _ = edge.access.reach(4, 5)
    assert first.tolist() == [-1, 0, 1, 2, 3]
