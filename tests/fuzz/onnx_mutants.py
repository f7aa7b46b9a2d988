"""Structured mutations of ONNX models: attributes, shapes, types, wiring, constants, names, versions, functions."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INTEGERS = (0, 1, -1, 2, 3, 5, 7, 126, 4096, 65536, -9, 2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1, -(2**63))
FLOATS = (0.0, 1.0, -1.0, 0.5, 1e9, 1e-9, 3.4e38, float("nan"), float("inf"), float("-inf"))
TEXTS = (
    "",
    "NOTSET",
    "SAME_UPPER",
    "bidirectional",
    "reflect",
    "nearest",
    "ij,jk->ik",
    "...i->i",
    "\x1b[31m\x07",
    "é" * 9,
    "a" * 300,
)
KINDS = (0, 1, 2, 6, 7, 8, 9, 10, 11, 16, 17, 22, 99)
OPERATORS = (
    "Relu",
    "Transpose",
    "Conv",
    "MatMul",
    "Reshape",
    "Concat",
    "LSTM",
    "Gather",
    "Softmax",
    "Add",
    "Pad",
    "Loop",
    "Nothing",
)

Mutation = Callable[[onnx.ModelProto, Random], None]


def mutant(file: bytes, number: int) -> onnx.ModelProto:
    """The mutant of a model with this number: one to four mutations."""
    model = onnx.ModelProto()
    model.ParseFromString(file)
    rng = Random(number)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        rng.choice(MUTATIONS)(model, rng)
    return model


def _graphs(model: onnx.ModelProto) -> list[onnx.GraphProto]:
    """The model's graph, and the graphs inside its nodes."""
    found, waiting = [], [model.graph]
    while waiting:
        graph = waiting.pop()
        found.append(graph)
        waiting += [a.g for node in graph.node for a in node.attribute if a.HasField("g")]
    return found


def _nodes(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    nodes = [node for graph in _graphs(model) for node in graph.node]
    return nodes + [node for function in model.functions for node in function.node]


def _any_node(model: onnx.ModelProto, rng: Random) -> onnx.NodeProto:
    """One of the nodes; an empty one where mutations have left none."""
    nodes = _nodes(model)
    return rng.choice(nodes) if nodes else model.graph.node.add()


def _tensors(model: onnx.ModelProto) -> list[TensorProto]:
    stored = [tensor for graph in _graphs(model) for tensor in graph.initializer]
    return stored + [a.t for node in _nodes(model) for a in node.attribute if a.HasField("t")]


def _names(model: onnx.ModelProto) -> list[str]:
    names = {name for node in _nodes(model) for name in (*node.input, *node.output)}
    return sorted(names | {entry.name for entry in model.graph.input} | {""})


def _attribute(model: onnx.ModelProto, rng: Random) -> None:
    """Change, drop, add or retype an attribute."""
    given = [(node, attribute) for node in _nodes(model) for attribute in node.attribute]
    if not given or rng.random() < 0.15:
        _new_attribute(model, rng)
        return
    node, attribute = rng.choice(given)
    what = rng.randrange(8)
    if what == 0:
        node.attribute.remove(attribute)
    elif what == 1:
        attribute.type = rng.randrange(15)  # type: ignore[assignment]
    elif attribute.ints:
        _change_list(attribute.ints, INTEGERS, rng)
    elif attribute.floats:
        _change_list(attribute.floats, FLOATS, rng)
    elif attribute.strings:
        _change_list(attribute.strings, tuple(text.encode() for text in TEXTS), rng)
    elif attribute.HasField("s"):
        attribute.s = rng.choice((*(text.encode() for text in TEXTS), b"\xff\xfe"))
    elif attribute.HasField("f"):
        attribute.f = rng.choice(FLOATS)
    else:
        attribute.i = rng.choice(INTEGERS)


def _new_attribute(model: onnx.ModelProto, rng: Random) -> None:
    name = rng.choice(
        ("axis", "axes", "perm", "pads", "group", "hidden_size", "keepdims", "kernel_shape", "k", "to", "epsilon")
    )
    value = rng.choice(
        (rng.choice(INTEGERS), rng.choice(FLOATS), [rng.choice(INTEGERS) for _ in range(rng.randrange(1, 5))])
    )
    _any_node(model, rng).attribute.append(helper.make_attribute(name, value))


def _change_list(values: object, choices: tuple, rng: Random) -> None:
    listed = list(values)  # type: ignore[call-overload]
    place = rng.randrange(len(listed))
    change = rng.randrange(4)
    if change == 0:
        del listed[place]
    elif change == 1:
        listed.insert(place, rng.choice(choices))
    elif change == 2:
        rng.shuffle(listed)
    else:
        listed[place] = rng.choice(choices)
    del values[:]  # type: ignore[attr-defined]
    values.extend(listed)  # type: ignore[attr-defined]


def _input_shape(model: onnx.ModelProto, rng: Random) -> None:
    entries = [entry for entry in (*model.graph.input, *model.graph.value_info) if entry.type.HasField("tensor_type")]
    if not entries:
        return
    tensor = rng.choice(entries).type.tensor_type
    dims = tensor.shape.dim
    what = rng.randrange(6)
    if what == 0 or not dims:
        tensor.shape.dim.add().dim_value = rng.choice(INTEGERS)
    elif what == 1:
        del dims[rng.randrange(len(dims))]
    elif what == 2:
        tensor.ClearField("shape")
    elif what == 3:
        rng.choice(dims).dim_param = rng.choice(("N", "", "T", "\x1b[2J"))
    else:
        rng.choice(dims).dim_value = rng.choice(INTEGERS)


def _input_type(model: onnx.ModelProto, rng: Random) -> None:
    if model.graph.input:
        entry = rng.choice(model.graph.input)
        if rng.random() < 0.2:
            entry.ClearField("type")
        else:
            entry.type.tensor_type.elem_type = rng.choice(KINDS)


def _stored_shape(model: onnx.ModelProto, rng: Random) -> None:
    tensors = _tensors(model)
    if tensors:
        tensor = rng.choice(tensors)
        if not tensor.dims or rng.random() < 0.2:
            tensor.dims.append(rng.choice(INTEGERS))
        else:
            _change_list(tensor.dims, INTEGERS, rng)
        if rng.random() < 0.5:
            tensor.ClearField("raw_data")


def _stored_type(model: onnx.ModelProto, rng: Random) -> None:
    tensors = _tensors(model)
    if tensors:
        rng.choice(tensors).data_type = rng.choice(KINDS)


def _stored_values(model: onnx.ModelProto, rng: Random) -> None:
    """Other values in a small constant, of the same type and shape or of another size."""
    tensors = [tensor for tensor in _tensors(model) if not tensor.external_data and len(tensor.raw_data) <= 512]
    if not tensors:
        return
    tensor = rng.choice(tensors)
    try:
        values = numpy_helper.to_array(tensor).copy()
    except (ValueError, TypeError, KeyError, OverflowError):
        return
    if values.dtype.kind in "iu" and values.size:
        bounds = np.iinfo(values.dtype)
        values.flat[rng.randrange(values.size)] = min(max(rng.choice(INTEGERS), bounds.min), bounds.max)
    elif values.dtype.kind == "f" and values.size:
        with np.errstate(over="ignore"):
            values.flat[rng.randrange(values.size)] = np.float64(rng.choice(FLOATS[:6]))
    if rng.random() < 0.3:
        values = values.ravel()[: rng.randrange(values.size + 1)] if rng.random() < 0.5 else values[None]
    tensor.CopyFrom(numpy_helper.from_array(np.asarray(values), tensor.name))


def _cut_data(model: onnx.ModelProto, rng: Random) -> None:
    tensors = [tensor for tensor in _tensors(model) if tensor.raw_data]
    if tensors:
        tensor = rng.choice(tensors)
        tensor.raw_data = tensor.raw_data[: rng.randrange(len(tensor.raw_data))]


def _external_data(model: onnx.ModelProto, rng: Random) -> None:
    tensors = _tensors(model)
    if not tensors:
        return
    tensor = rng.choice(tensors)
    tensor.data_location = TensorProto.EXTERNAL
    if not tensor.external_data:
        tensor.external_data.add(key="location", value="weights.bin")
    entry = rng.choice(tensor.external_data)
    setattr(
        entry,
        rng.choice(("key", "value")),
        rng.choice(("offset", "length", "../../etc/passwd", "-1", "x", str(2**62), "")),
    )


def _wiring(model: onnx.ModelProto, rng: Random) -> None:
    node, names = _any_node(model, rng), _names(model)
    ends = rng.choice((node.input, node.input, node.output))
    what = rng.randrange(4)
    if what == 0 or not ends:
        ends.append(rng.choice(names))
    elif what == 1:
        del ends[rng.randrange(len(ends))]
    elif what == 2:
        ends[rng.randrange(len(ends))] = rng.choice(names)
    else:
        del ends[:]


def _node_list(model: onnx.ModelProto, rng: Random) -> None:
    graph = rng.choice(_graphs(model))
    if not graph.node:
        return
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in graph.node]
    place = rng.randrange(len(nodes))
    what = rng.randrange(4)
    if what == 0:
        del nodes[place]
    elif what == 1:
        nodes.insert(rng.randrange(len(nodes) + 1), nodes[place])
    elif what == 2:
        rng.shuffle(nodes)
    else:
        nodes[place].op_type = rng.choice(OPERATORS)
    del graph.node[:]
    graph.node.extend(nodes)


def _operator(model: onnx.ModelProto, rng: Random) -> None:
    node = _any_node(model, rng)
    if rng.random() < 0.7:
        node.op_type = rng.choice((*OPERATORS, *(other.op_type for other in _nodes(model))))
    else:
        node.domain = rng.choice(("", "ai.onnx", "com.microsoft", "local", "\x1b[31m", "ai.onnx.ml"))


def _name(model: onnx.ModelProto, rng: Random) -> None:
    node = _any_node(model, rng)
    node.name = rng.choice(("", "a.b", "\x1b[2J\x07", "x" * 500, "=1+1", _any_node(model, rng).name, "\u202e"))


def _rename_tensor(model: onnx.ModelProto, rng: Random) -> None:
    """Rename a tensor everywhere, to something no terminal should see."""
    old, new = rng.choice(_names(model)), rng.choice(("\x1b]0;x\x07", "a\nb", "é", "/" * 40, "x" * 1000))
    for node in _nodes(model):
        for ends in (node.input, node.output):
            for place, name in enumerate(ends):
                if name == old:
                    ends[place] = new
    for entry in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        if entry.name == old:
            entry.name = new


def _versions(model: onnx.ModelProto, rng: Random) -> None:
    what = rng.randrange(3)
    if what == 0 and model.opset_import:
        rng.choice(model.opset_import).version = rng.choice(
            (-1, 0, 1, 6, 7, 9, 10, 11, 12, 13, 15, 18, 20, 21, 22, 99, 2**40)
        )
    elif what == 1 and model.opset_import:
        del model.opset_import[rng.randrange(len(model.opset_import))]
    else:
        model.ir_version = rng.choice((0, 1, 3, 9, 99, 2**40))


def _function(model: onnx.ModelProto, rng: Random) -> None:
    """A function that calls itself, shadows an operator, or takes and makes other tensors."""
    if not model.functions:
        kind = rng.choice((*OPERATORS[:6], "Foo"))
        inner = helper.make_node(rng.choice((kind, "Relu")), ["i"], ["o"])
        made = helper.make_function(
            rng.choice(("", "local")), kind, ["i"], ["o"], [inner], [helper.make_opsetid("", 18)]
        )
        model.functions.append(made)
        if rng.random() < 0.5:
            node = _any_node(model, rng)
            node.op_type, node.domain = kind, made.domain
        return
    function = rng.choice(model.functions)
    ends = rng.choice((function.input, function.output))
    what = rng.randrange(4)
    if what == 0 and ends:
        del ends[rng.randrange(len(ends))]
    elif what == 1:
        ends.append(rng.choice(_names(model)))
    elif what == 2:
        function.name = rng.choice(("Act", "Dense", "Relu", ""))
    else:
        del function.node[:]


def _ends(model: onnx.ModelProto, rng: Random) -> None:
    """Inputs and outputs of the graph: fewer, more, doubled, of other names."""
    ends = rng.choice((model.graph.input, model.graph.output))
    what = rng.randrange(3)
    if what == 0 and ends:
        del ends[rng.randrange(len(ends))]
    elif what == 1:
        ends.append(helper.make_tensor_value_info(rng.choice(_names(model)), 1, [rng.choice(INTEGERS)]))
    elif ends:
        rng.choice(ends).name = rng.choice(_names(model))


def _stored_list(model: onnx.ModelProto, rng: Random) -> None:
    """A constant fewer, or one under another's name."""
    stored = model.graph.initializer
    if stored and rng.random() < 0.5:
        del stored[rng.randrange(len(stored))]
    elif stored:
        rng.choice(stored).name = rng.choice(_names(model))


MUTATIONS: tuple[Mutation, ...] = (
    *(_attribute,) * 4,
    *(_input_shape, _stored_shape, _stored_values, _wiring) * 2,
    *(_input_type, _stored_type, _cut_data, _external_data, _node_list, _operator),
    *(_name, _rename_tensor, _versions, _function, _ends, _stored_list),
)
"""Weighted by how often they are repeated."""
