"""How good a model's outputs are: the share of right classes, or a function of the user's."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TypeAlias

import numpy as np

from archsim.errors import InputError
from archsim.functional.runtime import Tensor
from archsim.user_function import named_function

Metric: TypeAlias = Callable[[Tensor, "Tensor | None"], float]
"""From a model's first output and the labels to a number."""


def accuracy(outputs: Tensor, labels: Tensor | None) -> float:
    """Share of samples (or positions) whose largest score is at the label.

    Parameters
    ----------
    outputs : ndarray, shape (..., classes)
    labels : ndarray of int, shape (...)

    Raises
    ------
    InputError
        If there are no labels, or they do not fit the outputs.
    """
    if labels is None:
        raise InputError(
            "there are no labels",
            where="labels",
            remedy="Add an array 'labels' to the data, or give a metric of your own.",
        )
    _check_labels(outputs, labels)
    return float((outputs.argmax(axis=-1) == labels).mean())


def _check_labels(outputs: Tensor, labels: Tensor) -> None:
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != outputs.shape[:-1]:
        raise InputError(
            f"the labels are {labels.dtype} of shape {labels.shape}, for scores of shape {outputs.shape}",
            where="labels",
            remedy=f"Give whole numbers of shape {outputs.shape[:-1]}: the right class of each.",
        )
    classes = outputs.shape[-1]
    if labels.size == 0 or int(labels.min()) < 0 or int(labels.max()) >= classes:
        span = f"{labels.min()} to {labels.max()}" if labels.size else "nothing"
        raise InputError(
            f"the labels name the classes {span}, and the model has {classes}",
            where="labels",
            remedy=f"Number the classes from 0 to {classes - 1}, in the order of the model's scores.",
        )


def load_metric(text: str) -> Metric:
    """A function given as ``module:function``; modules of the current directory are found.

    Raises
    ------
    InputError
        If there is no such function.
    """
    remedy = "Write module:function, of a function that takes the outputs and the labels and returns a number."
    found = named_function(text, where="--metric", remedy=remedy)
    return lambda outputs, labels: _number(_called(found, text, outputs, labels), text)


def _called(metric: Callable[..., object], text: str, outputs: Tensor, labels: Tensor | None) -> object:
    try:
        return metric(outputs, labels)
    except Exception as fault:
        raise InputError(
            f"{text} failed ({type(fault).__name__}: {fault})",
            where="--metric",
            remedy=f"Let it take outputs of shape {outputs.shape} and the labels.",
        ) from fault


def _number(value: object, text: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = float("nan")
    if not isfinite(number):
        raise InputError(
            f"{text} returned {value!r}", where="--metric", remedy="Let it return one finite number for all samples."
        )
    return number
