"""Softmax and the normalisations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.elementwise import applied, foldable
from archsim.network.onnx_import.partition import Partition, partition
from archsim.network.onnx_import.views import Tensor, View, varies
from archsim.network.operators import Counts, Digital, Matrix
from archsim.network.work import (
    layer_norm_work,
    local_response_norm_work,
    log_softmax_work,
    rms_norm_work,
    scale_offset_work,
    softmax_work,
    statistics_work,
)

_RowWork = Callable[[int, int], Counts]


def softmax(call: Call) -> tuple[Tensor, ...]:
    """Softmax and LogSoftmax along an axis; before operator set 13, over all axes from it on."""
    view = call.view(0)
    rank = len(view.shape)
    old = call.node.opset < 13
    axis = call.axis(1 if old else -1, rank)
    axes = range(axis, rank) if old else (axis,)
    kind, work = ("softmax", softmax_work) if call.node.kind == "Softmax" else ("log-softmax", log_softmax_work)
    return (_over_rows(call, kind, work, axes),)


def _over_rows(call: Call, kind: str, work: _RowWork, axes: Sequence[int]) -> View:
    """A layer that treats the entries along some axes as one vector, inside one token."""
    view = call.view(0)
    length = prod(view.shape[axis] for axis in axes)
    cut = partition(view, axes)
    rows = cut.width // length
    heads = rows if _in_a_row(cut, axes) else 1
    return call.emitted(Digital(kind, work(length, rows), whole_token=True, heads=heads), cut, (view,))


def _in_a_row(cut: Partition, axes: Sequence[int]) -> bool:
    """Whether each vector's elements lie side by side in the token, so that the vectors can be treated apart."""
    inner = [axis for axis in cut.axes[len(cut.token_axes) :] if cut.token.shape[axis] > 1]
    wide = sorted(axis for axis in axes if cut.token.shape[axis] > 1)
    return cut.order is None and cut.element_order is None and inner[len(inner) - len(wide) :] == wide


def layer_norm(call: Call) -> tuple[Tensor, ...]:
    """LayerNormalization, and the decomposed form (its axes are then an attribute)."""
    return (_normalised(call, "layer-norm", _norm_axes(call)),)


def rms_norm(call: Call) -> tuple[Tensor, ...]:
    """RMSNormalization, SimplifiedLayerNormalization and the decomposed form."""
    axes = _norm_axes(call)
    return (_over_rows(call, "rms-norm", rms_norm_work, axes),)


def _norm_axes(call: Call) -> tuple[int, ...]:
    rank = len(call.view(0).shape)
    listed = call.node.integers("axes")
    return call.axes(listed, rank) if listed is not None else tuple(range(call.axis(-1, rank), rank))


def mean_variance_norm(call: Call) -> tuple[Tensor, ...]:
    """MeanVarianceNormalization over its axes."""
    axes = call.axes(call.node.integers("axes") or (0, 2, 3), len(call.view(0).shape))
    return (_normalised(call, "layer-norm", axes),)


def lp_norm(call: Call) -> tuple[Tensor, ...]:
    """LpNormalization along an axis; counted as a root-mean-square normalisation."""
    return (_over_rows(call, "lp-norm", rms_norm_work, (call.axis(-1, len(call.view(0).shape)),)),)


def instance_norm(call: Call) -> tuple[Tensor, ...]:
    """InstanceNormalization: every channel over its positions."""
    return (_normalised(call, "group-norm", range(2, len(call.view(0).shape))),)


def group_norm(call: Call) -> tuple[Tensor, ...]:
    """GroupNormalization: groups of channels over their positions."""
    view = call.view(0)
    batch, channels, *spatial = view.shape
    groups = call.node.integer("num_groups", 1)
    split = (batch, groups, channels // groups, *spatial)
    parted = Call(call.node, (view.mapped(lambda array: array.reshape(split)), *call.inputs[1:]), call.draft)
    result = _normalised(parted, "group-norm", range(2, len(split)))
    return (result.mapped(lambda array: array.reshape(view.shape), sole=True),)


def _normalised(call: Call, kind: str, axes: Sequence[int]) -> View:
    """Normalisation over some axes: one layer inside a token, or statistics and scaling where it spans tokens."""
    view = call.view(0)
    if not _spans_positions(view, axes):
        return _over_rows(call, kind, layer_norm_work, axes)
    statistics, width = _statistics(call, kind, axes)
    cut = partition(view)
    index = call.layer(Digital(kind, scale_offset_work(cut.width)), cut.tokens, cut.width, grid=cut.grid)
    call.draft.connect(index, call.draft.feed_by(view, cut))
    read = call.draft.feed_by(statistics, cut)
    whole = tuple(replace(piece, elements=width, scattered=True) for piece in read.pieces)
    call.draft.connect(index, replace(read, pieces=whole), port=1)
    return cut.stream(index)


def _spans_positions(view: View, axes: Sequence[int]) -> bool:
    """Whether the axes run over positions of a map, rather than over a few tokens stacked into one vector."""
    across = [axis for axis in axes if varies(view.token, axis)]
    positions = any(not varies(view.element, axis) for axis in across)
    return positions or (bool(across) and partition(view, axes).tokens == 1)


def _statistics(call: Call, kind: str, axes: Sequence[int]) -> tuple[View, int]:
    """A layer of the mean and inverse deviation of every group, as a view of the input's shape, and its width.

    The view tells the tokens apart but not the elements: whoever reads it takes the whole token.
    """
    view = call.view(0)
    cut = partition(view, axes)
    length = prod(view.shape[axis] for axis in axes)
    groups = cut.width // length
    operator = Digital(f"{kind}-statistics", statistics_work(length, groups), whole_token=True)
    index = call.layer(operator, cut.tokens, 2 * groups, part="statistics")
    call.draft.connect(index, call.draft.feed_by(view, cut))
    nothing = np.broadcast_to(np.int64(0), view.shape)
    return View(np.broadcast_to(np.int64(index), view.shape), cut.token, nothing), 2 * groups


def batch_norm(call: Call) -> tuple[Tensor, ...]:
    """BatchNormalization with fixed statistics: folded into the matrix before it, or a layer of its own."""
    view = call.view(0)
    for place in range(1, 5):
        call.constant(place, "statistics")
    if view.producer is not None and foldable(view, (1,)):
        operator = call.draft.layers[view.producer].operator
        if isinstance(operator, Matrix):
            call.draft.exchange(view.producer, replace(operator, bias=True))
            call.draft.folded["batch normalisations folded into the matrix before them"] += 1
            return (view,)
    return (applied(call, "batch-norm", view),)


def local_response_norm(call: Call) -> tuple[Tensor, ...]:
    """LRN across channels: every element needs its neighbours in the token."""
    view = call.view(0)
    cut = partition(view, (1,))
    size = min(call.node.integer("size", 1), view.shape[1])
    work = local_response_norm_work(size, cut.width)
    return (call.emitted(Digital("local-response-norm", work, whole_token=True), cut, (view,)),)
