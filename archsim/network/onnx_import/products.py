"""Products of two activations: attention's scores and its context."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.feeds import Feed
from archsim.network.onnx_import.partition import Partition, by_axes
from archsim.network.onnx_import.views import View, placed, varies
from archsim.network.operators import Digital, Primitive


def matrix_product(call: Call, left: View, right: View) -> View:
    """``left @ right`` by NumPy's rules; a vector counts as one row (left) or one column (right)."""
    first, second = _at_least_matrix(left, front=True), _at_least_matrix(right, front=False)
    if first.shape[-1] != second.shape[-2] or not _stackable(first.shape[:-2], second.shape[:-2]):
        raise call.node.fault(
            f"cannot multiply {left.shape} by {right.shape}", "Check the shapes given for the network's inputs."
        )
    result = dynamic_product(call, first, second)
    shape = result.shape[:-2] + result.shape[-2:-1] * (len(left.shape) > 1) + result.shape[-1:] * (len(right.shape) > 1)
    return result.mapped(lambda array: array.reshape(shape), sole=True)


def _stackable(left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    return all(1 in (one, other) or one == other for one, other in zip(left[::-1], right[::-1], strict=False))


def _at_least_matrix(view: View, *, front: bool) -> View:
    """A vector as a matrix of one row (in front) or one column."""
    if len(view.shape) > 1:
        return view
    shape = (1, *view.shape) if front else (*view.shape, 1)
    return view.mapped(lambda array: array.reshape(shape))


def dynamic_product(call: Call, left: View, right: View) -> View:
    """``left @ right``, shapes ``(..., m, k)`` and ``(..., k, n)``.

    The tokens are the rows of ``left``, and those of its leading axes along which its tokens differ; the other leading
    axes (heads) are part of the width. What a token reads of ``right`` are its keys; where they are as many as the
    mathematics says, the work is given per key, else per token.
    """
    stack = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left, right = _stacked(left, stack), _stacked(right, stack)
    depth, columns = right.shape[-2:]
    token_axes = [axis for axis in range(len(stack) + 1) if varies(left.token, axis)]
    cut = by_axes(left, token_axes, own_elements=True, progress=_progress(call, left, right))
    heads = cut.width // depth
    keys = _keys(call, cut, right, [axis for axis in token_axes if axis < len(stack)])
    apart = prod(stack[axis] for axis in range(len(stack)) if axis not in token_axes)
    operator = replace(_operator(keys, right, heads * depth * columns), heads=apart)
    index = call.layer(operator, cut.tokens, heads * columns, grid=cut.grid)
    call.draft.connect(index, call.draft.feed(cut.rows(left)))
    call.draft.connect(index, keys, port=1)
    out = (*left.shape[:-1], columns)
    inner = [axis for axis in range(len(out)) if axis not in token_axes]
    element = placed(np.arange(heads * columns, dtype=np.int64), inner, out)
    return View(np.broadcast_to(np.int64(index), out), np.broadcast_to(cut.token[..., :1], out), element, True)


def _progress(call: Call, left: View, right: View) -> NDArray[np.float64]:
    """How far the operands' streams must be for each row of ``left``, from 0 to 1, broadcast to its shape."""
    rows = call.draft.progress(left)
    keys = call.draft.progress(right).max(axis=(-2, -1), keepdims=True)
    return np.broadcast_to(np.maximum(rows, keys), left.shape)


def _stacked(view: View, stack: tuple[int, ...]) -> View:
    shape = (*stack, *view.shape[-2:])
    return view.mapped(lambda array: np.broadcast_to(array, shape), sole=view.sole)


def _keys(call: Call, cut: Partition, right: View, batch_axes: list[int]) -> Feed:
    """What every token reads of the right operand: all that shares the token's place on the batch axes."""
    shape = right.shape
    keyed = [axis for axis in range(len(shape)) if axis not in batch_axes and varies(right.token, axis)]
    fine = by_axes(right, (*batch_axes, *keyed), own_elements=True)
    batches = prod(shape[axis] for axis in batch_axes)
    batch = placed(np.arange(batches, dtype=np.int64), batch_axes, shape)
    pieces = call.draft.feed(fine.rows(right))
    of_token = cut.arranged(placed(np.arange(batches, dtype=np.int64), batch_axes, cut.token.shape))[:, 0]
    folded = [piece.folded(fine.arranged(batch)[:, 0], batches) for piece in pieces.pieces]
    return replace(pieces, pieces=tuple(piece.at(of_token) for piece in folded))


def _operator(keys: Feed, right: View, macs: int) -> Digital:
    """The product, of ``macs`` multiply-accumulates per token."""
    depth, columns = len(right.shape) - 2, len(right.shape) - 1
    along = [axis for axis in (columns, depth) if varies(right.token, axis)]
    kind = "matmul" if len(along) != 1 else "scores" if along == [columns] else "context"
    count = right.shape[along[0]] if len(along) == 1 else 0
    if len(keys.pieces) == 1 and count and bool((keys.pieces[0].read == count).all()):
        per_key = ((Primitive.MAC, macs // count),)
        return Digital(kind, work_per_key=per_key, keys_port=1, whole_token=True, product=True)
    return Digital(kind, ((Primitive.MAC, macs),), whole_token=True, product=True)
