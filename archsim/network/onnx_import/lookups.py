"""Table look-ups and data-dependent movement: embeddings, dynamic gathers and scatters."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import numpy as np

from archsim.network.access import Whole
from archsim.network.onnx_import.draft import Call
from archsim.network.onnx_import.partition import Partition, by_axes, partition
from archsim.network.onnx_import.views import Constant, Tensor, View, as_view, placed, unknown
from archsim.network.operators import Counts, Digital
from archsim.network.work import activation_work, together


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


def gather_elements(call: Call) -> tuple[Tensor, ...]:
    """GatherElements with computed indices: an entry for each of them, from anywhere in the data."""
    cut = partition(call.view(1))
    return (_from_anywhere(call, "gather", cut, activation_work("gather", cut.width)),)


def scatter(call: Call) -> tuple[Tensor, ...]:
    """ScatterElements and ScatterND where indices are computed or entries meet: any update may land anywhere."""
    data, updates = call.tensor(0), call.tensor(2)
    cut = partition(data) if isinstance(data, View) else _cut_as(data.shape, _token_axes(call, updates))
    landing = max(cut.width, -(-prod(updates.shape) // cut.tokens))
    work = activation_work("scatter", landing)
    if call.node.text("reduction", "none") != "none":
        work = together(work, activation_work(_REDUCTIONS[call.node.text("reduction", "none")], landing))
    return (_from_anywhere(call, "scatter", cut, work),)


_REDUCTIONS = {"add": "add", "mul": "mul", "max": "max", "min": "min"}


def _token_axes(call: Call, updates: Tensor) -> range | tuple[int, ...]:
    """Axes of constant data that become tokens: those that are indexed, or those of the updates' tokens."""
    if call.node.kind == "ScatterND":
        return range(call.tensor(1).shape[-1])
    return partition(updates).token_axes if isinstance(updates, View) else (call.axis(0, len(updates.shape)),)


def _cut_as(shape: tuple[int, ...], token_axes: Iterable[int]) -> Partition:
    return by_axes(as_view(unknown(shape, np.dtype(np.float32))), token_axes)


def _from_anywhere(call: Call, kind: str, cut: Partition, work: Counts) -> View:
    """A layer each of whose tokens may need any token of every input."""
    index = call.layer(Digital(kind, work), cut.tokens, cut.width, grid=cut.grid)
    for port, tensor in enumerate(call.inputs):
        if isinstance(tensor, View):
            _connect_whole(call, index, tensor, port)
    return cut.stream(index)


def gather_nd(call: Call) -> tuple[Tensor, ...]:
    """GatherND with computed indices is refused."""
    raise call.node.fault("gathers at computed places, which is not modelled", "Export it as GatherElements.")


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
