"""The rules of ONNX that any model must keep before it is read: operator sets, nodes, names, functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import onnx
from onnx import defs
from onnx.checker import ValidationError, check_node

from archsim.errors import InputError
from archsim.network.onnx_import.node import Node

MOST_NODES = 1_000_000
"""Nodes of a graph, its functions written out."""
MOST_NESTED = 100
"""Functions inside each other."""
_REMEDY = "The model is not valid ONNX (check it with onnx.checker); export it again."
_STANDARD = ("", "ai.onnx")


def opsets_of(model: onnx.ModelProto) -> dict[str, int]:
    """Version of each domain's operator set.

    Raises
    ------
    InputError
        If one is no version, or the standard one is unknown.
    """
    wild = next((e for e in model.opset_import if e.domain not in _STANDARD and not 0 <= e.version < 2**31), None)
    if wild is not None:
        raise InputError(
            f"version {wild.version} of domain {wild.domain!r} is none", where="opset_import", remedy=_REMEDY
        )
    opsets = {"" if entry.domain in _STANDARD else entry.domain: int(entry.version) for entry in model.opset_import}
    newest = defs.onnx_opset_version()
    if not 1 <= opsets.get("", 1) <= newest:
        raise InputError(
            f"uses version {opsets['']} of the ONNX operators; versions 1 to {newest} are known",
            where="opset_import",
            remedy="Export the model with an older operator set (opset_version), or install a newer onnx package.",
        )
    return opsets


def check_graph(graph: onnx.GraphProto, opsets: dict[str, int]) -> None:
    """Check the nodes of a graph, and of the graphs inside them, against the operators' definitions.

    Raises
    ------
    InputError
        If a node breaks its definition, or a tensor is made twice.
    """
    context = onnx.checker.C.CheckerContext()
    context.ir_version = onnx.IR_VERSION
    context.opset_imports = {"": 1, **opsets}
    _check_made_once(graph)
    for node in graph.node:
        _check(Node(node, opsets.get("" if node.domain in _STANDARD else node.domain, 1)), context)
        for inner in graphs_inside(node):
            check_graph(inner, opsets)


def _check(node: Node, context: onnx.checker.C.CheckerContext) -> None:
    if not any(node.outputs):
        raise node.fault("makes no output", _REMEDY)
    if node.proto.domain not in _STANDARD or not _is_current(node.kind, node.opset):
        return
    if any(attribute.HasField("t") or attribute.HasField("g") for attribute in node.proto.attribute):
        return  # tensors without their data are read, too; branches are checked on their own
    try:
        check_node(node.proto, context)
    except ValidationError as fault:
        raise node.fault(f"breaks its operator's definition: {_first_line(fault)}", _REMEDY) from fault


@cache
def _is_current(kind: str, version: int) -> bool:
    """Whether the operator is defined, and not deprecated, in this version."""
    return bool(defs.has(kind, version, "")) and not defs.get_schema(kind, version, "").deprecated


def _first_line(fault: Exception) -> str:
    return str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__


def _check_made_once(graph: onnx.GraphProto) -> None:
    made = Counter(name for node in graph.node for name in node.output if name)
    made.update({entry.name for entry in graph.input} | {tensor.name for tensor in graph.initializer})
    doubled = next((name for name, count in made.items() if count > 1), None)
    if doubled is not None:
        raise InputError(
            f"is made {made[doubled]} times", where=f"tensor {doubled!r} of graph {graph.name!r}", remedy=_REMEDY
        )


def graphs_inside(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """Branches and bodies of a node."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def check_functions(model: onnx.ModelProto) -> None:
    """Check that the model's functions can be written out: no recursion, and not too many nodes.

    Raises
    ------
    InputError
        If a function calls itself, is called with too many operands, or they come to more than ``MOST_NODES``.
    """
    total = _Functions({_key(function, function.name): function for function in model.functions}).nodes(
        model.graph.node
    )
    if total > MOST_NODES:
        raise InputError(
            f"comes to {total:.3g} nodes with its functions written out; at most {MOST_NODES:,} are read",
            where="functions of the model",
            remedy="Simplify the model, or cut the graph.",
        )


_Key = tuple[str, str, str]


def _key(entry: onnx.NodeProto | onnx.FunctionProto, name: str) -> _Key:
    return "" if entry.domain in _STANDARD else entry.domain, name, entry.overload


@dataclass(frozen=True, slots=True, eq=False)
class _Functions:
    """The functions of a model, and how many nodes each comes to."""

    by_key: Mapping[_Key, onnx.FunctionProto]
    sizes: dict[_Key, int] = field(default_factory=dict)

    def nodes(self, nodes: Iterable[onnx.NodeProto], path: tuple[_Key, ...] = ()) -> int:
        """Nodes that these come to, written out; ``path`` are the functions that they are inside of."""
        return sum(self._of_node(node, path) for node in nodes)

    def _of_node(self, node: onnx.NodeProto, path: tuple[_Key, ...]) -> int:
        key = _key(node, node.op_type)
        total = 1 + sum(self.nodes(graph.node, path) for graph in graphs_inside(node))
        if key not in self.by_key:
            return total
        _check_call(node, self.by_key[key], path, key)
        if key not in self.sizes:
            self.sizes[key] = self.nodes(self.by_key[key].node, (*path, key))
        return total + self.sizes[key]


def _check_call(node: onnx.NodeProto, function: onnx.FunctionProto, path: tuple[_Key, ...], key: _Key) -> None:
    where = f"function {function.name!r} of domain {function.domain!r}"
    if key in path:
        raise InputError("calls itself", where=where, remedy=_REMEDY)
    if len(path) >= MOST_NESTED:
        raise InputError(f"lies inside {len(path)} other functions", where=where, remedy="Simplify the model.")
    if len(node.input) > len(function.input) or len(node.output) > len(function.output):
        raise InputError(
            f"takes {len(function.input)} inputs and makes {len(function.output)} outputs, but node "
            f"{Node(node, 1).label!r} gives it {len(node.input)} and wants {len(node.output)}",
            where=where,
            remedy=_REMEDY,
        )
