"""From an ONNX file to a Network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import onnx

from archsim.errors import InputError
from archsim.network.graph import Network
from archsim.network.onnx_import.attention import attended
from archsim.network.onnx_import.boundary import in_file, reading
from archsim.network.onnx_import.draft import Draft
from archsim.network.onnx_import.execution import Execution
from archsim.network.onnx_import.folding import initializer
from archsim.network.onnx_import.fusion import fused
from archsim.network.onnx_import.inputs import USUAL_SIZES, filled, is_open, options, shape_of, shown, source
from archsim.network.onnx_import.model_file import checked, expanded, load
from archsim.network.onnx_import.partition import partition
from archsim.network.onnx_import.samples import samples_per_run
from archsim.network.onnx_import.validity import opsets_of
from archsim.network.onnx_import.views import Constant, View
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
    with in_file(path):
        return _network(load(path), path.stem, shapes)


def read_model(
    model: onnx.ModelProto, *, name: str = "model", shapes: Mapping[str, tuple[int, ...]] = _NO_SHAPES
) -> Network:
    """Read a network from a model in memory, as ``read_onnx`` does from a file."""
    return _network(checked(model), name, shapes)


def _network(model: onnx.ModelProto, name: str, shapes: Mapping[str, tuple[int, ...]]) -> Network:
    run = executed(model, shapes)
    with reading(f"network {name!r}"):
        network = run.draft.finished(name)
        network = replace(network, samples_per_run=samples_per_run(network, _inputs(run)))
    if not network.layers:
        raise InputError(
            "no output depends on an input", where=f"network {name!r}", remedy="Check that the model has both."
        )
    return network


def _inputs(run: Execution) -> dict[str, View]:
    """The inputs as views of their layers."""
    views = ((entry.name, run.tensors[entry.name]) for entry in run.draft.inputs)
    return {name: view for name, view in views if isinstance(view, View)}


def executed(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> Execution:
    """Read a loaded model: its layers are in the draft of what is returned, its tensors' views beside them."""
    model = expanded(model)
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = [entry for entry in model.graph.input if entry.name not in stored]
    _check_given(shapes, [entry.name for entry in inputs])
    left_open = [entry for entry in inputs if entry.name not in shapes and is_open(entry)]
    if left_open:
        raise InputError(
            "the file leaves shapes open: " + ", ".join(f"{entry.name} ({shown(entry)})" for entry in left_open),
            where=f"graph input {left_open[0].name!r}",
            remedy=f"Give them with the option --shape, for example {_shapes_that_work(model, left_open, shapes)}",
        )
    return _walked(model, inputs, shapes)


def _walked(
    model: onnx.ModelProto, inputs: Sequence[onnx.ValueInfoProto], shapes: Mapping[str, tuple[int, ...]]
) -> Execution:
    """Read the nodes, with a shape for every input."""
    graph = model.graph
    nodes = fused(graph)
    uses = Counter(name for node in nodes for name in node.input)
    uses.update(output.name for output in graph.output)
    draft = Draft(attended(nodes, [entry.name for entry in inputs]))
    run = Execution(draft, opsets_of(model), uses)
    for tensor in graph.initializer:
        with reading(f"tensor {tensor.name!r}"):
            run.tensors[tensor.name] = initializer(tensor)
    for entry in inputs:
        with reading(f"graph input {entry.name!r}"):
            run.tensors[entry.name] = source(entry, shape_of(entry, shapes, run.draft), graph, run.draft)
        run.kinds[entry.name] = entry.type.tensor_type.elem_type
    run.run(nodes)
    for output in graph.output:
        with reading(f"graph output {output.name!r}"):
            _sink(run, output.name)
    return run


def _shapes_that_work(
    model: onnx.ModelProto, left_open: Sequence[onnx.ValueInfoProto], given: Mapping[str, tuple[int, ...]]
) -> str:
    """Options for shapes with which the model can be read, the first of some usual sizes; or why there are none."""
    refusals = []
    for size in USUAL_SIZES:
        tried = {entry.name: filled(entry, size) for entry in left_open}
        try:
            executed(model, {**given, **tried})
        except InputError as fault:
            refusals.append(f"{options(tried)}; but with it, {fault.where}: {fault.what}")
            continue
        return options(tried)
    return refusals[0]


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
