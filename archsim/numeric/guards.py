"""Refusals of bad input: each names the value, the place and the remedy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from archsim.errors import InputError
from archsim.numeric.arrays import F64, Array, namespace


def require(condition: bool, what: str, *, where: str, remedy: str) -> None:
    """Raise InputError unless the condition holds; ``what`` says of ``where`` how it fails ("is 0 S")."""
    if not condition:
        raise InputError(f"{where} {what}", where=where, remedy=remedy)


def finite_matrix(values: ArrayLike, where: str) -> F64:
    """A float64 copy of a matrix of finite real numbers.

    Parameters
    ----------
    values : array_like, shape (rows, columns)
        Floating-point numbers.
    where : str
        Name in the error.

    Raises
    ------
    InputError
        If it is not a matrix, not of a floating type, empty, or holds NaN or infinity.
    """
    given = np.asarray(values)
    require(
        np.issubdtype(given.dtype, np.floating),
        f"has the type {given.dtype}",
        where=where,
        remedy="Give floating-point numbers (float32 or float64).",
    )
    require(
        given.ndim == 2 and given.size > 0,
        f"has the shape {given.shape}, not (rows, columns)",
        where=where,
        remedy="Give a matrix of at least one row and one column.",
    )
    bad = np.argwhere(~np.isfinite(given))
    if len(bad):
        row, column = bad[0]
        raise InputError(
            f"{where} holds {given[row, column]} at row {row}, column {column} ({len(bad)} such values)",
            where=where,
            remedy="Replace NaN and infinity by finite numbers.",
        )
    return np.array(given, np.float64, order="C")


def finite_batch(inputs: Array, rows: int) -> Array:
    """The inputs as float32, checked against the array's rows.

    Parameters
    ----------
    inputs : array, shape (batch, rows)
        Input vectors, of any array-API namespace.
    rows : int
        Rows of the weight matrix.

    Raises
    ------
    InputError
        If the shape or the type is wrong, or a value is not finite.
    """
    xp = namespace(inputs)
    require(
        bool(xp.isdtype(inputs.dtype, "real floating")),
        f"have the type {inputs.dtype}",
        where="inputs",
        remedy="Give floating-point numbers (float32 or float64).",
    )
    require(
        inputs.ndim == 2 and inputs.shape[1] == rows,
        f"have the shape {tuple(inputs.shape)}, where (batch, {rows}) is wanted",
        where="inputs",
        remedy="Give one row per input vector, one column per row of the weights.",
    )
    require(
        bool(xp.all(xp.isfinite(inputs))),
        "hold NaN or infinity",
        where="inputs",
        remedy="Replace NaN and infinity by finite numbers.",
    )
    single: Array = xp.astype(inputs, xp.float32, copy=False)
    return single


def elapsed(time_s: float) -> float:
    """A time since programming, in seconds: finite and not negative.

    Raises
    ------
    InputError
        If it is negative, NaN or infinite.
    """
    require(
        math.isfinite(time_s) and time_s >= 0,
        f"is {time_s} s",
        where="time since programming",
        remedy="Give a finite time of at least 0 s.",
    )
    return float(time_s)


def at_least(value: float, least: float, where: str) -> None:
    """Refuse a setting that is not finite or below its least value."""
    require(
        math.isfinite(value) and value >= least,
        f"is {value}",
        where=where,
        remedy=f"Give a finite number of at least {least:g}.",
    )


def positive(value: float, where: str) -> None:
    """Refuse a setting that is not finite and above zero."""
    require(
        math.isfinite(value) and value > 0,
        f"is {value}",
        where=where,
        remedy="Give a finite number above 0.",
    )


def bit_count(bits: int | None, least: int, where: str) -> None:
    """Refuse a resolution below ``least`` or above 24 bits (float32's mantissa); None is exact and passes."""
    if bits is not None:
        require(
            least <= bits <= 24,
            f"is {bits} bits",
            where=where,
            remedy=f"Give between {least} and 24 bits, or None for no quantisation.",
        )
