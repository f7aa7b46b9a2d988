"""Figures that a user reads: throughput within capacity, batches inside a model, decoders, runs without products."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.e2e.cli_calls import succeed, succeed_json, write_relu_net

HOST = ("--set", "system.host_bandwidth=100 Mbit/s", "--batch", "400")


def write(path: Path, nodes: list[onnx.NodeProto], shapes: dict[str, list[int]], **weights: np.ndarray) -> Path:
    """An ONNX file; tensors whose names begin with "out" are its outputs, other shapes its inputs."""
    values = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()}
    graph = helper.make_graph(
        nodes,
        "net",
        [value for name, value in values.items() if not name.startswith("out")],
        [value for name, value in values.items() if name.startswith("out")],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_two_parts_that_share_the_host_keep_to_its_capacity(tmp_path: Path, engine: str) -> None:
    nodes = [helper.make_node("Relu", ["a"], ["out_a"]), helper.make_node("Relu", ["b"], ["out_b"])]
    shapes = {"a": [1, 7, 2], "b": [1, 2, 14], "out_a": [1, 7, 2], "out_b": [1, 2, 14]}
    path = write(tmp_path / "two.onnx", nodes, shapes)
    found = succeed_json("run", path, *HOST, "--engine", engine, "--json")["headline"]
    # 42 bytes a sample each way, at 0.0125 bytes per nanosecond.
    capacity = 0.0125e9 / 42
    assert found["throughput_per_s"] <= capacity
    assert found["throughput_per_s"] == pytest.approx(capacity, rel=0.01)
    assert found["throughput_basis"].startswith("whole run")


def test_two_products_that_share_the_host_keep_to_its_capacity(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["a", "w"], ["out_a"]), helper.make_node("MatMul", ["b", "v"], ["out_b"])]
    shapes = {"a": [1, 7, 8], "b": [1, 2, 14], "out_a": [1, 7, 4], "out_b": [1, 2, 4]}
    path = write(tmp_path / "two.onnx", nodes, shapes, w=np.ones((8, 4)), v=np.ones((14, 4)))
    found = succeed_json("run", path, *HOST, "--json")["headline"]
    # 56 + 28 bytes a sample come in.
    assert found["throughput_per_s"] <= 0.0125e9 / 84
    assert found["throughput_per_s"] == pytest.approx(0.0125e9 / 84, rel=0.02)


def test_a_short_batch_is_no_faster_than_a_long_one() -> None:
    """Four samples are not enough for a steady state: what they do is not what 400 would."""
    rates = {
        batch: succeed_json(
            "run", "digits-cnn", "--chip", "isaac", "--replicate", "balanced", "--batch", batch, "--json"
        )["headline"]["throughput_per_s"]
        for batch in ("4", "8", "24", "400")
    }
    assert all(rate <= rates["400"] * 1.001 for rate in rates.values()), rates


def test_a_batch_inside_the_file_counts_its_samples(tmp_path: Path) -> None:
    def run(batch: int) -> dict:
        node = helper.make_node("Conv", ["x", "w"], ["out"], pads=[1, 1, 1, 1])
        shapes = {"x": [batch, 16, 6, 6], "out": [batch, 24, 6, 6]}
        return succeed_json("run", write(tmp_path / "b.onnx", [node], shapes, w=np.ones((24, 16, 3, 3))), "--json")

    one, eight = run(1), run(8)
    macs = 36 * 24 * 16 * 9
    assert one["headline"]["operations_per_sample"] == eight["headline"]["operations_per_sample"] == 2 * macs
    assert (one["headline"]["batch"], eight["headline"]["batch"]) == (1, 8)
    assert eight["headline"]["throughput_per_s"] > one["headline"]["throughput_per_s"]
    assert any("batch of 8 inside" in note for note in eight["notes"])
    assert not any("batch of" in note for note in one["notes"])


def test_a_decoder_answers_in_tokens() -> None:
    call = ("run", "gpt2", "--seq", "8", "--generate", "4", "--batch", "2")
    summary = succeed_json(*call, "--json")
    found, headline = summary["headline"]["generation"], summary["headline"]
    assert (found["prompt_tokens"], found["generated_tokens"], found["context_tokens"]) == (8, 4, 0)
    assert found["tokens_per_s"] == pytest.approx(4 * headline["throughput_per_s"])
    assert found["tokens_per_j"] == pytest.approx(4 / headline["energy_per_sample_j"])
    # The first token and the three after it are a sample's latency.
    whole = found["time_to_first_token_s"] + 3 * found["time_per_token_s"]
    assert whole == pytest.approx(headline["latency_s"], rel=0.02)
    text = succeed(*call)
    assert "tokens/s" in text and "per token" in text and "tokens/J" in text


def test_others_are_no_decoders() -> None:
    assert succeed_json("run", "mlp-l4", "--json")["headline"]["generation"] is None
    assert "tokens/s" not in succeed("run", "mlp-l4")


@pytest.mark.parametrize("chip", ["hermes-core", "pcm-mesh-14nm", "isaac"])
def test_without_products_there_are_figures_all_the_same(tmp_path: Path, chip: str) -> None:
    path = write_relu_net(tmp_path / "relu.onnx", (1, 3, 4))
    text = succeed("run", path, "--chip", chip)
    assert "nan" not in text and "inf " not in text
    found = json.loads(succeed("run", path, "--chip", chip, "--json"))["headline"]
    assert found["operations_per_sample"] == found["gops_per_w"] == found["tops_per_mm2"] == 0
    assert found["tiles_used"] == 0 and found["energy_per_sample_j"] > 0


def test_tables_name_their_interval() -> None:
    text = succeed("run", "mlp-l4", "--batch", "200")
    assert "Where time goes in the whole run, " in text
    assert "Resources: exact period; the last column: whole run" in text
    head = next(line for line in text.splitlines() if line.startswith("layer "))
    assert head.split()[-7:] == ["busy", "starved", "blocked", "contended", "done", "dynamic", "energy"]
