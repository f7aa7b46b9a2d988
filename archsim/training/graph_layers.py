"""ONNX nodes with constant weights as layers of PyTorch, holding these weights; and written back into the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from archsim.errors import InputError
from archsim.training.graph_operators import Attributes

_GATES = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
"""Where PyTorch's gates are among ONNX's: i o f c, z r h."""
_USUAL = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}


@dataclass(frozen=True, slots=True)
class Made:
    """A layer and how it is used.

    Parameters
    ----------
    layer : nn.Module
    operands : tuple of str
        Of the node, those that the layer still takes.
    call : callable
        From the layer (or what stands in its place) and the operands to the results.
    """

    layer: nn.Module
    operands: tuple[str, ...]
    call: Callable[..., Sequence[Tensor]]


def with_values(
    node: onnx.NodeProto, attributes: Attributes, constants: Mapping[str, Tensor], where: str
) -> Made | None:
    """A layer of a product with constant weights; None where they are computed."""
    weight = constants.get(node.input[1])
    if weight is None or (node.op_type == "MatMul" and weight.dim() != 2):
        return None
    bias = constants.get(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    if node.op_type == "Conv":
        return Made(_convolution(weight, bias, attributes, where), (node.input[0],), lambda layer, x: (layer(x),))
    if node.op_type == "Gemm":
        weight = _gemm(weight, attributes, where)
    layer = nn.Linear(weight.shape[0], weight.shape[1], bias=bias is not None)
    layer.weight.data = weight.T.contiguous().clone()
    if bias is not None:
        layer.bias.data = bias.clone().broadcast_to(weight.shape[1]).clone()
    return Made(layer, (node.input[0],), lambda layer, x: (layer(x),))


def _gemm(weight: Tensor, attributes: Attributes, where: str) -> Tensor:
    plain = attributes.real("alpha", 1.0) == attributes.real("beta", 1.0) == 1.0 and not attributes.whole("transA", 0)
    _require(plain, "scales or transposes its operands", where)
    return weight.T if attributes.whole("transB", 0) else weight


def _convolution(weight: Tensor, bias: Tensor | None, attributes: Attributes, where: str) -> nn.Module:
    axes = weight.dim() - 2
    _require(axes in (1, 2), f"convolves along {axes} axes", where)
    pads = attributes.wholes("pads", [0] * 2 * axes)
    _require(pads[:axes] == pads[axes:], "pads its sides unequally", where)
    _require(attributes.words("auto_pad") in ([], ["NOTSET"]), "pads by itself (auto_pad)", where)
    kind: Any = nn.Conv1d if axes == 1 else nn.Conv2d
    groups = attributes.whole("group", 1)
    layer: nn.Conv1d | nn.Conv2d = kind(
        weight.shape[1] * groups,
        weight.shape[0],
        tuple(weight.shape[2:]),
        stride=tuple(attributes.wholes("strides", [1] * axes)),
        padding=tuple(pads[:axes]),
        dilation=tuple(attributes.wholes("dilations", [1] * axes)),
        groups=groups,
        bias=bias is not None,
    )
    layer.weight.data = weight.clone()
    if bias is not None and layer.bias is not None:
        layer.bias.data = bias.clone()
    return layer


def recurrent_layer(node: onnx.NodeProto, attributes: Attributes, constants: Mapping[str, Tensor], where: str) -> Made:
    """A recurrent layer: initial states are the node's, sequences have one length."""
    given = [constants.get(name) if name else None for name in node.input]
    given += [None] * (8 - len(given))
    _require(given[1] is not None and given[2] is not None, "has weights that are computed", where)
    _require(not any(node.input[4:5]), "has sequences of several lengths", where)
    activations = attributes.words("activations")
    ways = given[1].shape[0] if given[1] is not None else 0
    _require(activations in ([], _USUAL[node.op_type] * ways), f"has the activations {activations}", where)
    _require(
        node.op_type != "GRU" or attributes.whole("linear_before_reset", 0) == 1, "resets before its product", where
    )
    _require(attributes.words("direction") in ([], ["forward"], ["bidirectional"]), "goes backwards only", where)
    _require(given[7] is None, "has peepholes", where)
    layer = _recurrent(node.op_type, given)
    states = tuple(name for name in node.input[5:7] if name)
    return Made(layer, (node.input[0], *states), _caller(node.op_type))


def _recurrent(kind: str, given: list[Tensor | None]) -> nn.RNNBase:
    inputs, state, bias = given[1], given[2], given[3]
    assert inputs is not None and state is not None
    made: Any = getattr(nn, kind)
    layer: nn.RNNBase = made(inputs.shape[2], state.shape[2], bidirectional=inputs.shape[0] == 2, bias=bias is not None)
    for way, suffix in enumerate(("", "_reverse")[: inputs.shape[0]]):
        getattr(layer, f"weight_ih_l0{suffix}").data = _ordered(kind, inputs[way])
        getattr(layer, f"weight_hh_l0{suffix}").data = _ordered(kind, state[way])
        if bias is not None:
            for part, values in zip(("ih", "hh"), bias[way].chunk(2), strict=True):
                getattr(layer, f"bias_{part}_l0{suffix}").data = _ordered(kind, values)
    return layer


def _ordered(kind: str, values: Tensor) -> Tensor:
    """Gates in PyTorch's order."""
    gates = values.chunk(len(_GATES[kind]))
    return torch.cat([gates[place] for place in _GATES[kind]]).clone()


def constants_of(node: onnx.NodeProto, layer: nn.Module) -> Iterator[tuple[int, Tensor]]:
    """The constant operands of a node, by their places, that make it compute what a layer does."""
    if isinstance(layer, nn.RNNBase):
        yield from _recurrent_constants(node.op_type, layer)
        return
    assert isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d)
    straight = node.op_type == "Conv" or (node.op_type == "Gemm" and Attributes(node).whole("transB", 0))
    yield 1, layer.weight if straight else layer.weight.T
    if layer.bias is not None:
        yield 2, layer.bias


def _recurrent_constants(kind: str, layer: nn.RNNBase) -> Iterator[tuple[int, Tensor]]:
    suffixes = ("", "_reverse") if layer.bidirectional else ("",)
    for operand, part in ((1, "ih"), (2, "hh")):
        yield operand, torch.stack([_back(kind, getattr(layer, f"weight_{part}_l0{suffix}")) for suffix in suffixes])
    if layer.bias:
        yield (
            3,
            torch.stack(
                [
                    torch.cat([_back(kind, getattr(layer, f"bias_{part}_l0{suffix}")) for part in ("ih", "hh")])
                    for suffix in suffixes
                ]
            ),
        )


def _back(kind: str, values: Tensor) -> Tensor:
    """Gates in ONNX's order."""
    gates = values.chunk(len(_GATES[kind]))
    return torch.cat([gates[_GATES[kind].index(place)] for place in range(len(gates))])


def _caller(kind: str) -> Callable[..., Sequence[Tensor]]:
    """ONNX's Y has (steps, directions, batch, hidden), PyTorch's outputs (steps, batch, directions hidden)."""

    def call(layer: nn.Module, x: Tensor, *states: Tensor) -> Sequence[Tensor]:
        first = None if not states else (tuple(states) if kind == "LSTM" else states[0])
        outputs, last = layer(x, first)
        ways = (last[0] if kind == "LSTM" else last).shape[0]
        y = outputs.reshape(*outputs.shape[:2], ways, -1).transpose(1, 2)
        return (y, *last) if kind == "LSTM" else (y, last)

    return call


def _require(fine: bool, what: str, where: str) -> None:
    if not fine:
        raise InputError(
            f"it {what}, which cannot be trained here",
            where=where,
            remedy="Write the model in PyTorch and give it as MODULE:FUNCTION, or to archsim.torch.on_chip.",
        )
