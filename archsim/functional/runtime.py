"""ONNX Runtime: computes every operator that is not on an array, segment by segment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from archsim.errors import InputError

F32: TypeAlias = NDArray[np.float32]
Tensor: TypeAlias = NDArray[np.generic]
Tensors: TypeAlias = Mapping[str, Tensor]

_LATEST_IR = 10
"""Version of the file format that every ONNX Runtime of the last years reads."""


def onnxruntime() -> ModuleType:
    """The onnxruntime package.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        return import_module("onnxruntime")
    except ImportError as fault:
        raise InputError(
            "onnxruntime is not installed; it computes the operators that are not on arrays",
            where="functional execution",
            remedy="Install archsim with its extra: pip install 'archsim[functional]'.",
        ) from fault


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A part of a graph, ready to run.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
    inputs, outputs : tuple of str
        Tensors that it reads and makes.
    """

    session: object
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def __call__(self, tensors: Tensors) -> dict[str, Tensor]:
        """Run on tensors, of which those that it does not read are ignored.

        Raises
        ------
        InputError
            If ONNX Runtime cannot compute it.
        """
        given = {name: np.asarray(tensors[name], order="C") for name in self.inputs}
        try:
            values = self.session.run(list(self.outputs), given)  # type: ignore[attr-defined]
        except _faults() as fault:
            raise _not_computed(fault) from fault
        return dict(zip(self.outputs, map(np.asarray, values), strict=True))


def segment(model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], ends: Ends, constants: Tensors) -> Segment:
    """Make a session of some nodes of a model.

    Parameters
    ----------
    model : onnx.ModelProto
        Where the nodes are from: it gives the operator sets.
    nodes : sequence of onnx.NodeProto
        In topological order.
    ends : Ends
        What goes in and comes out.
    constants : mapping of str to ndarray
        Constants that the nodes read.

    Raises
    ------
    InputError
        If ONNX Runtime refuses the nodes.
    """
    graph = helper.make_graph(
        list(nodes),
        "segment",
        [helper.make_tensor_value_info(name, _kind(dtype), None) for name, dtype in ends.inputs],
        [helper.make_empty_tensor_value_info(name) for name in ends.outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=model.opset_import, ir_version=min(model.ir_version, _LATEST_IR))
    return Segment(_session(made), tuple(name for name, _ in ends.inputs), ends.outputs)


@dataclass(frozen=True, slots=True)
class Ends:
    """What goes into a segment and comes out.

    Parameters
    ----------
    inputs : tuple of (str, dtype)
    outputs : tuple of str
    """

    inputs: tuple[tuple[str, np.dtype[np.generic]], ...]
    outputs: tuple[str, ...]


def formula(text: str) -> Segment:
    """A small graph in ONNX's own text form, as ``cell (float[N, H] x) => (float[N, H] y) { y = Tanh(x) }``."""
    return whole(onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}'))


def whole(model: onnx.ModelProto) -> Segment:
    """All of a model, whose initializers are no inputs."""
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = tuple(entry.name for entry in model.graph.input if entry.name not in constants)
    return Segment(_session(model), inputs, tuple(entry.name for entry in model.graph.output))


def _session(model: onnx.ModelProto) -> object:
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    # Threads that spin between segments would take the cores from the crossbars.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # QuantizeLinear and DequantizeLinear are to be computed as they stand, not fused into integer operators.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        return runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except _faults() as fault:
        raise _not_computed(fault) from fault


def _kind(dtype: np.dtype[np.generic]) -> int:
    return int(helper.np_dtype_to_tensor_dtype(dtype))


def _faults() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises."""
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    kinds = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")
    return tuple(getattr(state, kind) for kind in kinds)


def _not_computed(fault: Exception) -> InputError:
    return InputError(
        f"ONNX Runtime cannot compute a part of the model: {str(fault).strip()}",
        where="functional execution",
        remedy="Check the model (onnx.checker) and the shapes of the data; export the model with a lower opset.",
    )


def external_names(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """Tensors that nodes read and do not make, their subgraphs' included."""
    made: set[str] = set()
    read: set[str] = set()
    for node in nodes:
        read |= reads(node) - made
        made.update(node.output)
    return read


def reads(node: onnx.NodeProto) -> set[str]:
    """Tensors that a node reads, those of the graph around its subgraphs included."""
    found = {name for name in node.input if name}
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            inside = {entry.name for entry in (*graph.input, *graph.initializer)}
            found |= external_names(graph.node) - inside
            found |= {entry.name for entry in graph.output} - inside - {n for node in graph.node for n in node.output}
    return found
