"""Integers that stand for numbers: (integer - zero point) x scale, before and after a product of such integers."""

from __future__ import annotations

import numpy as np

from archsim.functional.product import Tensors
from archsim.functional.runtime import F32, Tensor
from archsim.network import Codes


def numbers(codes: Codes, value: Tensor, tensors: Tensors, axis: int) -> F32:
    """The numbers that a tensor's integers stand for.

    Parameters
    ----------
    codes : Codes
    value : ndarray of int
    tensors : callable
        Scale and zero point.
    axis : int
        That scale and zero point run along where they are vectors.
    """
    zero = _along(tensors(codes.zero_point), value.ndim, axis) if codes.zero_point else 0
    shifted = np.asarray(value, np.float32) - np.asarray(zero, np.float32)
    return np.asarray(shifted * _factor(codes.scale, value.ndim, tensors, axis), np.float32)


def integers(codes: Codes, value: F32, tensors: Tensors, axis: int) -> Tensor:
    """The nearest integers, those of the zero point's type at most."""
    zero = tensors(codes.zero_point) if codes.zero_point else np.zeros((), np.uint8)
    steps = value / _factor(codes.scale, value.ndim, tensors, axis)
    offset = np.asarray(_along(zero, value.ndim, axis), np.float32)
    bounds = np.iinfo(zero.dtype)  # type: ignore[type-var]
    made: Tensor = np.clip(np.rint(steps) + offset, bounds.min, bounds.max).astype(zero.dtype)
    return made


def _factor(name: str, dims: int, tensors: Tensors, axis: int) -> F32:
    return np.asarray(_along(tensors(name), dims, axis) if name else 1, np.float32)


def _along(value: Tensor, dims: int, axis: int) -> Tensor:
    """A vector along an axis of a tensor of so many; anything else as it is."""
    if value.ndim != 1 or value.size == 1:
        return value.reshape(()) if value.size == 1 else value
    return value.reshape([-1 if place == axis % dims else 1 for place in range(dims)])
