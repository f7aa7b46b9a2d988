"""Networks that train: widths of a fully connected one, a function that makes a module, an ONNX file, a named model."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

from archsim.errors import InputError
from archsim.memory import free_bytes, gibibytes
from archsim.training.graph import Graph
from archsim.user_function import named_function
from archsim.workloads.trained import TRAINED, trained

Build = Callable[[int], nn.Module]
"""From a seed to a module with initial weights."""
_BYTES_PER_WEIGHT = 4
_WIDTHS = re.compile(r"\d+(-\d+)+")


def builder(model: str, *, relu: bool, keep_weights: bool) -> Build:
    """What makes a network with its initial weights.

    Parameters
    ----------
    model : str
        ``784-250-125-10``, ``module:function``, an ONNX file, or a trained model's name.
    relu : bool
        Hidden layers of a fully connected network are rectified; else they are sigmoids.
    keep_weights : bool
        Begin with the weights of the ONNX file instead of drawn ones.

    Raises
    ------
    InputError
        If there is no such network, or an option has no meaning for it.
    """
    known = trained(model)
    if known is not None or Path(model).is_file():
        path = known.model if known is not None else Path(model)
        return lambda seed: _graph(path, seed, keep_weights)
    if keep_weights:
        raise InputError("only an ONNX file has weights to keep", where="--keep-weights", remedy="Leave it out.")
    if _WIDTHS.fullmatch(model):
        widths = [int(width) for width in model.split("-")]
        return lambda seed: _perceptron(widths, relu, seed)
    if ":" in model:
        remedy = "Give MODULE:FUNCTION of a function that returns a torch.nn.Module, as mymodels:build."
        make = named_function(model, where="MODEL", remedy=remedy)
        return lambda seed: _made(make, model, seed)
    raise InputError(
        f"there is no file {model!r}, and no trained model of that name",
        where="MODEL",
        remedy="Give widths such as 784-250-125-10, MODULE:FUNCTION that returns a torch.nn.Module, an ONNX file, or "
        f"one of: {', '.join(entry.name for entry in TRAINED)}.",
    )


def _graph(path: Path, seed: int, keep_weights: bool) -> nn.Module:
    torch.manual_seed(seed)
    graph = Graph(path)
    if not keep_weights:
        graph.begin_anew()
    return graph


def _perceptron(widths: list[int], relu: bool, seed: int) -> nn.Module:
    """Glorot's uniform weights for sigmoids, 0.7 of He's for rectified layers; biases 0."""
    if 0 in widths:
        raise InputError("a layer has no neuron", where="MODEL", remedy="Give widths of at least 1.")
    _check_room(sum(inputs * outputs for inputs, outputs in pairwise(widths)))
    torch.manual_seed(seed)
    parts: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs in pairwise(widths):
        layer = nn.Linear(inputs, outputs)
        bound = 0.7 * (6 / inputs) ** 0.5 if relu else (6 / (inputs + outputs)) ** 0.5
        nn.init.uniform_(layer.weight, -bound, bound)
        nn.init.zeros_(layer.bias)
        parts += [layer, nn.ReLU() if relu else nn.Sigmoid()]
    return nn.Sequential(*parts[:-1])


def _check_room(weights: int) -> None:
    """See that the weights fit into memory, in floating point and on arrays."""
    needed, free = 2 * _BYTES_PER_WEIGHT * weights, free_bytes()
    if needed > free:
        raise InputError(
            f"{weights:,} weights take {gibibytes(needed)} of memory, and {gibibytes(free)} are free",
            where="MODEL",
            remedy="Give smaller widths.",
        )


def _made(make: Callable[[], object], model: str, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    try:
        module = make()
    except Exception as error:
        raise InputError(
            f"{model!r} made no module ({type(error).__name__}: {error})",
            where="MODEL",
            remedy="Name a function without arguments that returns a torch.nn.Module.",
        ) from error
    if not isinstance(module, nn.Module):
        raise InputError(
            f"{model!r} returned a {type(module).__name__}", where="MODEL", remedy="Return a torch.nn.Module."
        )
    return module
