"""ONNX graphs as modules of PyTorch, so that they train: constant matrices become layers, other nodes their operators.

A ``Gemm`` and a ``MatMul`` with constant weights become ``nn.Linear``, ``Conv`` ``nn.Conv1d`` or ``nn.Conv2d``, and
``LSTM``, ``GRU`` and ``RNN`` the layers of those names: what arrays can hold. Constants that are no weights stay as
they are, but for scales, shifts and biases, which train.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from archsim.errors import InputError
from archsim.network.onnx_import.model_file import load
from archsim.training.graph_layers import Made, recurrent_layer, with_values
from archsim.training.graph_operators import OPERATORS, Attributes

_RECURRENT = ("LSTM", "GRU", "RNN")
_TRAINED = ("Add", "LayerNormalization")
"""Operators whose constant floating-point operands of more than one element train."""


@dataclass(frozen=True, slots=True)
class Step:
    """One node.

    Parameters
    ----------
    operands : tuple of str
        Values that it takes; empty names are left out.
    results : tuple of str
    compute : callable
        From the operands to the results; from the layer and them, where there is one.
    layer : str
        Its name; by it, as conversion to arrays puts another in its place. Empty where there is none.
    """

    operands: tuple[str, ...]
    results: tuple[str, ...]
    compute: Callable[..., Sequence[Tensor]]
    layer: str = ""


class Graph(nn.Module):
    """A model's graph.

    Parameters
    ----------
    path : Path
        An ONNX file with one input that is no initializer.

    Raises
    ------
    InputError
        If the file cannot be read, has several inputs, or an operator that cannot be trained here.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        graph = load(path).graph
        self.constants = {item.name: torch.from_numpy(numpy_helper.to_array(item).copy()) for item in graph.initializer}
        inputs = [entry for entry in graph.input if entry.name not in self.constants]
        if len(inputs) != 1:
            raise InputError(
                f"the model has {len(inputs)} inputs", where=str(path), remedy="Training takes models with one input."
            )
        self.input, self.output = inputs[0].name, graph.output[0].name
        self.looks_up = inputs[0].type.tensor_type.elem_type in (onnx.TensorProto.INT64, onnx.TensorProto.INT32)
        self.layers, self.values = nn.ModuleDict(), nn.ParameterDict()
        self.path, self.nodes = path, dict[str, onnx.NodeProto]()
        self.homes: dict[str, str] = {}
        self.scales: set[str] = set()
        self.steps = [step for node in graph.node if (step := self._step(node)) is not None]

    def forward(self, inputs: Tensor) -> Tensor:
        """The first output."""
        known: dict[str, Tensor] = {**self.constants, **{home: self.values[key] for home, key in self.homes.items()}}
        known[self.input] = inputs.long() if self.looks_up else inputs
        for step in self.steps:
            layer = (self.layers[step.layer],) if step.layer else ()
            found = step.compute(*layer, *(known[name] if name else None for name in step.operands))
            known.update(zip(step.results, found, strict=False))
        return known[self.output]

    def begin_anew(self) -> None:
        """Draw all weights again, by PyTorch's own rules; scales become 1, shifts and biases 0."""
        for layer in self.layers.values():
            layer.reset_parameters()  # type: ignore[operator]
        for key, value in self.values.items():
            if key in self.scales:
                nn.init.ones_(value)
            elif value.dim() == 1:
                nn.init.zeros_(value)
            else:
                nn.init.normal_(value, std=0.02)

    def _step(self, node: onnx.NodeProto) -> Step | None:
        attributes = Attributes(node)
        where = f"node {node.name or node.output[0]!r} ({node.op_type})"
        if node.op_type == "Constant":
            self.constants[node.output[0]] = attributes.constant()
            return None
        made = self._layer(node, attributes, where)
        if made is not None:
            return self._placed(node, made)
        if node.op_type not in OPERATORS:
            raise InputError(
                f"the operator {node.op_type} cannot be trained here",
                where=where,
                remedy="Write the model in PyTorch and give it as MODULE:FUNCTION, or to archsim.torch.on_chip.",
            )
        if node.op_type in _TRAINED:
            self._train_operands(node)
        operator = OPERATORS[node.op_type]
        return Step(tuple(node.input), tuple(node.output), lambda *given: operator(attributes, *given))

    def _placed(self, node: onnx.NodeProto, made: Made) -> Step:
        name = _key(node.name or node.output[0], self.layers)
        self.layers[name], self.nodes[name] = made.layer, node
        return Step(made.operands, tuple(node.output), made.call, name)

    def _layer(self, node: onnx.NodeProto, attributes: Attributes, where: str) -> Made | None:
        if node.op_type in _RECURRENT:
            return recurrent_layer(node, attributes, self.constants, where)
        if node.op_type in ("Gemm", "MatMul", "Conv"):
            return with_values(node, attributes, self.constants, where)
        return None

    def _train_operands(self, node: onnx.NodeProto) -> None:
        for name in node.input:
            value = self.constants.get(name)
            if value is not None and value.is_floating_point() and value.numel() > 1 and name not in self.homes:
                self.homes[name] = _key(name, self.values)
                self.values[self.homes[name]] = nn.Parameter(value.clone())
                if node.op_type == "LayerNormalization" and name == node.input[1]:
                    self.scales.add(self.homes[name])


def _key(name: str, taken: nn.ModuleDict | nn.ParameterDict) -> str:
    """A name that PyTorch takes."""
    plain = name.strip("/").replace(".", "_").replace("/", "_") or "node"
    return plain if plain not in taken else f"{plain}_{len(taken)}"
