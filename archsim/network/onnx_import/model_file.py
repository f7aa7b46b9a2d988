"""Opening a model file."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import inliner

from archsim.errors import InputError


def load(path: Path) -> onnx.ModelProto:
    """The model in a file, with its local functions inlined and external weights left where they are.

    Raises
    ------
    InputError
        If the file cannot be read, is not ONNX, or holds no graph.
    """
    try:
        model = onnx.load_model(path, load_external_data=False)
    except OSError as fault:
        raise InputError(
            f"cannot be read: {fault.strerror or fault}", where=str(path), remedy="Check the path of the model file."
        ) from fault
    except (DecodeError, UnicodeDecodeError, ValueError) as fault:
        raise InputError(
            "is not an ONNX model, or only a part of one",
            where=str(path),
            remedy="Export or download it again; a Git LFS pointer or a truncated file looks like this.",
        ) from fault
    if not model.graph.node or not model.opset_import:
        raise InputError(
            "holds no graph of operators",
            where=str(path),
            remedy="Give the model file itself, not a weights file or another protobuf.",
        )
    return inliner.inline_local_functions(model) if model.functions else model
