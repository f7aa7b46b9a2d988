"""Opening a model file."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import defs, inliner, shape_inference
from onnx.checker import ValidationError
from onnx.shape_inference import InferenceError

from archsim.errors import InputError
from archsim.network.onnx_import.boundary import in_file
from archsim.network.onnx_import.registry import modelled
from archsim.network.onnx_import.validity import check_functions, check_graph, opsets_of

_REFUSED = (RuntimeError, ValueError, ValidationError, InferenceError)
"""What the onnx package raises of models that it cannot take."""


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
    with in_file(path):
        return checked(model)


def checked(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its local functions written out, after a look at its rules.

    Raises
    ------
    InputError
        If it breaks one.
    """
    opsets = opsets_of(model)
    if model.functions:
        check_functions(model)
        model = _inlined(model)
        opsets = opsets_of(model)
    check_graph(model.graph, opsets)
    return model


def _inlined(model: onnx.ModelProto) -> onnx.ModelProto:
    try:
        return inliner.inline_local_functions(model)
    except _REFUSED as fault:
        raise InputError(
            f"its functions cannot be written out: {str(fault).strip().splitlines()[-1]}",
            where="functions of the model",
            remedy="The model is not valid ONNX (check it with onnx.checker); export it again without functions.",
        ) from fault


def expanded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with operators that nobody reads replaced by their definition in simpler ones, if there is one."""
    versions = {entry.domain: entry.version for entry in model.opset_import}
    wanted = {
        node.op_type
        for node in model.graph.node
        if node.domain in ("", "ai.onnx") and node.op_type not in modelled() and _is_function(node, versions.get("", 1))
    }
    if wanted:
        wanted -= _untyped(model, wanted)
    if not wanted:
        return model
    try:
        return inliner.inline_selected_functions(model, [("", kind) for kind in sorted(wanted)], False, True)
    except _REFUSED:
        return model  # the inliner stops at some optional inputs; the operator is then refused by its own name


def _untyped(model: onnx.ModelProto, kinds: set[str]) -> set[str]:
    """Kinds of operators with an input of unknown type: the inliner crashes on these, and takes Python along."""
    try:
        typed = shape_inference.infer_shapes(model).graph
    except _REFUSED:
        return kinds
    values = (*typed.input, *typed.value_info, *typed.output)
    known = {value.name for value in values if value.type.WhichOneof("value") is not None}
    known |= {tensor.name for tensor in (*typed.initializer, *(sparse.values for sparse in typed.sparse_initializer))}
    return {
        node.op_type
        for node in model.graph.node
        if node.op_type in kinds and not known.issuperset(filter(None, node.input))
    }


def _is_function(node: onnx.NodeProto, version: int) -> bool:
    if not defs.has(node.op_type, version, ""):
        return False
    schema = defs.get_schema(node.op_type, version, "")
    return bool(schema.has_function or schema.has_context_dependent_function)  # type: ignore[attr-defined]
