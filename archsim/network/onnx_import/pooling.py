"""Pooling over windows and over whole feature maps."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from types import MappingProxyType

from archsim.network.access import Window
from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.views import Tensor
from archsim.network.onnx_import.windows import Sliding, feature_map, positions, sliding
from archsim.network.operators import Digital
from archsim.network.work import Reduction, pool_work

_POOLS: Mapping[str, tuple[str, Reduction]] = MappingProxyType(
    {
        "MaxPool": ("max-pool", Reduction.MAX),
        "AveragePool": ("average-pool", Reduction.AVERAGE),
        "LpPool": ("lp-pool", Reduction.NORM),
        "GlobalMaxPool": ("global-max-pool", Reduction.MAX),
        "GlobalAveragePool": ("global-average-pool", Reduction.AVERAGE),
        "QLinearGlobalAveragePool": ("global-average-pool", Reduction.AVERAGE),
        "QLinearAveragePool": ("average-pool", Reduction.AVERAGE),
        "GlobalLpPool": ("global-lp-pool", Reduction.NORM),
    }
)


def pool(call: Call) -> tuple[Tensor, ...]:
    """MaxPool, AveragePool, LpPool: channels are pooled apart."""
    outputs = call.node.outputs
    if len(outputs) > 1 and outputs[1]:
        raise call.node.fault(
            "its second output, the places of the maxima, is not modelled",
            "Export an up-sampling that does not need them (Resize) in place of MaxUnpool.",
        )
    shape = call.view(0).shape
    kernel = call.node.integers("kernel_shape")
    if kernel is None:
        raise call.node.fault("its kernel_shape is missing", "Export the model again; the node is not valid ONNX.")
    return _pooled(call, sliding(call, shape, kernel))


def global_pool(call: Call) -> tuple[Tensor, ...]:
    """Pooling of all positions into one token."""
    batch, _, *spatial = call.view(0).shape
    ones = (1,) * len(spatial)
    steps, pads = (1,) * (len(spatial) + 1), (0,) * (len(spatial) + 1)
    return _pooled(call, Sliding(Window((batch, *spatial), (batch, *ones), (1, *spatial), steps, pads, steps)))


def _pooled(call: Call, slide: Sliding) -> tuple[Tensor, ...]:
    view = call.view(0)
    channels = view.shape[1]
    kind, reduction = _POOLS[call.node.kind]
    operator = Digital(kind, pool_work(reduction, prod(slide.window.kernel), channels))
    index = call.layer(operator, slide.positions, channels, grid=slide.grid)
    call.draft.connect(index, call.draft.feed(positions(view)), access=slide.access)
    return (feature_map(index, slide, channels),)
