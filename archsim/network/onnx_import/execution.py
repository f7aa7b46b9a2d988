"""Walks the graph's nodes in order, tensor by tensor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import onnx

from archsim.errors import InputError
from archsim.network.onnx_import.boundary import Unreadable, reading
from archsim.network.onnx_import.draft import Call, Draft
from archsim.network.onnx_import.folding import evaluated, initializer
from archsim.network.onnx_import.inference import Expected, expected
from archsim.network.onnx_import.limits import check_shape
from archsim.network.onnx_import.movement import MOVEMENTS
from archsim.network.onnx_import.moves import Array, Move
from archsim.network.onnx_import.node import Node
from archsim.network.onnx_import.registry import OWN_DOMAINS, handler_of
from archsim.network.onnx_import.views import CONSTANT, Constant, Tensor, View, as_view, core, merged, unknown


@dataclass(slots=True)
class Execution:
    """The tensors of a graph so far.

    Parameters
    ----------
    draft : Draft
        The network that the nodes are added to.
    opsets : mapping of str to int
        Operator set version per domain.
    uses : Counter of str
        How many readers each tensor has.
    tensors : dict of str to Tensor
        By name.
    kinds : dict of str to int
        Element types of the tensors, as ONNX numbers them, where they are known.
    """

    draft: Draft
    opsets: Mapping[str, int]
    uses: Counter[str]
    tensors: dict[str, Tensor] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)

    def run(self, nodes: Iterable[onnx.NodeProto]) -> None:
        """Read the nodes, in topological order."""
        for proto in nodes:
            domain = "" if proto.domain == "ai.onnx" else proto.domain
            self._step(Node(proto, self.opsets.get(domain, 1)))

    def tensor(self, name: str, where: str) -> Tensor:
        """A tensor that must have been made by now."""
        if name not in self.tensors:
            raise InputError(
                f"tensor {name!r} is made by no earlier node, input or initializer",
                where=where,
                remedy="The model is not valid ONNX (check it with onnx.checker); export it again.",
            )
        return self.tensors[name]

    def _step(self, node: Node) -> None:
        inputs = tuple(self.tensor(name, node.where) if name else None for name in node.proto.input)
        known, broken = self._expected(node, inputs)
        try:
            with reading(node.where):
                results = self._results(Call(node, inputs, self.draft), known)
                _check_shapes(results, known)
        except Unreadable:
            if broken is not None:
                raise broken from None
            raise
        if broken is not None and not all(isinstance(result, Constant) and result.known for result in results):
            raise broken
        for place, name in enumerate(node.outputs[len(results) :], len(results)):
            if self.uses[name]:
                raise node.fault(
                    f"its output {place} ({name!r}) is not modelled", "Export the model for inference only."
                )
        self.kinds.update((name, said.kind) for name, said in zip(node.outputs, known, strict=True) if said.kind)
        for name, result in zip(node.outputs, results, strict=False):
            if isinstance(result, View):
                result = replace(result, sole=result.sole and self.uses[name] == 1)
            self.tensors[name] = result

    def _expected(self, node: Node, inputs: tuple[Tensor | None, ...]) -> tuple[Sequence[Expected], InputError | None]:
        """What ONNX says of the outputs, and why it says nothing; what we say ourselves about that is clearer."""
        try:
            with reading(node.where):
                return expected(node, inputs, self.kinds, self.opsets), None
        except InputError as fault:
            return [Expected()] * len(node.outputs), fault

    def _results(self, call: Call, known: Sequence[Expected]) -> tuple[Tensor, ...]:
        node = call.node
        handler = handler_of(node)
        if handler is None and node.proto.domain not in OWN_DOMAINS:
            raise _not_modelled(node)
        structural = self._structural(call, known)
        if structural is not None:
            return structural
        if _is_movement(call):
            return _moved(call, known)
        if all(tensor is None or isinstance(tensor, Constant) for tensor in call.inputs):
            return tuple(evaluated(node, call.inputs, known, self.opsets))
        if handler is None:
            raise _not_modelled(node)
        return handler(call)

    def _structural(self, call: Call, known: Sequence[Expected]) -> tuple[Tensor, ...] | None:
        """Operators that ask about shapes, hold a constant, or choose a branch."""
        node = call.node
        if node.kind == "Constant":
            return (_constant(node),)
        if node.kind == "Shape":
            shape = call.tensor(0).shape
            end = node.attribute("end")
            cut = shape[node.integer("start", 0) : None if end is None else int(end.i)]
            return (Constant(np.asarray(cut, np.int64)),)
        if node.kind == "Size":
            return (Constant(np.asarray(int(np.prod(call.tensor(0).shape)), np.int64)),)
        if node.kind in ("RandomNormalLike", "RandomUniformLike", "EyeLike"):
            return (unknown(call.tensor(0).shape, known[0].dtype),)
        if node.kind == "If":
            return self._branch(call)
        return None

    def _branch(self, call: Call) -> tuple[Tensor, ...]:
        """If with a constant condition: its branch, in place."""
        chosen = call.node.attribute("then_branch" if call.values(0, "condition").ravel()[0] else "else_branch")
        if chosen is None:
            raise call.node.fault("lacks a branch", "Export the model again; the node is not valid ONNX.")
        outer = dict(self.tensors)
        self.tensors.update((tensor.name, initializer(tensor)) for tensor in chosen.g.initializer)
        self.run(chosen.g.node)
        results = tuple(self.tensor(output.name, call.node.where) for output in chosen.g.output)
        for name, output in zip(call.node.outputs, chosen.g.output, strict=False):
            self.kinds[name] = self.kinds.get(output.name, 0)
        self.tensors = outer
        return results


def _check_shapes(results: Sequence[Tensor], known: Sequence[Expected]) -> None:
    """Refuse what was read otherwise than ONNX says, or is too large to go on with."""
    for result, said in zip(results, known, strict=False):
        check_shape(result.shape)
        if said.shape is not None and result.shape != said.shape:
            raise ValueError(f"its output is read with shape {result.shape}, where ONNX infers {said.shape}")


def _not_modelled(node: Node) -> InputError:
    version = f" of operator set {node.opset}" if not node.proto.domain else f" of domain {node.proto.domain!r}"
    return node.fault(
        f"operator {node.kind!r}{version} is not modelled",
        "Export the model without it (a lower opset or other export options decompose it), or cut the graph before "
        "it with onnx.utils.extract_model.",
    )


def _constant(node: Node) -> Constant:
    stored = node.attribute("value")
    if stored is not None:
        return replace(initializer(stored.t), names=(node.outputs[0],))
    for name in ("value_ints", "value_floats", "value_int", "value_float", "value_string", "value_strings"):
        found = node.attribute(name)
        if found is not None:
            value = np.asarray(onnx.helper.get_attribute_value(found))
            return Constant(value.astype(np.float32) if value.dtype == np.float64 else value)
    raise node.fault("holds a sparse or empty constant", "Export it as a dense tensor.")


def _is_movement(call: Call) -> bool:
    """Whether the node only moves data; computed indices and interpolation are work."""
    kind = call.node.kind
    if kind in ("Gather", "GatherElements", "GatherND", "ScatterND", "ScatterElements"):
        return isinstance(call.tensor(1), Constant) and call.node.text("reduction", "none") == "none"
    if kind in ("Resize", "Upsample"):
        return call.node.text("mode", "nearest") == "nearest"
    return kind in MOVEMENTS


def _data_inputs(call: Call) -> tuple[Tensor, ...]:
    """Inputs that hold data; the others say how to move it."""
    if call.node.kind == "Concat" or call.node.kind.startswith("Scatter"):
        return tuple(tensor for tensor in call.inputs if tensor is not None)
    return (call.tensor(0),)


def _moved(call: Call, known: Sequence[Expected]) -> tuple[Tensor, ...]:
    data = _data_inputs(call)
    moves = MOVEMENTS[call.node.kind](call)
    masks = [unknown(data[0].shape, np.dtype(np.bool_))] if call.node.kind == "Dropout" else []
    if all(isinstance(tensor, Constant) for tensor in data):
        return (*(_moved_constant(call, move, known) for move in moves), *masks)
    views = [as_view(tensor) for tensor in data]
    sole = len(views) == 1 and views[0].sole
    moved = [_moved_view(views, move) for move in moves]
    whole = len(moved) == 1 and moved[0].layer.size == views[0].layer.size
    return (*(_live(replace(view, sole=sole and whole), known[0].dtype) for view in moved), *masks)


def _live(view: View, dtype: np.dtype[np.generic]) -> Tensor:
    """The view, or a constant where only padding and constants are left of it."""
    return unknown(view.shape, dtype) if bool((core(view.layer) == CONSTANT).all()) else view


def _moved_view(views: list[View], move: Move) -> View:
    return merged(views, lambda parts: move(list(parts), np.int64(CONSTANT)).astype(np.int64, copy=False))


def _cast(value: Array, dtype: np.dtype[np.generic]) -> Array:
    """The values in another type; broadcast axes stay broadcast."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.broadcast_to(core(value).astype(dtype), value.shape)


def _moved_constant(call: Call, move: Move, known: Sequence[Expected]) -> Constant:
    constants = [tensor for tensor in _data_inputs(call) if isinstance(tensor, Constant)]
    fill = call.values(2, "value").ravel()[0] if call.node.kind == "Pad" and call.has(2) else np.float64(0)
    arrays: list[Array] = [constant.value for constant in constants]
    value = move(arrays, fill)
    if call.node.kind == "Cast":
        value = _cast(value, onnx.helper.tensor_dtype_to_np_dtype(call.node.integer("to", 1)))
    if call.node.kind == "CastLike":
        value = _cast(value, known[0].dtype)
    names = tuple(dict.fromkeys(name for constant in constants for name in constant.names))
    return Constant(value, all(constant.known for constant in constants), names)
