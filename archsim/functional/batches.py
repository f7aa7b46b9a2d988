"""The data that a model is given: checked against its inputs, and cut into batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from archsim.errors import InputError
from archsim.functional.runtime import Tensor, Tensors


@dataclass(frozen=True, slots=True)
class Samples:
    """Which samples a batch holds.

    Parameters
    ----------
    count : int
        Their number; 1 for a model whose batch is fixed, however many samples that is.
    first : int
        Index of the first one in the whole data.
    """

    count: int
    first: int


@dataclass(frozen=True, slots=True)
class GraphInput:
    """An input of a model.

    Parameters
    ----------
    name : str
    dtype : numpy.dtype
    sizes : tuple of int or None
        None where the file leaves a size open.
    """

    name: str
    dtype: np.dtype[np.generic]
    sizes: tuple[int | None, ...]

    @property
    def open(self) -> bool:
        """Whether it takes any number of samples."""
        return bool(self.sizes) and self.sizes[0] is None


def graph_inputs(graph: onnx.GraphProto) -> tuple[GraphInput, ...]:
    """The inputs that have to be given."""
    stored = {tensor.name for tensor in graph.initializer}
    return tuple(_graph_input(entry) for entry in graph.input if entry.name not in stored)


def _graph_input(entry: onnx.ValueInfoProto) -> GraphInput:
    tensor = entry.type.tensor_type
    sizes = tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim)
    return GraphInput(entry.name, np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type)), sizes)


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Checked data.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        By input, in the inputs' types.
    samples : int
    group : int
        Samples that a fixed batch holds; 0 where any number will do.
    stacked : bool
        Whether the data have an axis of samples that the model lacks.
    shared : frozenset of str
        Inputs that every batch gets whole.
    """

    tensors: Tensors
    samples: int
    group: int
    stacked: bool
    shared: frozenset[str]

    def batches(self, size: int) -> Iterator[tuple[dict[str, Tensor], Samples]]:
        """Batches of at most ``size`` samples, or of as many as the model takes."""
        if not self.group:
            for first in range(0, self.samples, size):
                taken = slice(first, min(first + size, self.samples))
                yield self._cut(taken), Samples(taken.stop - first, first)
            return
        for unit, first in enumerate(range(0, self.samples, self.group)):
            yield self._whole(np.arange(first, first + self.group)), Samples(1, unit)

    def joined(self, outputs: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Outputs of consecutive batches as one."""
        return {name: self._join(name, [batch[name] for batch in outputs]) for name in outputs[0]}

    def _cut(self, taken: slice) -> dict[str, Tensor]:
        return {name: value if name in self.shared else value[taken] for name, value in self.tensors.items()}

    def _whole(self, wanted: np.ndarray[tuple[int], np.dtype[np.int64]]) -> dict[str, Tensor]:
        """A batch of the model's own size; the last one is filled up with its last sample."""
        inside = np.minimum(wanted, self.samples - 1)
        if self.stacked:
            return {name: v if name in self.shared else v[inside[0]] for name, v in self.tensors.items()}
        return {name: value if name in self.shared else value[inside] for name, value in self.tensors.items()}

    def _join(self, name: str, parts: list[Tensor]) -> Tensor:
        if self.stacked:
            return np.stack(parts)
        if len(parts) == 1 and (self.group or not parts[0].ndim):
            return parts[0]
        whole: Tensor = np.concatenate(parts)
        if len(whole) < self.samples:
            raise InputError(
                f"has {len(whole)} rows for {self.samples} samples",
                where=f"output {name!r}",
                remedy="Export the model with the samples along the first axis of inputs and outputs.",
            )
        return whole[: self.samples]


def check_data(given: Mapping[str, Tensor], inputs: tuple[GraphInput, ...]) -> Data:
    """Check data against the inputs of a model.

    Parameters
    ----------
    given : mapping of str to ndarray
        By input name; samples along the first axis. A model whose sizes are all fixed may be given one more axis.
    inputs : tuple of GraphInput

    Raises
    ------
    InputError
        If an input is missing, unknown, of a wrong shape or type, or not finite.
    """
    _check_names(given, inputs)
    tensors = {entry.name: _typed(np.asarray(given[entry.name]), entry) for entry in inputs}
    stacked = [entry.name for entry in inputs if tensors[entry.name].ndim == len(entry.sizes) + 1]
    for entry in inputs:
        _check_shape(tensors[entry.name], entry, entry.name in stacked)
    fixed = not any(entry.open for entry in inputs)
    shared = frozenset(_shared(tensors, inputs, bool(stacked), fixed))
    counts = {entry.name: len(tensors[entry.name]) for entry in inputs if entry.name not in shared}
    if len(set(counts.values())) > 1 or not all(counts.values()):
        found = ", ".join(f"{name}: {count}" for name, count in counts.items())
        raise InputError(
            f"numbers of samples differ or are zero ({found})", where="data", remedy="Give as many of each."
        )
    samples = next(iter(counts.values()), 1)
    sizes = [entry.sizes[0] for entry in inputs if entry.sizes and entry.name not in shared]
    group = 0 if not fixed else 1 if stacked or not sizes else int(sizes[0] or 1)
    return Data(tensors, samples, group, bool(stacked), shared)


def _shared(tensors: Tensors, inputs: tuple[GraphInput, ...], stacked: bool, fixed: bool) -> list[str]:
    """Inputs without an axis of samples among others that have one."""
    if stacked:
        return [entry.name for entry in inputs if tensors[entry.name].ndim == len(entry.sizes)]
    if fixed:
        first = next((entry.sizes[0] for entry in inputs if entry.sizes), None)
        return [e.name for e in inputs if not e.sizes or e.sizes[0] != first]
    return [entry.name for entry in inputs if not entry.open]


def _check_names(given: Mapping[str, Tensor], inputs: tuple[GraphInput, ...]) -> None:
    wanted, names = {entry.name for entry in inputs}, set(given)
    if wanted != names:
        wrong = [f"no {name!r}" for name in sorted(wanted - names)]
        wrong += [f"{name!r}, which is no input" for name in sorted(names - wanted)]
        raise InputError(
            f"they hold {' and '.join(wrong)}",
            where="data",
            remedy=f"Give one array for each of the model's inputs: {', '.join(sorted(wanted))}.",
        )


def _typed(values: Tensor, entry: GraphInput) -> Tensor:
    """The values in the input's type, where nothing is lost that matters."""
    floating = np.issubdtype(entry.dtype, np.floating)
    number = np.issubdtype(values.dtype, np.integer) or (floating and np.issubdtype(values.dtype, np.floating))
    if values.dtype != entry.dtype and not number:
        raise InputError(
            f"they are {values.dtype}, where {entry.dtype} is wanted",
            where=f"data for input {entry.name!r}",
            remedy="Give numbers of that kind; whole numbers are converted.",
        )
    if np.issubdtype(values.dtype, np.floating) and not bool(np.isfinite(values).all()):
        raise InputError(
            f"{int((~np.isfinite(values)).sum())} of {values.size} values are NaN or infinite",
            where=f"data for input {entry.name!r}",
            remedy="Replace them by finite numbers, or leave out their samples.",
        )
    return values.astype(entry.dtype, copy=False)


def _check_shape(values: Tensor, entry: GraphInput, stacked: bool) -> None:
    sizes = (None, *entry.sizes) if stacked else (None, *entry.sizes[1:]) if entry.sizes else ()
    fits = values.ndim == len(sizes) and all(
        want in (None, have) for want, have in zip(sizes, values.shape, strict=True)
    )
    if not fits:
        shown = " x ".join("N" if size is None else str(size) for size in entry.sizes) or "a scalar"
        raise InputError(
            f"they have the shape {values.shape}, where {shown} is wanted",
            where=f"data for input {entry.name!r}",
            remedy="Give the samples along the first axis.",
        )
