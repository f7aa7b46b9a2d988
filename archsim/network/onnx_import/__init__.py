"""Reading networks from ONNX files.

A package adds an operator by an entry point of the group ``archsim.onnx_operators`` that names an ``OnnxOperator``; its
handler builds on ``applied``, ``combined`` and ``partition``.
"""

from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.elementwise import applied, combined
from archsim.network.onnx_import.partition import Partition, partition
from archsim.network.onnx_import.reader import read_model, read_onnx
from archsim.network.onnx_import.registry import OnnxOperator
from archsim.network.onnx_import.views import Constant, Tensor, View

__all__ = [
    "Call",
    "Constant",
    "OnnxOperator",
    "Partition",
    "Tensor",
    "View",
    "applied",
    "combined",
    "partition",
    "read_model",
    "read_onnx",
]
