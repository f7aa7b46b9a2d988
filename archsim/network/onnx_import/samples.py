"""How many samples one pass of a network carries: a batch inside the file is counted as that many.

An axis of the inputs holds samples if no token of any layer depends on two of its entries, and the outputs tell them
apart. Which axes may be one, and in which order they are tried, is as where a model's outputs are computed: the first
axis of the first input, then its others; one of size 1 is a batch of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from archsim.network.access import NOTHING, Previous, Tokens
from archsim.network.graph import Edge, Network
from archsim.network.onnx_import.views import View, placed, varies
from archsim.network.operators import Sink

_NONE = np.int64(2**62)


@dataclass(frozen=True, slots=True, eq=False)
class _Owners:
    """Smallest and largest sample that each token depends on, shape ``(tokens,)``; ``low`` > ``high`` for none."""

    low: Tokens
    high: Tokens

    @property
    def apart(self) -> bool:
        """Whether no token depends on two samples."""
        return bool((self.low >= self.high).all())

    def ranges(self, first: Tokens, last: Tokens) -> _Owners:
        """The samples behind ranges of tokens."""
        return _Owners(
            _over_ranges(self.low, first, last, np.minimum, _NONE),
            _over_ranges(self.high, first, last, np.maximum, -_NONE),
        )

    def with_others(self, other: _Owners) -> _Owners:
        """The samples behind either."""
        return _Owners(np.minimum(self.low, other.low), np.maximum(self.high, other.high))


def _nobody(tokens: int) -> _Owners:
    return _Owners(np.full(tokens, _NONE), np.full(tokens, -_NONE))


def _over_ranges(values: Tokens, first: Tokens, last: Tokens, fold: np.ufunc, nothing: np.int64) -> Tokens:
    """Fold values over ranges that may overlap, each as two runs of a power of two."""
    there = first != NOTHING
    low, high = np.where(there, first, 0), np.where(there, last, 0)
    level = np.floor(np.log2(high - low + 1)).astype(np.int64)
    found, runs = np.full(len(first), nothing), values
    for step in range(int(level.max(initial=0)) + 1):
        mine = there & (level == step)
        found[mine] = fold(runs[low[mine]], runs[high[mine] - 2**step + 1])
        runs = fold(runs[: len(runs) - 2**step], runs[2**step :]) if len(runs) > 2**step else runs
    return found


def samples_per_run(network: Network, inputs: Mapping[str, View]) -> int:
    """Samples in one pass.

    Parameters
    ----------
    network : Network
        As it was read.
    inputs : mapping of str to View
        Its inputs, in the file's order, as views of their layers.
    """
    inputs = {name: view for name, view in inputs.items() if name in network.by_name}
    for axes, samples in _candidates({name: view.shape for name, view in inputs.items()}):
        if samples == 1:
            return 1
        if holds_samples(network, {name: (inputs[name], axis) for name, axis in axes.items()}, samples):
            return samples
    return 1


def _candidates(shapes: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[dict[str, int], int]]:
    """Axes by input that may hold the samples, and their size: those in the same place, or wherever the size occurs."""
    for axis, size in enumerate(next((shape for shape in shapes.values() if shape), ())):
        same = {name: axis for name, shape in shapes.items() if len(shape) > axis and shape[axis] == size}
        found = {name: shape.index(size) for name, shape in shapes.items() if size in shape}
        yield same, size
        if found != same:
            yield found, size


def holds_samples(network: Network, axes: Mapping[str, tuple[View, int]], samples: int) -> bool:
    """Whether entries of some axes of the inputs, ``samples`` of them, go through the network side by side.

    Parameters
    ----------
    network : Network
        As it was read.
    axes : mapping of str to (View, int)
        Inputs as views of their layers, and the axis of each.
    samples : int
        Its size.
    """
    owners: dict[str, _Owners] = {}
    for layer in network.order:
        mine = _nobody(layer.tokens)
        if layer.name in axes:
            view, axis = axes[layer.name]
            if not varies(view.token, axis):
                return False
            mine = _of_input(view, axis, layer.tokens)
        for edge in network.inputs_of(layer.name):
            if not isinstance(edge.access, Previous):
                reach = edge.access.reach(network.by_name[edge.source].tokens, layer.tokens)
                mine = mine.with_others(owners[edge.source].ranges(*reach))
        if not mine.apart:
            return False
        owners[layer.name] = mine
    return all(_kept(edge, network, owners) for edge in network.edges if edge.recurrent) and _told(
        network, owners, samples
    )


def _of_input(view: View, axis: int, tokens: int) -> _Owners:
    index = placed(np.arange(view.shape[axis], dtype=np.int64), (axis,), view.shape)
    one = tuple(
        slice(None) if varies(view.token, place) or place == axis else slice(0, 1) for place in range(index.ndim)
    )
    owners = _nobody(tokens)
    np.minimum.at(owners.low, view.token[one], index[one])
    np.maximum.at(owners.high, view.token[one], index[one])
    return owners


def _kept(edge: Edge, network: Network, owners: Mapping[str, _Owners]) -> bool:
    """Whether a state comes back to the sample that it belongs to."""
    source, target = owners[edge.source], owners[edge.target]
    first, last = edge.access.reach(network.by_name[edge.source].tokens, network.by_name[edge.target].tokens)
    before = source.ranges(first, last)
    return before.with_others(target).apart


def _told(network: Network, owners: Mapping[str, _Owners], samples: int) -> bool:
    """Whether every output that depends on the samples at all has as many tokens of each."""
    found = False
    for layer in network.layers:
        if isinstance(layer.operator, Sink):
            mine = owners[layer.name].low
            counts = np.bincount(mine[mine != _NONE], minlength=samples)
            if counts.any() and (len(counts) > samples or not (counts == counts[0]).all()):
                return False
            found |= bool(counts.any())
    return found
