"""Every bad input ends in a message with place and remedy, and exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.cli_calls import fail, light_model, write_relu_net

SMALL_CHIP = ("--set", "fabric.rows=2", "--set", "fabric.columns=2", "--set", "system.chips=1")


def chip_file(folder: Path, text: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(f"extends: pcm-mesh-14nm\n{text}")
    return file


@pytest.mark.parametrize("command", ["run", "check"])
def test_malformed_onnx(tmp_path: Path, command: str) -> None:
    file = tmp_path / "bad.onnx"
    file.write_text("version https://git-lfs.github.com/spec/v1\n")
    assert str(file) in fail(command, file)


def test_truncated_onnx(tmp_path: Path) -> None:
    whole = light_model("squeezenet").read_bytes()
    file = tmp_path / "half.onnx"
    file.write_bytes(whole[: len(whole) // 2])
    assert "half.onnx" in fail("check", file)


def test_empty_onnx(tmp_path: Path) -> None:
    file = tmp_path / "empty.onnx"
    file.touch()
    assert "no graph" in fail("run", file)


def test_missing_onnx(tmp_path: Path) -> None:
    assert "No such file" in fail("run", tmp_path / "absent.onnx")


def test_dynamic_shape_without_values(tmp_path: Path) -> None:
    file = write_relu_net(tmp_path / "open.onnx", (1, 3, "height", "width"))
    assert "--shape data=" in fail("run", file)


@pytest.mark.parametrize("sizes", ["1,3,0,4", "1,3,-2,4", "1,3,x,4", ""])
def test_impossible_shape(tmp_path: Path, sizes: str) -> None:
    file = write_relu_net(tmp_path / "open.onnx", (1, 3, "height", "width"))
    assert "--shape" in fail("run", file, "--shape", f"data={sizes}")


def test_shape_of_an_unknown_input(tmp_path: Path) -> None:
    file = write_relu_net(tmp_path / "open.onnx", (1, 3, "height", "width"))
    assert "Its inputs are: data" in fail("run", file, "--shape", "image=1,3,8,8")


def test_operator_that_is_not_modelled(tmp_path: Path) -> None:
    file = write_relu_net(tmp_path / "net.onnx", (1, 4), operator="Frobnicate")
    message = fail("check", file)
    assert "Frobnicate" in message
    assert "only" in message


@pytest.mark.parametrize(
    ("option", "value"),
    [("--batch", "0"), ("--batch", "-4"), ("--seq", "0"), ("--seq", "-1"), ("--interleave", "0")],
)
def test_zero_or_negative_sizes(option: str, value: str) -> None:
    assert option.removeprefix("--") in fail("run", "lstm-ptb", option, value)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("run", "mlp-hermes", "--batch", 10**20), "100,000,000,000,000,000,000 samples takes about"),
        (("run", "mlp-hermes", "--batch", 10**12), "samples fit"),
        (("run", "resnet18", "--image", 5000), "at most 16,777,216"),
        (("run", "resnet18", "--image", 10**9), "at most 16,777,216"),
        (("run", "vit-b16", "--image", 16 * 10**6), "at most 16,777,216"),
        (("run", "lstm-ptb", "--seq", 10**20), "at most 16,777,216"),
        (("run", "gpt2", "--context", 10**20), "1024 positions"),
        (("accuracy", "digits-cnn", "--sweep", "tile.adc.bits=1:99999999999"), "99,999,999,999 values"),
        (("accuracy", "digits-cnn", "--seeds", 10**9), "5,000,000,000 evaluations"),
        (("accuracy", "digits-cnn", "--seeds", 10**4, "--sweep", "tile.adc.bits=4:8"), "250,000 evaluations"),
    ],
)
def test_sizes_are_estimated_before_they_are_built(arguments: tuple[object, ...], expected: str) -> None:
    assert expected in fail(*map(str, arguments))


def test_option_that_means_nothing() -> None:
    assert "'image'" in fail("run", "bert-base", "--image", "224")


def test_unknown_network_suggests_the_nearest() -> None:
    assert "Did you mean resnet18" in fail("run", "renset18")


def test_unknown_chip_suggests_the_nearest() -> None:
    assert "Did you mean 'isaac'" in fail("run", "resnet18", "--chip", "isac")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tile:\n  adc:\n    bit: 6\n", "Did you mean 'bits'?"),
        ("fabric:\n  clock: 1\n", "1 has no unit"),
        ("fabric:\n  clock: 1 mm\n", "where Hz is meant"),
        ("tile:\n  arrays: 0\n", "at least 1"),
        ("tile: [1, 2]\n", "list"),
        ("tile:\n  adc: {{\n", "YAML"),
    ],
)
@pytest.mark.parametrize("command", ["check", "run"])
def test_bad_chip_file(tmp_path: Path, command: str, text: str, expected: str) -> None:
    file = chip_file(tmp_path, text)
    arguments = ["check", file] if command == "check" else ["run", "mlp-hermes", "--chip", file]
    message = fail(*arguments)
    assert expected in message
    assert "mine.yaml:" in message


@pytest.mark.parametrize(
    ("override", "expected"),
    [("tile.adc.bit=6", "Did you mean 'bits'?"), ("fabric.clock=1", "1 has no unit"), ("nonsense", "sets nothing")],
)
def test_bad_override_is_named_as_the_place(override: str, expected: str) -> None:
    message = fail("run", "mlp-hermes", "--set", override)
    assert expected in message
    assert "--set" in message


def test_network_that_does_not_fit() -> None:
    message = fail("run", "resnet18", "--schedule", "pipelined", *SMALL_CHIP)
    assert "needs 75 tiles and the system has 4" in message
    assert "Three ways out" in message


def test_buffers_too_small_without_memory() -> None:
    message = fail("run", "resnet18", "--set", "tile.buffer.capacity=8 KiB", "--set", "memory.dram=null")
    assert "memory" in message
    assert "buffer" in message


def test_chip_without_a_unit_for_an_operator() -> None:
    message = fail("show", "placement", "bert-base", "--set", "units.core=null")
    assert "layer-norm" in message
    assert "operations" in message


def test_component_without_a_cost() -> None:
    message = fail("run", "mlp-hermes", "--set", "tile.adc.cost.model=null")
    assert "adc" in message


@pytest.mark.parametrize("plan", ["balnced", "conv1", "conv1=0", "conv1=x", "conv9=2"])
def test_bad_replication(plan: str) -> None:
    assert "--replicate" in fail("run", "resnet18", "--replicate", plan)


def test_unwritable_directory_is_found_before_the_run(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.touch()
    # The network does not exist either: were the run begun first, it would be what is complained of.
    message = fail("run", "no-such-network", "--out", occupied / "results")
    assert str(occupied) in message
    assert "--out" in message


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--trace-from", "10 us"), "--out DIR"),
        (("--trace-from", "10", "--out", "."), "no unit"),
        (("--trace-from", "2 us", "--trace-to", "1 us", "--out", "."), "ends at 1 us"),
        (("--trace-to", "-1 us", "--out", "."), "not a time"),
    ],
)
def test_bad_trace_window(arguments: tuple[str, ...], expected: str) -> None:
    assert expected in fail("run", "mlp-hermes", *arguments)


def test_check_of_neither_network_nor_chip(tmp_path: Path) -> None:
    assert "neither a network nor a chip" in fail("check", tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("adcc",), "Did you mean 'adc'?"),
        (("adc", "--model", "servey"), "Did you mean 'survey'?"),
        (("adc", "--set", "bitz=8"), "Did you mean 'bits'?"),
        (("adc", "--set", "bits=0", "--set", "node=14 nm"), "bits"),
        (("adc", "--set", "bits"), "name=value"),
    ],
)
def test_bad_cost_question(arguments: tuple[str, ...], expected: str) -> None:
    assert expected in fail("show", "cost", *arguments)
