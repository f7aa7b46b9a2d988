"""Trained floating-point weights as ONNX files, which every other command takes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, MutableSequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from archsim.errors import InputError
from archsim.network.onnx_import.model_file import load
from archsim.training.graph import Graph
from archsim.training.graph_layers import constants_of

if TYPE_CHECKING:
    from archsim.training.examples import Examples

INPUT = "input"
"""Of a model that PyTorch exports."""


def write_model(path: Path, module: nn.Module, examples: Examples) -> None:
    """Write a module as it is now.

    A graph is the file that it came from, with other weights; any other module is exported by PyTorch.

    Parameters
    ----------
    path : Path
    module : nn.Module
        In floating point.
    examples : Examples
        Some that it takes.

    Raises
    ------
    InputError
        If PyTorch cannot export it.
    """
    if isinstance(module, Graph):
        path.write_bytes(_with_weights(module).SerializeToString())
    else:
        _exported(path, module, torch.from_numpy(examples.at(np.arange(min(2, len(examples)))).inputs))


def input_name(module: nn.Module) -> str:
    """What a written model calls its input."""
    return module.input if isinstance(module, Graph) else INPUT


def _exported(path: Path, module: nn.Module, sample: Tensor) -> None:
    open_sizes = {INPUT: {0: "batch"}, "scores": {0: "batch"}}
    try:
        with warnings.catch_warnings():
            # PyTorch's later exporter needs a further package; what this one warns of is that it is not that.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module.eval(), (sample,), str(path), input_names=[INPUT], output_names=["scores"],
                dynamic_axes=open_sizes, dynamo=False,
            )  # fmt: skip
    except Exception as error:
        raise InputError(
            f"PyTorch cannot export the trained module: {str(error).splitlines()[0]}",
            where="MODEL",
            remedy="Give an ONNX file, whose weights are replaced, or train it by archsim.torch.hardware_aware.",
        ) from error


def _with_weights(graph: Graph) -> onnx.ModelProto:
    """The graph's file; each layer's weights are constants of its own, as two layers may have begun with the same."""
    model = load(graph.path)
    found = {node.output[0]: node for node in model.graph.node}
    made: list[onnx.TensorProto] = []
    for place, name, value in _weights(graph):
        node = found[place[0]]
        node.input[place[1]] = name
        made.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
    for home, key in graph.homes.items():
        for node in model.graph.node:
            _renamed(node.input, home, f"trained.{key}")
        made.append(numpy_helper.from_array(graph.values[key].detach().numpy(), f"trained.{key}"))
    model.graph.initializer.extend(made)
    _drop_unused(model.graph)
    return model


def _weights(graph: Graph) -> Iterator[tuple[tuple[str, int], str, NDArray[np.generic]]]:
    """Node (by its first result) and operand, new name and values of every weight of a layer."""
    for key, node in graph.nodes.items():
        for operand, value in constants_of(node, graph.layers[key]):
            yield (node.output[0], operand), f"trained.{key}.{operand}", value.detach().numpy()


def _renamed(names: MutableSequence[str], old: str, new: str) -> None:
    for index, name in enumerate(names):
        if name == old:
            names[index] = new


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input} | {entry.name for entry in graph.output}
    kept = [item for item in graph.initializer if item.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
