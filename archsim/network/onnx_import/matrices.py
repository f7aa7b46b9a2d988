"""Products with constant weights: Conv, Gemm, MatMul, and their integer forms."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.elementwise import combined
from archsim.network.onnx_import.feeds import Feed
from archsim.network.onnx_import.partition import by_axes
from archsim.network.onnx_import.products import dynamic_product
from archsim.network.onnx_import.views import Constant, Entry, Tensor, View, placed
from archsim.network.onnx_import.windows import feature_map, positions, sliding
from archsim.network.operators import Matrix


def convolution(call: Call, data: int = 0, weight: int = 1, bias: int = 2) -> tuple[Tensor, ...]:
    """Conv of any dimension, stride, padding, dilation and group; the places are those of its inputs."""
    view, kernel = call.view(data), call.constant(weight, "weight")
    groups = call.node.integer("group", 1)
    columns, channels, *sizes = kernel.shape
    if len(view.shape) < 3 or channels * groups != view.shape[1] or columns % groups:
        raise call.node.fault(
            f"its weight of shape {kernel.shape} in {groups} groups does not fit an input of shape {view.shape}",
            "Check the shapes given for the network's inputs.",
        )
    slide = sliding(call, view.shape, tuple(sizes))
    rows = positions(view)
    pieces = call.draft.feed(rows)
    if not pieces.exact or (groups > 1 and pieces.taps > 1):
        pieces = call.draft.feed(call.gathered(rows, "its channels come from several tokens"))
    operator = Matrix(
        channels * slide.taps,
        columns // groups,
        groups=groups,
        taps=slide.taps * pieces.taps,
        weight=kernel.names,
        bias=call.has(bias),
    )
    index = call.layer(operator, slide.positions, columns, grid=slide.grid)
    call.draft.connect(index, pieces, access=slide.access)
    return (feature_map(index, slide, columns),)


def quantised_convolution(call: Call) -> tuple[Tensor, ...]:
    """QLinearConv: the float convolution of its data (input 0), weight (3) and bias (8)."""
    return convolution(call, 0, 3, 8)


def transposed_convolution(call: Call) -> tuple[Tensor, ...]:
    """ConvTranspose is refused: its output positions take different numbers of taps."""
    raise call.node.fault(
        "transposed convolution is not modelled",
        "Export the layer as Resize (nearest) followed by Conv, or as Conv followed by DepthToSpace (sub-pixel "
        "convolution), which compute on the same arrays; or cut the graph before this node.",
    )


def gemm(call: Call) -> tuple[Tensor, ...]:
    """Gemm with either operand constant, or neither."""
    left, right = (
        _turned(call.tensor(place), call.node.integer(flag, 0)) for place, flag in enumerate(("transA", "transB"))
    )
    result = product(call, left, right)
    if not call.has(2) or call.node.number("beta", 1.0) == 0:
        return (result,)
    return (combined(call, "add", (result, call.tensor(2)), part="bias"),)


def _turned(tensor: Tensor, transposed: int) -> Tensor:
    """The matrix, transposed if the attribute says so."""
    if not transposed:
        return tensor
    if isinstance(tensor, View):
        return tensor.mapped(np.transpose, sole=tensor.sole)
    return Constant(tensor.value.T, tensor.known, tensor.names)


def matmul(call: Call) -> tuple[Tensor, ...]:
    """MatMul and MatMulInteger."""
    return (product(call, call.tensor(0), call.tensor(1)),)


def quantised_matmul(call: Call) -> tuple[Tensor, ...]:
    """QLinearMatMul: the float product of inputs 0 and 3."""
    return (product(call, call.tensor(0), call.tensor(3)),)


def product(call: Call, left: Tensor, right: Tensor) -> View:
    """Matrix product by NumPy's rules, with a constant side or without."""
    first, second = _at_least_matrix(left, front=True), _at_least_matrix(right, front=False)
    if first.shape[-1] != second.shape[-2]:
        raise call.node.fault(
            f"cannot multiply {left.shape} by {right.shape}", "Check the shapes given for the network's inputs."
        )
    if isinstance(first, View) and isinstance(second, View):
        result = dynamic_product(call, first, second)
    elif isinstance(first, View) and isinstance(second, Constant):
        result = weighted(call, first, second)
    elif isinstance(first, Constant) and isinstance(second, View):
        swapped = weighted(call, second.mapped(_swapped), Constant(_swapped(first.value), first.known, first.names))
        result = swapped.mapped(_swapped, sole=True)
    else:
        raise call.node.fault("multiplies two constants", "Fold the constants of the model first.")
    shape = result.shape[:-2] + result.shape[-2:-1] * (len(left.shape) > 1) + result.shape[-1:] * (len(right.shape) > 1)
    return result.mapped(lambda array: array.reshape(shape), sole=True)


def _swapped(array: NDArray[Entry]) -> NDArray[Entry]:
    return array.swapaxes(-1, -2)


def _at_least_matrix(tensor: Tensor, *, front: bool) -> Tensor:
    """A vector as a matrix of one row (in front) or one column."""
    if len(tensor.shape) > 1:
        return tensor
    shape = (1, *tensor.shape) if front else (*tensor.shape, 1)
    if isinstance(tensor, View):
        return tensor.mapped(lambda array: array.reshape(shape))
    return Constant(tensor.value.reshape(shape), tensor.known, tensor.names)


def weighted(call: Call, view: View, weight: Constant) -> View:
    """An activation, shape ``(..., rows)``, times a constant matrix, or one matrix per entry of its leading axes."""
    *stack, rows, columns = weight.shape
    groups = prod(stack)
    shape = np.broadcast_shapes(view.shape[:-2], tuple(stack))
    full = (*shape, *view.shape[-2:])
    view = view.mapped(lambda array: np.broadcast_to(array, full))
    split = [] if groups == 1 else [axis + len(shape) - len(stack) for axis, size in enumerate(stack) if size > 1]
    inner = [*split, len(full) - 1]
    cut = by_axes(view, [axis for axis in range(len(full)) if axis not in inner], own_elements=True)
    pieces = _exact(call, cut.rows(view), groups)
    operator = Matrix(rows, columns, groups=groups, taps=pieces.taps, weight=weight.names)
    index = call.layer(operator, cut.tokens, columns * groups, grid=cut.grid)
    call.draft.connect(index, pieces)
    out = (*full[:-1], columns)
    element = placed(np.arange(columns * groups, dtype=np.int64), inner, out)
    token = np.broadcast_to(cut.token[..., :1], out)
    return View(np.broadcast_to(np.int64(index), out), token, element, True)


def _exact(call: Call, rows: View, groups: int) -> Feed:
    """What the tokens read, copied into tokens of their own first where a matrix could not be laid out for it."""
    pieces = call.draft.feed(rows)
    if pieces.exact and (groups == 1 or pieces.taps == 1):
        return pieces
    return call.draft.feed(call.gathered(rows, "its elements come from several tokens in no simple order"))
