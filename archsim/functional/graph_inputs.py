"""The inputs of a model, and arrays checked against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from archsim.errors import InputError
from archsim.functional.runtime import Tensor, Tensors


@dataclass(frozen=True, slots=True)
class GraphInput:
    """An input of a model.

    Parameters
    ----------
    name : str
    dtype : numpy.dtype
    sizes : tuple of int or None
        None where the file leaves a size open.
    symbols : tuple of str
        Names of the sizes, as far as the file gives them; "" for the others.
    """

    name: str
    dtype: np.dtype[np.generic]
    sizes: tuple[int | None, ...]
    symbols: tuple[str, ...] = ()

    def symbol(self, axis: int) -> str:
        """What the file calls the size of an axis."""
        return (self.symbols[axis] if self.symbols else "") or f"axis {axis}"

    def takes(self, shape: tuple[int, ...], samples: int | None) -> bool:
        """Whether data of a shape fit, of any size along the axis of the samples."""
        return len(shape) == len(self.sizes) and all(
            axis == samples or want in (None, have)
            for axis, (want, have) in enumerate(zip(self.sizes, shape, strict=True))
        )


def graph_inputs(graph: onnx.GraphProto) -> tuple[GraphInput, ...]:
    """The inputs that have to be given."""
    stored = {tensor.name for tensor in graph.initializer}
    return tuple(_graph_input(entry) for entry in graph.input if entry.name not in stored)


def _graph_input(entry: onnx.ValueInfoProto) -> GraphInput:
    tensor = entry.type.tensor_type
    dims = tensor.shape.dim
    sizes = tuple(dim.dim_value if dim.dim_value > 0 else None for dim in dims)
    dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    return GraphInput(entry.name, dtype, sizes, tuple(dim.dim_param for dim in dims))


def checked_tensors(given: Mapping[str, Tensor], inputs: tuple[GraphInput, ...]) -> Tensors:
    """Arrays in the types of a model's inputs.

    Raises
    ------
    InputError
        If an input is missing, unknown, of a wrong type or rank, empty or not finite.
    """
    _check_names(given, inputs)
    tensors = {entry.name: _typed(np.asarray(given[entry.name]), entry) for entry in inputs}
    for entry in inputs:
        _check_rank(tensors[entry.name], entry)
    return tensors


def _check_names(given: Mapping[str, Tensor], inputs: tuple[GraphInput, ...]) -> None:
    wanted, names = {entry.name for entry in inputs}, set(given)
    if wanted != names:
        wrong = [f"no {name!r}" for name in sorted(wanted - names)]
        wrong += [f"{name!r}, which is no input" for name in sorted(names - wanted)]
        raise InputError(
            f"the data hold {' and '.join(wrong)}",
            where="data",
            remedy=f"Give one array for each of the model's inputs: {', '.join(sorted(wanted))}.",
        )


def _typed(values: Tensor, entry: GraphInput) -> Tensor:
    """The values in the input's type, where nothing is lost that matters."""
    if values.dtype != entry.dtype and not _convertible(values.dtype, entry.dtype):
        raise InputError(
            f"the data are {values.dtype}, where {entry.dtype} is wanted",
            where=_where(entry),
            remedy="Give numbers of that kind; whole numbers are converted.",
        )
    with np.errstate(over="ignore"):
        made = values.astype(entry.dtype, copy=False)
    _check_finite(made, entry)
    _check_unchanged(values, made, entry)
    return made


def _convertible(have: np.dtype[np.generic], want: np.dtype[np.generic]) -> bool:
    number = np.issubdtype(want, np.number)
    floating = np.issubdtype(want, np.floating) and np.issubdtype(have, np.floating)
    return number and (np.issubdtype(have, np.integer) or floating)


def _check_finite(values: Tensor, entry: GraphInput) -> None:
    if np.issubdtype(values.dtype, np.inexact) and not bool(np.isfinite(values).all()):
        raise InputError(
            f"{int((~np.isfinite(values)).sum())} of {values.size} values are NaN or infinite in {entry.dtype}",
            where=_where(entry),
            remedy="Replace them by finite numbers, or leave out their samples.",
        )


def _check_unchanged(values: Tensor, made: Tensor, entry: GraphInput) -> None:
    """Whole numbers in a whole-number type have to stay what they are."""
    if np.issubdtype(made.dtype, np.integer) and values.dtype != made.dtype and bool((values != made).any()):
        raise InputError(
            f"{int((values != made).sum())} of {values.size} values are beyond the range of {entry.dtype}",
            where=_where(entry),
            remedy="Give numbers within that range.",
        )


def _check_rank(values: Tensor, entry: GraphInput) -> None:
    if values.ndim not in (len(entry.sizes), len(entry.sizes) + 1):
        raise wrong_shape(values, entry)
    if not values.size:
        raise InputError(
            f"the data have the shape {values.shape}: zero values",
            where=_where(entry),
            remedy="Give at least one sample.",
        )


def wrong_shape(values: Tensor, entry: GraphInput) -> InputError:
    """The error of data whose shape does not fit."""
    shown = " x ".join("N" if size is None else str(size) for size in entry.sizes) or "a scalar"
    return InputError(
        f"the data have the shape {values.shape}, where {shown} is wanted",
        where=_where(entry),
        remedy="Give the samples along the axis that the model has for them, or one array of that shape per sample, "
        "stacked along a new first axis.",
    )


def _where(entry: GraphInput) -> str:
    return f"data for input {entry.name!r}"
