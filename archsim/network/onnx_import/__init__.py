"""Reading networks from ONNX files."""

from archsim.network.onnx_import.reader import read_model, read_onnx

__all__ = ["read_model", "read_onnx"]
