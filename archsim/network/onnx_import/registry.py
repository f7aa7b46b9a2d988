"""Which function reads which ONNX operator: those of archsim, and those that installed packages add."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from archsim.network.onnx_import import elementwise, lookups, matrices, normalisation, pooling, recurrences, reductions
from archsim.network.onnx_import.contraction import einsum
from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.movement import MOVEMENTS
from archsim.network.onnx_import.node import Node
from archsim.network.onnx_import.resize import interpolation
from archsim.network.onnx_import.views import Tensor, unknown
from archsim.registration import refuse_taken, registered

Handler = Callable[[Call], tuple[Tensor, ...]]
"""From a node and its inputs to its outputs; the layers that it makes are added to the call's draft."""
GROUP = "archsim.onnx_operators"
OWN_DOMAINS = ("", "ai.onnx", "com.microsoft")
"""Domains whose operators are read by name."""


@dataclass(frozen=True, slots=True)
class OnnxOperator:
    """An operator that another package reads.

    Parameters
    ----------
    name : str
        As nodes name it.
    handler : Handler
        Reads a node.
    domain : str
        Operator set that it belongs to; "" for ONNX's own.
    """

    name: str
    handler: Handler
    domain: str = ""


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


@lru_cache(maxsize=1)
def added_operators() -> Mapping[tuple[str, str], Handler]:
    """Operators of the entry point group ``archsim.onnx_operators``, by domain and name.

    Raises
    ------
    InputError
        If a package's entry point cannot be loaded, is no OnnxOperator, or takes an operator that is read already.
    """
    found: dict[tuple[str, str], Handler] = {}
    for where, operator in registered(GROUP, OnnxOperator, "ONNX operator"):
        own = {*HANDLERS, *MOVEMENTS} if operator.domain in OWN_DOMAINS else set()
        words = f"reader of ONNX operator {operator.name!r} of domain {operator.domain!r}"
        refuse_taken(
            operator.name, {*own, *(name for domain, name in found if domain == operator.domain)}, words, where
        )
        found[operator.domain, operator.name] = operator.handler
    return MappingProxyType(found)


def handler_of(node: Node) -> Handler | None:
    """What reads a node that does work; None for an operator that nobody reads."""
    domain = "" if node.proto.domain == "ai.onnx" else node.proto.domain
    added = added_operators().get((domain, node.kind))
    return HANDLERS.get(node.kind) if added is None and domain in OWN_DOMAINS else added


def modelled() -> frozenset[str]:
    """ONNX's own operators that are read as they are, not as their definition in simpler ones says."""
    return frozenset({*HANDLERS, *MOVEMENTS, *(name for domain, name in added_operators() if not domain)})
