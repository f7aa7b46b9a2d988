"""Where the samples lie: found out by computing two of them together, in turned order, and alone.

A file does not say which axis holds the samples: it may be the first or not (time-major sequences), outputs may lack
it, and a recurrence over the first axis is no batch. An axis holds samples if the outputs turn as the samples are
turned, and if none of them changes when the others do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from archsim.errors import InputError
from archsim.functional.graph_inputs import GraphInput, wrong_shape
from archsim.functional.runtime import Tensor, Tensors

_ALIKE = 0.01
"""Distance of outputs, as a share of the largest, that rounding explains; quantised ones may differ by a step."""


@dataclass(frozen=True, slots=True)
class SampleAxis:
    """Where samples lie in a tensor.

    Parameters
    ----------
    axis : int
    outer : int
        Positions outside the samples where both were merged into one axis (time-major sequences that were flattened).
    """

    axis: int
    outer: int = 1

    def split(self, value: Tensor, samples: int) -> Tensor:
        """The tensor with an axis of its own for the samples, after that of the outer positions."""
        shape = value.shape
        inner = shape[self.axis] // (self.outer * samples)
        return value.reshape(*shape[: self.axis], self.outer, samples, inner, *shape[self.axis + 1 :])

    def part(self, value: Tensor, index: int, samples: int) -> Tensor:
        """One sample's share."""
        return self.merged(self.split(value, samples).take([index], self.axis + 1))

    def merged(self, split: Tensor) -> Tensor:
        """Back from ``split``."""
        shape = split.shape
        return split.reshape(*shape[: self.axis], -1, *shape[self.axis + 3 :])

    def joined(self, parts: Sequence[Tensor], counts: Sequence[int]) -> Tensor:
        """Parts of so many samples each as one tensor."""
        split = [self.split(part, count) for part, count in zip(parts, counts, strict=True)]
        return self.merged(np.concatenate(split, axis=self.axis + 1))


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How data are cut into samples.

    Parameters
    ----------
    inputs : mapping of str to int
        Axis of the samples by input; inputs without one are given whole to every batch.
    group : int
        Samples that a fixed batch holds; 0 where any number will do.
    outputs : mapping of str to SampleAxis or None
        Where they lie in the outputs; None where an output is the same for all of them.
    products : mapping of str to int or None
        The same for the data of nodes on arrays, by the node's first output.
    stacked : bool
        Whether the data have a first axis that the model lacks, and the outputs get one.
    one_by_one : bool
        Whether samples have to be computed one at a time.
    note : str
        What the reader of results should know; "" for nothing.
    """

    inputs: Mapping[str, int]
    group: int
    outputs: Mapping[str, SampleAxis | None] = field(default_factory=dict)
    products: Mapping[str, int | None] = field(default_factory=dict)
    stacked: bool = False
    one_by_one: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one computation in floating point made: the outputs, and the data of the nodes on arrays."""

    outputs: Tensors
    products: Tensors


Compute = Callable[[Tensors], Seen]


class _NoSamples(Exception):
    """The axis does not hold samples."""


def layout_of(tensors: Tensors, inputs: tuple[GraphInput, ...], compute: Compute) -> Layout:
    """Find where the samples lie.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        Checked data by input.
    inputs : tuple of GraphInput
    compute : callable
        From inputs of the model to what it makes of them.

    Raises
    ------
    InputError
        If the data fit no input, or their numbers of samples differ.
    """
    stacked = {entry.name: 0 for entry in inputs if tensors[entry.name].ndim > len(entry.sizes)}
    if stacked:
        return _stacked(tensors, inputs, stacked)
    _check_counts(tensors, inputs)
    for axes, group in _candidates(inputs):
        if not _fits(tensors, inputs, axes):
            continue
        try:
            return _probed(tensors, axes, group, compute)
        except _NoSamples:
            continue
    return _whole(tensors, inputs)


def _stacked(tensors: Tensors, inputs: tuple[GraphInput, ...], stacked: Mapping[str, int]) -> Layout:
    for entry in inputs:
        value = tensors[entry.name]
        if not entry.takes(value.shape[1:] if entry.name in stacked else value.shape, None):
            raise wrong_shape(value, entry)
    _check_same({name: len(tensors[name]) for name in stacked})
    return Layout(stacked, 1, stacked=True)


def _whole(tensors: Tensors, inputs: tuple[GraphInput, ...]) -> Layout:
    for entry in inputs:
        if not entry.takes(tensors[entry.name].shape, None):
            raise wrong_shape(tensors[entry.name], entry)
    note = "No axis of the data holds samples that the model computes apart: all data are one sample."
    return Layout({}, 1, note=note)


def _candidates(inputs: tuple[GraphInput, ...]) -> Iterator[tuple[dict[str, int], int]]:
    """Axes that may hold the samples, the likeliest first, and the samples of a batch (0 for any number)."""
    if any(None in entry.sizes for entry in inputs):
        yield from ((axes, 0) for axes in _open_axes(inputs))
    else:
        yield from _fixed_axes(inputs)


def _open_axes(inputs: tuple[GraphInput, ...]) -> list[dict[str, int]]:
    """First axes where they are open, then open axes of one name."""
    first = {entry.name: 0 for entry in inputs if entry.sizes and entry.sizes[0] is None}
    named: dict[str, dict[str, int]] = {}
    for entry in inputs:
        for axis, size in enumerate(entry.sizes):
            if size is None:
                named.setdefault(entry.symbol(axis), {}).setdefault(entry.name, axis)
    return [axes for axes in (first, *named.values()) if axes]


def _fixed_axes(inputs: tuple[GraphInput, ...]) -> Iterator[tuple[dict[str, int], int]]:
    """Each axis of the first input that has any, with the axes of the others that are as large."""
    for axis, size in enumerate(next((entry.sizes for entry in inputs if entry.sizes), ())):
        assert size is not None
        placed = {e.name: axis for e in inputs if len(e.sizes) > axis and e.sizes[axis] == size}
        found = {e.name: e.sizes.index(size) for e in inputs if size in e.sizes}
        yield placed, size
        if found != placed:
            yield found, size


def _check_counts(tensors: Tensors, inputs: tuple[GraphInput, ...]) -> None:
    """Sizes of one name, or first axes without names, have to be of one size."""
    for axes in _open_axes(inputs):
        entries = [entry for entry in inputs if entry.name in axes]
        if len({entry.symbol(axes[entry.name]) for entry in entries}) == 1:
            _check_same({name: tensors[name].shape[axis] for name, axis in axes.items()})


def _check_same(counts: Mapping[str, int]) -> None:
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name}: {count}" for name, count in counts.items())
        raise InputError(f"numbers of samples differ ({found})", where="data", remedy="Give as many of each.")


def _fits(tensors: Tensors, inputs: tuple[GraphInput, ...], axes: Mapping[str, int]) -> bool:
    shapes = all(entry.takes(tensors[entry.name].shape, axes.get(entry.name)) for entry in inputs)
    return shapes and len({tensors[name].shape[axis] for name, axis in axes.items()}) == 1


def _probed(tensors: Tensors, axes: Mapping[str, int], group: int, compute: Compute) -> Layout:
    """The layout with these axes.

    Raises
    ------
    _NoSamples
        If they hold no samples.
    """
    name, axis = next(iter(axes.items()))
    samples = tensors[name].shape[axis]
    if group == 1:
        return _of_one(tensors, axes, compute)
    if group == 0 and samples == 1:
        return Layout(axes, 0)
    return _Probe(tensors, axes, group or 2, compute).layout(group)


def _of_one(tensors: Tensors, axes: Mapping[str, int], compute: Compute) -> Layout:
    """A batch of one: outputs are put together along their first axis of that size."""
    made = compute(taken(tensors, axes, [0])).outputs
    places = {name: SampleAxis(value.shape.index(1)) if 1 in value.shape else None for name, value in made.items()}
    if None in places.values():
        raise _NoSamples
    return Layout(axes, 1, places)


def taken(tensors: Tensors, axes: Mapping[str, int], samples: Sequence[int]) -> dict[str, Tensor]:
    """Some of the samples."""
    return {name: v.take(samples, axes[name]) if name in axes else v for name, v in tensors.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """An attempt to tell samples apart along some axes, ``count`` of them together."""

    tensors: Tensors
    axes: Mapping[str, int]
    count: int
    compute: Compute

    def layout(self, group: int) -> Layout:
        chosen = self._chosen()
        joint, turned, same = (
            self._made(order) for order in (chosen, [*chosen[1:], chosen[0]], [chosen[0]] * self.count)
        )
        lone = joint if group else self._made(chosen[:1])
        outputs = {name: self._place(name, joint, turned, lone) for name in joint.outputs}
        for name, where in outputs.items():
            self._check_apart(where, joint.outputs[name], same.outputs[name], None if group else lone.outputs[name])
        if group:
            return Layout(self.axes, group, outputs)
        products = {name: self._of_product(name, joint, turned, lone) for name in joint.products}
        one_by_one = any(where is not None and where.outer > 1 for where in products.values())
        places = {name: None if where is None else where.axis for name, where in products.items()}
        return Layout(self.axes, 0, outputs, places, one_by_one=one_by_one)

    def _chosen(self) -> list[int]:
        """The first samples; the second one is different from the first, if any is."""
        name, axis = next(iter(self.axes.items()))
        samples = self.tensors[name].shape[axis]
        first = taken(self.tensors, self.axes, [0])
        other = next((k for k in range(1, samples) if self._differs(first, k)), min(1, samples - 1))
        return [0, other, *(min(k, samples - 1) for k in range(2, self.count))]

    def _differs(self, first: Tensors, index: int) -> bool:
        mine = taken(self.tensors, self.axes, [index])
        return any(not np.array_equal(first[name], mine[name]) for name in self.axes)

    def _made(self, samples: Sequence[int]) -> Seen:
        try:
            return self.compute(taken(self.tensors, self.axes, samples))
        except InputError as fault:
            raise _NoSamples from fault

    def _place(self, name: str, joint: Seen, turned: Seen, lone: Seen) -> SampleAxis | None:
        return self._found(joint.outputs[name], turned.outputs[name], lone.outputs[name])

    def _of_product(self, name: str, joint: Seen, turned: Seen, lone: Seen) -> SampleAxis | None:
        return self._found(joint.products[name], turned.products[name], lone.products[name])

    def _found(self, joint: Tensor, turned: Tensor, lone: Tensor) -> SampleAxis | None:
        """The place whose samples are turned as the inputs' are; None for a tensor that stays the same."""
        for where in self._places(joint.shape, lone.shape if lone is not joint else None):
            if _alike(np.roll(where.split(joint, self.count), -1, where.axis + 1), where.split(turned, self.count)):
                return where
        if joint.shape == lone.shape and _alike(joint, turned):
            return None
        raise _NoSamples

    def _places(self, shape: tuple[int, ...], lone: tuple[int, ...] | None) -> Iterator[SampleAxis]:
        """Axes that grow with the samples; where that is not known, those whose size can hold them."""
        for axis, size in enumerate(shape):
            grows = size % self.count == 0 and lone in (None, (*shape[:axis], size // self.count, *shape[axis + 1 :]))
            if grows:
                yield SampleAxis(axis)
                if size > self.count:
                    yield SampleAxis(axis, size // self.count)

    def _check_apart(self, where: SampleAxis | None, joint: Tensor, same: Tensor, lone: Tensor | None) -> None:
        """The first sample does not change with the others, nor alone; what all share changes with none."""
        if where is None:
            apart = _alike(joint, same)
        else:
            mine = where.part(joint, 0, self.count)
            apart = _alike(mine, where.part(same, 0, self.count)) and (lone is None or _alike(mine, lone))
        if not apart:
            raise _NoSamples


def _alike(a: Tensor, b: Tensor) -> bool:
    if a.shape != b.shape:
        return False
    if not np.issubdtype(a.dtype, np.inexact):
        return bool(np.array_equal(a, b))
    reach = float(np.abs(a).max(initial=0.0, where=np.isfinite(a)))
    return bool(np.allclose(a, b, rtol=0, atol=_ALIKE * reach, equal_nan=True))
