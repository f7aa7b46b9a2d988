"""Reductions along axes, and operators that search or accumulate along one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from types import MappingProxyType

import numpy as np

from archsim.network.access import NOTHING, Access, Prefix, Whole
from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.feeds import Piece, access_of
from archsim.network.onnx_import.partition import by_axes, partition
from archsim.network.onnx_import.views import Ids, Tensor, View, placed, varies
from archsim.network.operators import Counts, Digital
from archsim.network.work import Reduction, activation_work, reduction_work, scaled, sort_work

REDUCTIONS: Mapping[str, tuple[str, Reduction]] = MappingProxyType(
    {
        "ReduceMean": ("reduce-mean", Reduction.AVERAGE),
        "ReduceSum": ("reduce-sum", Reduction.SUM),
        "ReduceMax": ("reduce-max", Reduction.MAX),
        "ReduceMin": ("reduce-min", Reduction.MAX),
        "ReduceProd": ("reduce-product", Reduction.PRODUCT),
        "ReduceSumSquare": ("reduce-squares", Reduction.SQUARES),
        "ReduceL1": ("reduce-l1", Reduction.SUM),
        "ReduceL2": ("reduce-l2", Reduction.NORM),
        "ReduceLogSum": ("reduce-log-sum", Reduction.LOG_SUM),
        "ReduceLogSumExp": ("reduce-log-sum-exp", Reduction.LOG_SUM_EXP),
    }
)


def reduction(call: Call) -> tuple[Tensor, ...]:
    """ReduceMean and its family."""
    view = call.view(0)
    rank = len(view.shape)
    given = call.integers("axes", 1)
    if not given:
        if call.node.integer("noop_with_empty_axes", 0):
            return (view,)
        given = tuple(range(rank))
    axes = call.axes(given, rank)
    kind, fold = REDUCTIONS[call.node.kind]
    each = reduction_work(fold, prod(view.shape[axis] for axis in axes))
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(view.shape))
    return (_without(call, _condensed(call, kind, shape, each), axes),)


def arg_extreme(call: Call) -> tuple[Tensor, ...]:
    """ArgMax and ArgMin: one pass of comparisons."""
    view = call.view(0)
    axis = call.axis(0, len(view.shape))
    each = reduction_work(Reduction.MAX, view.shape[axis])
    shape = (*view.shape[:axis], 1, *view.shape[axis + 1 :])
    return (_without(call, _condensed(call, call.node.kind.lower(), shape, each), (axis,)),)


def top_k(call: Call) -> tuple[Tensor, ...]:
    """TopK: each of the entries kept travels with its index, so both outputs are the same tokens."""
    view = call.view(0)
    axis = call.axis(-1, len(view.shape))
    kept = call.node.integer("k", 0) or int(call.values(1, "k").ravel()[0])
    if not 0 < kept <= view.shape[axis]:
        raise call.node.fault(f"keeps {kept} of {view.shape[axis]} entries", "Check k and the shapes of the inputs.")
    shape = (*view.shape[:axis], kept, *view.shape[axis + 1 :])
    found = _condensed(call, "top-k", shape, sort_work(view.shape[axis], 1))
    return found, found


def _condensed(call: Call, kind: str, shape: tuple[int, ...], each: Counts) -> View:
    """A layer that condenses some axes of its input: those whose size in ``shape`` differs.

    Parameters
    ----------
    call : Call
        The node.
    kind : str
        The operator in the field's words.
    shape : tuple of int
        Shape of the output, with as many axes as the input.
    each : Counts
        Work per output element.
    """
    view = call.view(0)
    changed = [axis for axis, size in enumerate(view.shape) if size != shape[axis] or size == 1]
    cut = partition(view, changed)
    inner = [axis for axis in range(len(shape)) if axis not in cut.token_axes]
    width = prod(shape[axis] for axis in inner)
    whole = any(view.shape[axis] > 1 and not varies(view.token, axis) for axis in changed)
    operator = Digital(kind, scaled(each, width), whole_token=whole)
    index = call.layer(operator, cut.tokens, width, grid=cut.grid)
    call.draft.connect(index, call.draft.feed_by(view, cut))
    first = tuple(slice(0, 1) if axis in changed else slice(None) for axis in range(len(shape)))
    element = placed(np.arange(width, dtype=np.int64), inner, shape)
    return View(np.broadcast_to(np.int64(index), shape), np.broadcast_to(cut.token[first], shape), element, True)


def _without(call: Call, view: View, axes: Sequence[int]) -> View:
    """The view without the reduced axes, unless the node keeps them."""
    if call.node.integer("keepdims", 1):
        return view
    shape = tuple(size for axis, size in enumerate(view.shape) if axis not in axes)
    return view.mapped(lambda array: array.reshape(shape), sole=True)


def _accumulated(piece: Piece) -> tuple[Ids, Ids]:
    """First and last token read by each position or by any before it."""
    absent = np.iinfo(np.int64).max
    first = np.minimum.accumulate(np.where(piece.first == NOTHING, absent, piece.first))
    return np.where(first == absent, NOTHING, first), np.maximum.accumulate(piece.last)


def cumulative_sum(call: Call) -> tuple[Tensor, ...]:
    """CumSum: along the tokens, each one needs all before it (all of them, if it runs backwards)."""
    view = call.view(0)
    axis = call.axes((int(call.values(1, "axis").ravel()[0]),), len(view.shape))[0]
    if not varies(view.token, axis):
        cut = partition(view, (axis,))
        work = activation_work("cumulative-sum", cut.width)
        return (call.emitted(Digital("cumulative-sum", work, whole_token=True), cut, (view,)),)
    cut = by_axes(view, [other for other in range(len(view.shape)) if varies(view.token, other)])
    index = call.layer(Digital("cumulative-sum", activation_work("cumulative-sum", cut.width)), cut.tokens, cut.width)
    backwards = bool(call.node.integer("reverse", 0)) or cut.token_axes != (axis,) or cut.token_order is not None

    def earlier(piece: Piece, produced: int) -> Access:
        alone = np.array_equal(piece.first, np.arange(produced)) and np.array_equal(piece.last, piece.first)
        if alone and not backwards:
            return Prefix()
        return Whole() if backwards else access_of(*_accumulated(piece), produced)

    call.draft.connect(index, call.draft.feed_by(view, cut), access=earlier)
    return (cut.stream(index),)
