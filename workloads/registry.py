"""Every named network, by name."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from importlib import import_module

from archsim.errors import InputError
from archsim.network import Network
from archsim.workloads.options import DEFAULTS, Option, Workload, WorkloadOptions
from archsim.workloads.trained import TRAINED

_FAMILIES = ("mlp", "cnn", "alexnet", "recurrent", "language", "vision", "speech", "tpu")


def _workloads() -> Iterator[Workload]:
    """Family by family, each loaded when it is come to: who wants one network need not wait for all."""
    for family in _FAMILIES:
        yield from import_module(f"archsim.workloads.{family}").WORKLOADS


def _known(name: str) -> Workload | None:
    return next((workload for workload in _workloads() if workload.name == name), None)


def names() -> tuple[str, ...]:
    """Names of the networks, family by family."""
    return tuple(workload.name for workload in _workloads())


def describe(name: str) -> str:
    """One line about a network.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    return _find(name).summary


def understood(name: str) -> frozenset[Option]:
    """The options that mean something to a network; none where there is no such network.

    Parameters
    ----------
    name : str
        Any.
    """
    workload = _known(name)
    return workload.understands if workload else frozenset()


def build(name: str, options: WorkloadOptions = DEFAULTS) -> Network:
    """Make a named network.

    Parameters
    ----------
    name : str
        One of `names`.
    options : WorkloadOptions
        Lengths and sizes; each network has its own where none is given.

    Raises
    ------
    InputError
        If there is no network of that name, or it does not understand an option or a value.
    """
    return _find(name).build(options)


def _find(name: str) -> Workload:
    workload = _known(name)
    if workload is None:
        known = [*names(), *(model.name for model in TRAINED)]
        near = get_close_matches(name.lower(), known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Give an ONNX file (.onnx), or: {', '.join(known)}."
        raise InputError(f"there is no network called {name!r}, and no such file", where="network", remedy=hint)
    return workload
