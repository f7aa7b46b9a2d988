"""Attention inside windows of a map, as Swin, SwinV2 and MaxViT are exported, node by node."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
from onnx_exports import Export

Scores = Callable[[Export, str, str, int], str]
"""From queries (batch, heads, tokens, depth), transposed keys and depth to scores."""


def sizes(export: Export, *shape: int) -> str:
    return export.constant(np.array(shape))


def dot(export: Export, q: str, k: str, depth: int) -> str:
    """Swin: scaled dot products."""
    return export.op("MatMul", export.op("Mul", q, export.constant(1 / sqrt(depth))), k)


def cosine(export: Export, q: str, k: str, depth: int) -> str:
    """SwinV2: products of normalised vectors, as functional.normalize is traced."""
    unit = []
    for tensor, axis in ((q, -1), (k, -2)):
        norm = export.op("ReduceL2", tensor, axes=[axis], keepdims=1)
        unit.append(export.op("Div", tensor, export.op("Clip", norm, export.constant(1e-12))))
    return export.op("Mul", export.op("MatMul", *unit), export.constant(2.0))


def rolled(export: Export, x: str, shift: int, axis: int) -> str:
    """torch.roll by ``-shift``: two slices, joined the other way round."""
    bounds = [export.constant(np.array([place])) for place in (shift, 2**63 - 1, axis, 0)]
    tail = export.op("Slice", x, bounds[0], bounds[1], bounds[2])
    head = export.op("Slice", x, bounds[3], bounds[0], bounds[2])
    return export.op("Concat", tail, head, axis=axis)


def attention(
    export: Export, windows: str, shape: tuple[int, int, int], heads: int, mask: int = 0, scores: Scores = dot
) -> str:
    """Multi-head attention of (windows, tokens, channels) with a bias of positions, and a mask of as many windows."""
    count, tokens, width = shape
    depth = width // heads
    qkv = export.linear(windows, width, 3 * width)
    parts = export.op("Reshape", qkv, sizes(export, count, tokens, 3, heads, depth))
    turned = export.op("Transpose", parts, perm=[2, 0, 3, 1, 4])
    q, k, v = (export.op("Gather", turned, export.constant(np.int64(place)), axis=0) for place in range(3))
    product = scores(export, q, export.op("Transpose", k, perm=[0, 1, 3, 2]), depth)
    biased = export.op("Add", product, export.array(np.zeros((1, heads, tokens, tokens))))
    if mask:
        apart = export.op("Reshape", biased, sizes(export, count // mask, mask, heads, tokens, tokens))
        masked = export.op("Add", apart, export.array(np.zeros((1, mask, 1, tokens, tokens))))
        biased = export.op("Reshape", masked, sizes(export, count, heads, tokens, tokens))
    context = export.op("MatMul", export.op("Softmax", biased, axis=-1), v)
    joined = export.op("Transpose", context, perm=[0, 2, 1, 3])
    return export.linear(export.op("Reshape", joined, sizes(export, count, tokens, width)), width, width)


def swin_attention(
    export: Export, x: str, side: int, width: int, heads: int, window: int, shift: int = 0, scores: Scores = dot
) -> str:
    """Window attention of (1, side * side, channels), shifted by rolling the map."""
    across = side // window
    x = export.op("Reshape", x, sizes(export, 1, side, side, width))
    if shift:
        x = rolled(export, rolled(export, x, shift, 1), shift, 2)
    x = export.op("Reshape", x, sizes(export, 1, across, window, across, window, width))
    x = export.op("Transpose", x, perm=[0, 1, 3, 2, 4, 5])
    x = export.op("Reshape", x, sizes(export, -1, window * window, width))
    shape = (across * across, window * window, width)
    x = attention(export, x, shape, heads, across * across if shift else 0, scores)
    x = export.op("Reshape", x, sizes(export, 1, across, across, window, window, width))
    x = export.op("Transpose", x, perm=[0, 1, 3, 2, 4, 5])
    x = export.op("Reshape", x, sizes(export, 1, side, side, width))
    if shift:
        x = rolled(export, rolled(export, x, side - shift, 1), side - shift, 2)
    return export.op("Reshape", x, sizes(export, 1, side * side, width))


def swin_block(
    export: Export, x: str, side: int, width: int, heads: int, window: int, shift: int = 0, scores: Scores = dot
) -> str:
    """A pre-norm block: window attention, then two layers of four times the width."""
    attended = swin_attention(export, export.layer_norm(x, width), side, width, heads, window, shift, scores)
    x = export.op("Add", x, attended)
    hidden = export.gelu(export.linear(export.layer_norm(x, width), width, 4 * width))
    return export.op("Add", x, export.linear(hidden, 4 * width, width))


def grid_attention(export: Export, x: str, side: int, width: int, heads: int, grid: int) -> str:
    """MaxViT's sparse attention of (1, side, side, channels): tokens that are side / grid apart meet."""
    step = side // grid
    x = export.op("Reshape", x, sizes(export, 1, grid, step, grid, step, width))
    x = export.op("Transpose", x, perm=[0, 2, 4, 1, 3, 5])
    x = export.op("Reshape", x, sizes(export, -1, grid * grid, width))
    x = attention(export, x, (step * step, grid * grid, width), heads)
    x = export.op("Reshape", x, sizes(export, 1, step, step, grid, grid, width))
    x = export.op("Transpose", x, perm=[0, 3, 1, 4, 2, 5])
    return export.op("Reshape", x, sizes(export, 1, side, side, width))


def merged(export: Export, x: str, side: int, width: int) -> str:
    """Patch merging: four neighbours side by side, normalised and projected to twice the width."""
    x = export.op("Reshape", x, sizes(export, 1, side, side, width))
    corners = []
    for row, column in ((0, 0), (1, 0), (0, 1), (1, 1)):
        part = x
        for axis, start in ((1, row), (2, column)):
            bounds = [export.constant(np.array([place])) for place in (start, 2**63 - 1, axis, 2)]
            part = export.op("Slice", part, *bounds)
        corners.append(part)
    x = export.op("Reshape", export.op("Concat", *corners, axis=-1), sizes(export, 1, (side // 2) ** 2, 4 * width))
    return export.op("MatMul", export.layer_norm(x, 4 * width), export.weight(4 * width, 2 * width))


def swin_tiny() -> Export:
    """Swin-T for 224 x 224: patches of 4, blocks 2-2-6-2, widths from 96, heads of 32, windows of 7."""
    export = Export(opset=17)
    image = export.input("image", [1, 3, 224, 224])
    x = export.op("Conv", image, export.weight(96, 3, 4, 4), export.array(np.zeros(96)), strides=[4, 4])
    x = export.op("Transpose", export.op("Reshape", x, sizes(export, 1, 96, 56 * 56)), perm=[0, 2, 1])
    x = export.layer_norm(x, 96)
    side, width = 56, 96
    for stage, blocks in enumerate((2, 2, 6, 2)):
        if stage:
            x = merged(export, x, side, width)
            side, width = side // 2, 2 * width
        for block in range(blocks):
            x = swin_block(export, x, side, width, width // 32, 7, 3 if block % 2 and side > 7 else 0)
    pooled = export.op("ReduceMean", export.layer_norm(x, width), axes=[1], keepdims=0)
    export.output(export.linear(pooled, width, 1000))
    return export
