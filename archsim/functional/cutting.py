"""Cutting a graph at its matrix layers: constants first, then segments and products in turns.

A tensor's level is the number of products that lie on the longest way to it. Segment k holds the digital nodes of
level k; the products that read its tensors make those of level k + 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import onnx
from onnx import numpy_helper

from archsim.errors import InputError
from archsim.functional.runtime import Ends, Segment, Tensor, Tensors, external_names, reads, segment
from archsim.network.onnx_import.model_file import expanded, load

_RANDOM = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"}
)
_WEIGHTS_REMEDY = "Give the model with its weights: keep the external data file beside it, or export it again."


def load_with_weights(path: Path) -> onnx.ModelProto:
    """Read a model with its weights, as the importer of networks sees it.

    Raises
    ------
    InputError
        If the file cannot be used, or weights are missing.
    """
    model = load(path)
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
    except (OSError, ValueError, onnx.checker.ValidationError) as fault:
        raise InputError(f"its weights cannot be read: {fault}", where=str(path), remedy=_WEIGHTS_REMEDY) from fault
    return expanded(model)


def stored_constants(graph: onnx.GraphProto) -> dict[str, Tensor]:
    """Values of the initializers.

    Raises
    ------
    InputError
        If one lacks its data.
    """
    return {tensor.name: _value(tensor) for tensor in graph.initializer}


def _value(tensor: onnx.TensorProto) -> Tensor:
    try:
        value: Tensor = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, RuntimeError) as fault:
        raise InputError(
            f"it has the shape {tuple(tensor.dims)}, and the file no such data",
            where=f"weight {tensor.name!r}",
            remedy=_WEIGHTS_REMEDY,
        ) from fault
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """A segment of digital nodes, and the products that its tensors make possible."""

    digital: tuple[onnx.NodeProto, ...]
    products: tuple[onnx.NodeProto, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CutGraph:
    """A model in the order in which it is computed.

    Parameters
    ----------
    model : onnx.ModelProto
    constants : mapping of str to ndarray
        All tensors that do not depend on the inputs.
    rounds : tuple of Round
    inputs, outputs : tuple of str
    """

    model: onnx.ModelProto
    constants: Tensors
    rounds: tuple[Round, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    _sessions: dict[tuple[int, tuple[str, ...]], Segment] = field(default_factory=dict)

    def segment(self, index: int, tensors: Tensors) -> dict[str, Tensor]:
        """Compute the digital nodes of a round; constants of the graph are no tensors."""
        nodes = self.rounds[index].digital
        if not nodes:
            return {}
        outside = sorted(external_names(nodes) - set(self.constants))
        kinds = tuple(str(tensors[name].dtype) for name in outside)
        if (index, kinds) not in self._sessions:
            ends = Ends(tuple((name, tensors[name].dtype) for name in outside), self.made_by(index))
            held = {name: self.constants[name] for name in external_names(nodes) if name in self.constants}
            self._sessions[index, kinds] = segment(self.model, nodes, ends, held)
        return self._sessions[index, kinds](tensors)

    def made_by(self, index: int) -> tuple[str, ...]:
        """Tensors of a round's segment that others read."""
        made = {name for node in self.rounds[index].digital for name in node.output if name}
        wanted = set(self.outputs) | {name for node in self.rounds[index].products for name in reads(node)}
        for later in self.rounds[index + 1 :]:
            wanted |= external_names(later.digital)
            wanted |= {name for node in later.products for name in reads(node)}
        return tuple(sorted(made & wanted))


def cut(model: onnx.ModelProto, products: Sequence[onnx.NodeProto]) -> CutGraph:
    """Cut a model at the nodes that are on arrays.

    Parameters
    ----------
    model : onnx.ModelProto
        With weights.
    products : sequence of onnx.NodeProto
        Nodes of the model.
    """
    graph = model.graph
    stored = stored_constants(graph)
    inputs = tuple(entry.name for entry in graph.input if entry.name not in stored)
    needed = _needed(graph)
    live = live_tensors(graph)
    constants = {**stored, **_folded(model, [node for node in needed if not _is_live(node, live)], stored)}
    working = [node for node in needed if _is_live(node, live)]
    outputs = tuple(entry.name for entry in graph.output if entry.name in live)
    return CutGraph(model, constants, _rounds(working, products), inputs, outputs)


def live_tensors(graph: onnx.GraphProto) -> set[str]:
    """Tensors that depend on the graph's inputs, or on chance."""
    stored = {tensor.name for tensor in graph.initializer}
    live = {entry.name for entry in graph.input if entry.name not in stored}
    for node in graph.node:
        if _is_live(node, live):
            live.update(name for name in node.output if name)
    return live


def _is_live(node: onnx.NodeProto, live: set[str]) -> bool:
    return node.op_type in _RANDOM or bool(reads(node) & live)


def _needed(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Nodes that an output depends on, in order."""
    wanted = {entry.name for entry in graph.output}
    kept: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= reads(node)
    return kept[::-1]


def _folded(model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], stored: Tensors) -> dict[str, Tensor]:
    """Values of the nodes that depend on constants alone."""
    if not nodes:
        return {}
    made = tuple(sorted({name for node in nodes for name in node.output if name}))
    held = {name: stored[name] for name in external_names(nodes)}
    return segment(model, nodes, Ends((), made), held)({})


def _rounds(nodes: Iterable[onnx.NodeProto], products: Sequence[onnx.NodeProto]) -> tuple[Round, ...]:
    chosen = {tuple(node.output) for node in products}
    level: dict[str, int] = {}
    digital: dict[int, list[onnx.NodeProto]] = {}
    analog: dict[int, list[onnx.NodeProto]] = {}
    for node in nodes:
        rank = max((level.get(name, 0) for name in reads(node)), default=0)
        is_product = tuple(node.output) in chosen
        (analog if is_product else digital).setdefault(rank, []).append(node)
        level.update((name, rank + is_product) for name in node.output if name)
    last = max((*digital, *analog), default=-1)
    return tuple(Round(tuple(digital.get(k, ())), tuple(analog.get(k, ()))) for k in range(last + 1))
