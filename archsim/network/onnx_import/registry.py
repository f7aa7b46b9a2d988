"""Which function reads which ONNX operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from archsim.network.onnx_import import elementwise, lookups, matrices, normalisation, pooling, recurrences, reductions
from archsim.network.onnx_import.contraction import einsum
from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.resize import interpolation
from archsim.network.onnx_import.views import Tensor, unknown

Handler = Callable[[Call], tuple[Tensor, ...]]


def dynamic_quantisation(call: Call) -> tuple[Tensor, ...]:
    """DynamicQuantizeLinear: element-wise work; the range that it measures is taken as given."""
    call.draft.note("dynamic quantisation is counted as element-wise work; measuring the range is not modelled")
    scale = unknown((), np.dtype(np.float32))
    return elementwise.applied(call, "quantize", call.view(0)), scale, unknown((), np.dtype(np.uint8))


HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        **dict.fromkeys(elementwise.ACTIVATIONS, elementwise.activation),
        **dict.fromkeys(elementwise.COMBINATIONS, elementwise.combination),
        **dict.fromkeys(("QLinearAdd", "QLinearMul"), elementwise.quantised_addition),
        "DynamicQuantizeLinear": dynamic_quantisation,
        **dict.fromkeys(("Conv", "ConvInteger", "QLinearConv"), matrices.convolution),
        "ConvTranspose": matrices.transposed_convolution,
        "Gemm": matrices.gemm,
        **dict.fromkeys(("MatMul", "MatMulInteger", "QLinearMatMul"), matrices.matmul),
        "Einsum": einsum,
        **dict.fromkeys(("LSTM", "GRU", "RNN"), recurrences.recurrence),
        **dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), pooling.pool),
        **dict.fromkeys(("GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool"), pooling.global_pool),
        "QLinearGlobalAveragePool": pooling.global_pool,
        "QLinearAveragePool": pooling.pool,
        **dict.fromkeys(("Softmax", "LogSoftmax"), normalisation.softmax),
        "LayerNormalization": normalisation.layer_norm,
        **dict.fromkeys(("RMSNormalization", "SimplifiedLayerNormalization"), normalisation.rms_norm),
        "MeanVarianceNormalization": normalisation.mean_variance_norm,
        "LpNormalization": normalisation.lp_norm,
        "InstanceNormalization": normalisation.instance_norm,
        "GroupNormalization": normalisation.group_norm,
        "BatchNormalization": normalisation.batch_norm,
        "LRN": normalisation.local_response_norm,
        **dict.fromkeys(reductions.REDUCTIONS, reductions.reduction),
        **dict.fromkeys(("ArgMax", "ArgMin"), reductions.arg_extreme),
        "TopK": reductions.top_k,
        "CumSum": reductions.cumulative_sum,
        "Gather": lookups.gather,
        "GatherElements": lookups.gather_elements,
        "GatherND": lookups.gather_nd,
        **dict.fromkeys(("ScatterND", "ScatterElements"), lookups.scatter),
        **dict.fromkeys(("NonZero", "Unique", "Compress", "NonMaxSuppression"), lookups.shaped_by_values),
        **dict.fromkeys(("ConstantOfShape", "Range"), lookups.shaped_by_values),
        "Resize": interpolation,
        "Upsample": interpolation,
    }
)
"""Operators that do work on a chip, by their ONNX names."""
