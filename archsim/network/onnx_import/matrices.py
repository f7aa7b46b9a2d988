"""Products with constant weights: Conv, Gemm, MatMul, and their integer forms."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.elementwise import combined
from archsim.network.onnx_import.feeds import Feed
from archsim.network.onnx_import.forms import gemm_form, matmul_form
from archsim.network.onnx_import.operands import OPERANDS
from archsim.network.onnx_import.partition import by_axes
from archsim.network.onnx_import.products import matrix_product
from archsim.network.onnx_import.views import Constant, Tensor, View, placed
from archsim.network.onnx_import.windows import convolved, feature_map, positions, sliding
from archsim.network.operators import Matrix, Weights
from archsim.network.product import Contraction, ProductSpec, Quantisation

Form = Callable[[tuple[int, ...], tuple[int, ...], bool], Contraction]
"""From the shapes of data and weights, and whether the data come first, to the form of the product."""
_SHAPES = "Check the shapes given for the network's inputs."


def convolution(call: Call) -> tuple[Tensor, ...]:
    """Conv, ConvInteger, QLinearConv of any dimension, stride, padding, dilation and group."""
    places = OPERANDS[call.node.kind]
    view, kernel = call.view(places.left), call.constant(places.right, "weight")
    groups = call.node.integer("group", 1)
    if min(len(view.shape), len(kernel.shape)) < 3 or not _fits(view.shape[1], kernel.shape, groups):
        raise call.node.fault(
            f"its weight of shape {kernel.shape} in {groups} groups does not fit an input of shape {view.shape}",
            _SHAPES,
        )
    columns, channels, *sizes = kernel.shape
    slide = sliding(call, view.shape, tuple(sizes))
    pieces = call.draft.feed(positions(view))
    if not pieces.exact or (groups > 1 and pieces.taps > 1):
        pieces = call.draft.feed(call.gathered(positions(view), "its channels come from several tokens"))
    quantisation = places.quantisation(call)
    shape = (channels * slide.taps, columns // groups, groups)
    layout = ("convolution", shape, quantisation and quantisation.weight)
    operator = Matrix(
        call.draft.held(call.name(places.right), layout, shape, kernel.names),
        taps=slide.taps * pieces.taps,
        bias=bool(places.bias_name(call)),
    )
    index = call.layer(operator, slide.positions, columns, grid=slide.grid)
    call.draft.connect(index, pieces, access=slide.access)
    call.draft.products.append(
        ProductSpec(
            call.node.label,
            call.node.outputs,
            (call.draft.layers[index].name,),
            call.name(places.left),
            view.shape,
            (call.name(places.right),),
            convolved(call, slide, groups),
            bias=places.bias_name(call),
            quantisation=quantisation,
        )
    )
    return (feature_map(index, slide, columns),)


def _fits(channels: int, kernel: tuple[int, ...], groups: int) -> bool:
    return groups > 0 and kernel[1] * groups == channels and kernel[0] % groups == 0


def transposed_convolution(call: Call) -> tuple[Tensor, ...]:
    """ConvTranspose is refused: its output positions take different numbers of taps."""
    raise call.node.fault(
        "transposed convolution is not modelled",
        "Export the layer as Resize (nearest) followed by Conv, or as Conv followed by DepthToSpace (sub-pixel "
        "convolution), which compute on the same arrays; or cut the graph before this node.",
    )


def gemm(call: Call) -> tuple[Tensor, ...]:
    """Gemm with either operand constant, or neither."""
    turned = tuple(bool(call.node.integer(flag, 0)) for flag in ("transA", "transB"))
    left, right = (call.tensor(place) for place in (0, 1))
    if len(left.shape) != 2 or len(right.shape) != 2:
        raise call.node.fault(f"multiplies {left.shape} by {right.shape}, which are not both matrices", _SHAPES)

    def form(data: tuple[int, ...], weight: tuple[int, ...], data_first: bool) -> Contraction:
        of_data, of_weight = turned if data_first else turned[::-1]
        return gemm_form(data_first=data_first, data_turned=of_data, weight_turned=of_weight)

    if isinstance(left, View) and isinstance(right, View):
        result = matrix_product(call, *(_turned(view, flag) for view, flag in zip((left, right), turned, strict=True)))
    else:
        result = weighted(call, form)
    if not call.has(2) or call.node.number("beta", 1.0) == 0:
        return (result,)
    return (combined(call, "add", (result, call.tensor(2)), part="bias"),)


def _turned(view: View, transposed: bool) -> View:
    """The matrix, transposed if the attribute says so."""
    return view.mapped(np.transpose, sole=view.sole) if transposed else view


def matmul(call: Call) -> tuple[Tensor, ...]:
    """MatMul, MatMulInteger and QLinearMatMul."""
    places = OPERANDS[call.node.kind]
    left, right = call.tensor(places.left), call.tensor(places.right)
    if isinstance(left, View) and isinstance(right, View):
        return (matrix_product(call, left, right),)
    if not left.shape or not right.shape:
        raise call.node.fault(f"multiplies {left.shape} by {right.shape}, one of which is a single number", _SHAPES)
    return (weighted(call, lambda data, weight, first: matmul_form(data, weight, data_first=first)),)


def weighted(call: Call, form_of: Form) -> View:
    """A product of an activation and constant weights."""
    places = OPERANDS[call.node.kind]
    data_first = isinstance(call.tensor(places.left), View)
    data, weight = (places.left, places.right) if data_first else (places.right, places.left)
    view, matrix = call.view(data), call.constant(weight, "weight")
    form = form_of(view.shape, matrix.shape, data_first)
    _check(call, form, view.shape, matrix.shape)
    quantisation = places.quantisation(call, data_first=data_first)
    held = _held(call, call.name(weight), form, matrix, quantisation)
    index, result = _contracted(call, form, view, matrix.shape, held)
    call.draft.products.append(
        ProductSpec(
            call.node.label,
            call.node.outputs,
            (call.draft.layers[index].name,),
            call.name(data),
            view.shape,
            (call.name(weight),),
            form,
            bias=places.bias_name(call),
            scale=call.node.number("alpha", 1.0),
            bias_scale=call.node.number("beta", 1.0),
            quantisation=quantisation,
        )
    )
    return result


def _check(call: Call, form: Contraction, data: tuple[int, ...], weight: tuple[int, ...]) -> None:
    summed = all(data[mine] == weight[theirs] for mine, theirs in form.summed)
    if not summed or any(mine is not None and data[mine] not in (1, weight[theirs]) for mine, theirs in form.stack):
        places = OPERANDS[call.node.kind]
        left, right = call.tensor(places.left).shape, call.tensor(places.right).shape
        raise call.node.fault(f"cannot multiply {left} by {right}", _SHAPES)


def _held(call: Call, tensor: str, form: Contraction, weight: Constant, quantisation: Quantisation | None) -> Weights:
    """The weights of a contraction: the same for all that sum and keep the same axes of the same tensor."""
    axes = tuple(axis for _, axis in form.summed), form.columns, tuple(axis for _, axis in form.stack)
    rows, columns, groups = (prod(weight.shape[axis] for axis in kept) for kept in axes)
    layout = ("contraction", axes, quantisation and quantisation.weight)
    return call.draft.held(tensor, layout, (rows, columns, groups), weight.names)


def _contracted(call: Call, form: Contraction, view: View, weight: tuple[int, ...], held: Weights) -> tuple[int, View]:
    """The layer of a contraction, and the result."""
    stack = tuple(weight[axis] for _, axis in form.stack)
    columns, groups = tuple(weight[axis] for axis in form.columns), held.groups
    laid = view.mapped(lambda array: form.laid(array, stack))
    places = len(form.positions)
    wanted = not call.draft.attended.isdisjoint(call.node.outputs)
    cut = by_axes(laid, range(places), own_elements=True, own_tokens=wanted)
    pieces = _exact(call, cut.rows(laid), groups)
    operator = Matrix(held, taps=pieces.taps)
    index = call.layer(operator, cut.tokens, groups * prod(columns), grid=cut.grid)
    call.draft.connect(index, pieces)
    out = (*laid.shape[:places], *stack, *columns)
    heads = cut.token.reshape((*out[:places], -1))[..., 0]
    token = heads.reshape((*out[:places], *(1,) * len(stack + columns)))
    element = placed(np.arange(groups * prod(columns), dtype=np.int64), range(places, len(out)), out)
    made = View(np.broadcast_to(np.int64(index), out), np.broadcast_to(token, out), element)
    return index, made.mapped(lambda array: form.folded(array), sole=True)


def _exact(call: Call, rows: View, groups: int) -> Feed:
    """What the tokens read, copied into tokens of their own first where a matrix could not be laid out for it."""
    pieces = call.draft.feed(rows)
    if pieces.exact and (groups == 1 or pieces.taps == 1):
        return pieces
    return call.draft.feed(call.gathered(rows, "its elements come from several tokens in no simple order"))
