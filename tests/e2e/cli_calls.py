"""Calls of the command line, within this process."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
from onnx import TensorProto, helper
from typer.testing import CliRunner

from archsim.cli import application


def succeed(*arguments: str | Path) -> str:
    """What a command prints on stdout; it must end well and say nothing else."""
    result = CliRunner().invoke(application(), [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def succeed_json(*arguments: str | Path) -> dict[str, object]:
    """The JSON object that a command prints, and nothing else."""
    return json.loads(succeed(*arguments))


def fail(*arguments: str | Path) -> str:
    """What a command says of bad input: on stderr, with place and remedy, exit code 2."""
    result = CliRunner().invoke(application(), [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    lines = result.stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert any(line.strip().startswith("where: ") for line in lines)
    assert any(line.strip().startswith("remedy: ") for line in lines)
    return result.stderr


def write_relu_net(path: Path, shape: tuple[int | str, ...], operator: str = "Relu") -> Path:
    """An ONNX file with one operator; words in the shape are sizes left open."""
    node = helper.make_node(operator, ["data"], ["out"], name="only")
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, shape)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def light_model(name: str) -> Path:
    """One of the architectures that the onnx package ships, without weights."""
    return Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / f"light_{name}.onnx"
