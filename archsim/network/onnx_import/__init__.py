"""Reading networks from ONNX files."""

from archsim.network.onnx_import.reader import read_onnx

__all__ = ["read_onnx"]
