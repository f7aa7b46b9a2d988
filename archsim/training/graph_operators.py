"""Operators of ONNX in PyTorch: those between the weights of the models that train."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor
from torch.nn import functional

Operator = Callable[..., Sequence[Tensor]]


class Attributes:
    """A node's attributes, each as the kind that the caller wants."""

    def __init__(self, node: onnx.NodeProto) -> None:
        self._by_name = {entry.name: entry for entry in node.attribute}

    def whole(self, name: str, otherwise: int) -> int:
        """A whole number."""
        return int(self._by_name[name].i) if name in self._by_name else otherwise

    def real(self, name: str, otherwise: float) -> float:
        """A number."""
        return float(self._by_name[name].f) if name in self._by_name else otherwise

    def wholes(self, name: str, otherwise: Sequence[int] = ()) -> list[int]:
        """Whole numbers."""
        return list(self._by_name[name].ints) if name in self._by_name else list(otherwise)

    def words(self, name: str) -> list[str]:
        """Words; one where it is one."""
        if name not in self._by_name:
            return []
        entry = self._by_name[name]
        return [word.decode() for word in (entry.strings or [entry.s])]

    def constant(self) -> Tensor:
        """The value of a ``Constant``."""
        (entry,) = self._by_name.values()
        if entry.type == onnx.AttributeProto.TENSOR:
            return torch.from_numpy(numpy_helper.to_array(entry.t).copy())
        return torch.tensor(onnx.helper.get_attribute_value(entry))

    def tensor(self, name: str, otherwise: Tensor) -> Tensor:
        """A tensor."""
        if name not in self._by_name:
            return otherwise
        return torch.from_numpy(numpy_helper.to_array(self._by_name[name].t).copy())


def _one(compute: Callable[..., Tensor]) -> Operator:
    """An operator without attributes and with one result."""
    return lambda attributes, *given: (compute(*given),)


def _axes(attributes: Attributes, given: Tensor | None) -> list[int]:
    return given.tolist() if given is not None else attributes.wholes("axes")


def _squeeze(attributes: Attributes, x: Tensor, axes: Tensor | None = None) -> Sequence[Tensor]:
    chosen = _axes(attributes, axes)
    return (x.squeeze(tuple(chosen)) if chosen else x.squeeze(),)


def _unsqueeze(attributes: Attributes, x: Tensor, axes: Tensor | None = None) -> Sequence[Tensor]:
    for axis in sorted(_axes(attributes, axes)):
        x = x.unsqueeze(axis)
    return (x,)


def _reshape(attributes: Attributes, x: Tensor, shape: Tensor) -> Sequence[Tensor]:
    sizes = [x.shape[i] if size == 0 else size for i, size in enumerate(shape.tolist())]
    return (x.reshape(sizes),)


def _flatten(attributes: Attributes, x: Tensor) -> Sequence[Tensor]:
    axis = attributes.whole("axis", 1) % (x.dim() + 1)
    return (x.reshape(prod(x.shape[:axis]), -1),)


def _transpose(attributes: Attributes, x: Tensor) -> Sequence[Tensor]:
    return (x.permute(attributes.wholes("perm", range(x.dim())[::-1])),)


def _gather(attributes: Attributes, x: Tensor, places: Tensor) -> Sequence[Tensor]:
    axis = attributes.whole("axis", 0) % x.dim()
    chosen = torch.where(places < 0, places + x.shape[axis], places).long()
    found = x.index_select(axis, chosen.reshape(-1))
    return (found.reshape((*x.shape[:axis], *chosen.shape, *x.shape[axis + 1 :])),)


def _slice(
    attributes: Attributes,
    x: Tensor,
    starts: Tensor,
    ends: Tensor,
    axes: Tensor | None = None,
    steps: Tensor | None = None,
) -> Sequence[Tensor]:
    chosen = range(len(starts)) if axes is None else axes.tolist()
    strides = [1] * len(starts) if steps is None else steps.tolist()
    for axis, first, last, stride in zip(chosen, starts.tolist(), ends.tolist(), strides, strict=True):
        places = torch.tensor(
            range(x.shape[axis])[slice(first, last if last > -(2**31) else None, stride)], dtype=torch.long
        )
        x = x.index_select(axis, places)
    return (x,)


def _reduced(compute: Callable[[Tensor, list[int], bool], Tensor]) -> Operator:
    def operator(attributes: Attributes, x: Tensor, axes: Tensor | None = None) -> Sequence[Tensor]:
        chosen = _axes(attributes, axes) or list(range(x.dim()))
        return (compute(x, chosen, bool(attributes.whole("keepdims", 1))),)

    return operator


def _normalised(attributes: Attributes, x: Tensor, scale: Tensor, shift: Tensor | None = None) -> Sequence[Tensor]:
    axis = attributes.whole("axis", -1) % x.dim()
    return (functional.layer_norm(x, list(x.shape[axis:]), scale, shift, attributes.real("epsilon", 1e-5)),)


def _max_pool(attributes: Attributes, x: Tensor) -> Sequence[Tensor]:
    return (functional.max_pool2d(_padded(attributes, x, -torch.inf), *_window(attributes)),)


def _average_pool(attributes: Attributes, x: Tensor) -> Sequence[Tensor]:
    return (functional.avg_pool2d(_padded(attributes, x, 0.0), *_window(attributes)),)


def _window(attributes: Attributes) -> tuple[list[int], list[int]]:
    kernel = attributes.wholes("kernel_shape")
    return kernel, attributes.wholes("strides", [1] * len(kernel))


def _padded(attributes: Attributes, x: Tensor, value: float) -> Tensor:
    top, left, bottom, right = attributes.wholes("pads", [0] * 4)
    return functional.pad(x, (left, right, top, bottom), value=value)


def _divided(a: Tensor, b: Tensor) -> Tensor:
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def _filled(attributes: Attributes, shape: Tensor) -> Sequence[Tensor]:
    value = attributes.tensor("value", torch.zeros(1))
    return (torch.full(shape.tolist(), value.item(), dtype=value.dtype),)


def _cast(attributes: Attributes, x: Tensor) -> Sequence[Tensor]:
    wanted = onnx.helper.tensor_dtype_to_np_dtype(attributes.whole("to", onnx.TensorProto.FLOAT))
    return (x.to(getattr(torch, wanted.name)),)


OPERATORS: dict[str, Operator] = {
    "Relu": _one(torch.relu),
    "Sigmoid": _one(torch.sigmoid),
    "Tanh": _one(torch.tanh),
    "Erf": _one(torch.erf),
    "Sqrt": _one(torch.sqrt),
    "Exp": _one(torch.exp),
    "Neg": _one(torch.neg),
    "Add": _one(torch.add),
    "Sub": _one(torch.sub),
    "Mul": _one(torch.mul),
    "Div": _one(_divided),
    "Mod": _one(torch.remainder),
    "Pow": _one(torch.pow),
    "MatMul": _one(torch.matmul),
    "Identity": _one(lambda x: x),
    "Shape": _one(lambda x: torch.tensor(x.shape)),
    "Softmax": lambda attributes, x: (torch.softmax(x, attributes.whole("axis", -1)),),
    "Concat": lambda attributes, *parts: (torch.cat(parts, attributes.whole("axis", 0)),),
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Transpose": _transpose,
    "Gather": _gather,
    "Slice": _slice,
    "ReduceMean": _reduced(lambda x, axes, keep: x.mean(axes, keepdim=keep)),
    "ReduceSum": _reduced(lambda x, axes, keep: x.sum(axes, keepdim=keep)),
    "LayerNormalization": _normalised,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _one(lambda x: x.mean((2, 3), keepdim=True)),
    "ConstantOfShape": _filled,
    "Cast": _cast,
}
"""By ONNX's name: from a node's attributes and operands to its results."""
