"""From an ONNX file to a Network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import onnx

from archsim.errors import InputError
from archsim.network.graph import Network
from archsim.network.onnx_import.draft import Draft
from archsim.network.onnx_import.execution import Execution
from archsim.network.onnx_import.folding import initializer
from archsim.network.onnx_import.fusion import fused
from archsim.network.onnx_import.inputs import shape_of, source
from archsim.network.onnx_import.model_file import expanded, load
from archsim.network.onnx_import.movement import MOVEMENTS
from archsim.network.onnx_import.partition import partition
from archsim.network.onnx_import.registry import HANDLERS
from archsim.network.onnx_import.views import Constant
from archsim.network.operators import Sink

_NO_SHAPES: Mapping[str, tuple[int, ...]] = MappingProxyType({})


def read_onnx(path: Path, *, shapes: Mapping[str, tuple[int, ...]] = _NO_SHAPES) -> Network:
    """Read a network from an ONNX file.

    Weights may be missing (external, empty, or made by ConstantOfShape): only their shapes count. Shape arithmetic is
    evaluated, operators that only move data become part of the edges, and decomposed normalisations and activations
    are put together again.

    Parameters
    ----------
    path : Path
        The file.
    shapes : mapping of str to tuple of int
        Shapes of inputs that the file leaves open, by input name.

    Returns
    -------
    Network
        Named after the file. Layers are named after their nodes, or the nodes' first outputs.

    Raises
    ------
    InputError
        If the file is not a readable ONNX model, an input's shape is unknown, or an operator is not modelled.
    """
    run = executed(load(path), shapes)
    return _checked(run.draft.finished(path.stem), path)


def executed(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> Execution:
    """Read a loaded model: its layers are in the draft of what is returned, its tensors' views beside them."""
    graph = expanded(model, {*HANDLERS, *MOVEMENTS}).graph
    stored = {tensor.name for tensor in graph.initializer}
    inputs = [entry for entry in graph.input if entry.name not in stored]
    _check_given(shapes, [entry.name for entry in inputs])
    nodes = fused(graph)
    uses = Counter(name for node in nodes for name in node.input)
    uses.update(output.name for output in graph.output)
    opsets = {entry.domain if entry.domain != "ai.onnx" else "": entry.version for entry in model.opset_import}
    run = Execution(Draft(), opsets, uses)
    run.tensors.update((tensor.name, initializer(tensor)) for tensor in graph.initializer)
    for entry in inputs:
        run.tensors[entry.name] = source(entry, shape_of(entry, shapes, run.draft), graph, run.draft)
    run.run(nodes)
    for output in graph.output:
        _sink(run, output.name)
    return run


def _check_given(shapes: Mapping[str, tuple[int, ...]], names: list[str]) -> None:
    for name in shapes:
        if name not in names:
            raise InputError(
                f"the model has no input {name!r}",
                where="the shapes given",
                remedy=f"Its inputs are: {', '.join(names) or 'none'}.",
            )


def _sink(run: Execution, name: str) -> None:
    """A layer that takes an output of the graph away."""
    tensor = run.tensor(name, f"graph output {name!r}")
    if isinstance(tensor, Constant):
        run.draft.note(f"output {name!r} is a constant and is left out")
        return
    cut = partition(tensor)
    index = run.draft.add(f"{name}.out", Sink(), cut.tokens, cut.width, grid=cut.grid, origin=name)
    run.draft.connect(index, run.draft.feed_by(tensor, cut))


def _checked(network: Network, path: Path) -> Network:
    if not network.layers:
        raise InputError(
            "no output depends on an input", where=str(path), remedy="Check that the model has inputs and outputs."
        )
    return network
