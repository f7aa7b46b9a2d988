"""Table look-ups and data-dependent movement: embeddings, dynamic gathers and scatters."""

from __future__ import annotations

from math import prod

import numpy as np

from archsim.network.access import Whole
from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.partition import Partition, partition
from archsim.network.onnx_import.views import Constant, Tensor, View, placed
from archsim.network.operators import Digital
from archsim.network.work import activation_work


def gather(call: Call) -> tuple[Tensor, ...]:
    """Gather whose indices are computed: an embedding of a constant table, or a selection of activations."""
    data, indices = call.tensor(0), call.view(1)
    axis = call.axis(0, len(data.shape))
    rest = (*data.shape[:axis], *data.shape[axis + 1 :])
    cut = partition(indices)
    width = cut.width * prod(rest)
    constant = isinstance(data, Constant)
    kind = "embedding" if constant else "gather"
    table = prod(data.shape) if constant else 0
    index = call.layer(Digital(kind, activation_work(kind, width), table=table), cut.tokens, width, grid=cut.grid)
    call.draft.connect(index, call.draft.feed_by(indices, cut), port=0 if constant else 1)
    if isinstance(data, View):
        _connect_whole(call, index, data, 0)
    return (_looked_up(index, cut, rest, axis),)


def _looked_up(index: int, cut: Partition, rest: tuple[int, ...], axis: int) -> View:
    """The output: the indices' axes in the place of the gathered one."""
    shape = (*cut.token.shape, *rest)
    tail = prod(rest)
    dims = (*cut.token.shape, *(1,) * len(rest))
    token = np.broadcast_to(cut.token.reshape(dims), shape)
    within = placed(np.arange(tail, dtype=np.int64), range(cut.token.ndim, len(shape)), shape)
    element = cut.element.reshape(dims) * tail + within
    view = View(np.broadcast_to(np.int64(index), shape), token, element)
    sources = tuple(range(cut.token.ndim, cut.token.ndim + axis))
    return view.mapped(lambda array: np.moveaxis(array, sources, range(axis)), sole=True)


def data_dependent(call: Call) -> tuple[Tensor, ...]:
    """GatherElements, GatherND, ScatterND, ScatterElements with computed indices: every token may need any other."""
    name = call.node.kind
    kind = "gather" if name.startswith("Gather") else "scatter"
    if name == "GatherND":
        raise call.node.fault("gathers at computed places, which is not modelled", "Export it as GatherElements.")
    main = call.tensor(1) if name == "GatherElements" else call.tensor(0)
    cut = partition(main) if isinstance(main, View) else partition(call.view(1))
    index = call.layer(Digital(kind, activation_work(kind, cut.width)), cut.tokens, cut.width, grid=cut.grid)
    for port, tensor in enumerate(call.inputs):
        if isinstance(tensor, View):
            _connect_whole(call, index, tensor, port)
    return (cut.stream(index),)


def shaped_by_values(call: Call) -> tuple[Tensor, ...]:
    """Operators whose output has as many entries as the values of their inputs say."""
    raise call.node.fault(
        "the shape of its output depends on the values of the network's inputs, so that its time cannot be known",
        "Cut the graph before this node (post-processing such as non-maximum suppression belongs on the host), or "
        "export it with fixed sizes.",
    )


def _connect_whole(call: Call, index: int, view: View, port: int) -> None:
    """Let every token read the whole stream of whatever made the view."""
    rows = partition(view).rows(view)
    call.draft.connect(index, call.draft.feed(rows), port=port, access=lambda piece, produced: Whole())
