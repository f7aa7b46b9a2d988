"""Every named network, by name."""

from __future__ import annotations

from difflib import get_close_matches

from archsim.errors import InputError
from archsim.network import Network
from archsim.workloads import alexnet, cnn, language, mlp, recurrent, speech, tpu, vision
from archsim.workloads.options import DEFAULTS, Option, Workload, WorkloadOptions
from archsim.workloads.trained import TRAINED

_WORKLOADS: tuple[Workload, ...] = (
    *mlp.WORKLOADS,
    *cnn.WORKLOADS,
    *alexnet.WORKLOADS,
    *recurrent.WORKLOADS,
    *language.WORKLOADS,
    *vision.WORKLOADS,
    *speech.WORKLOADS,
    *tpu.WORKLOADS,
)
_BY_NAME = {workload.name: workload for workload in _WORKLOADS}


def names() -> tuple[str, ...]:
    """Names of the networks, family by family."""
    return tuple(_BY_NAME)


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
    workload = _BY_NAME.get(name)
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
    workload = _BY_NAME.get(name)
    if workload is None:
        known = [*_BY_NAME, *(model.name for model in TRAINED)]
        near = get_close_matches(name.lower(), known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Give an ONNX file (.onnx), or: {', '.join(known)}."
        raise InputError(f"there is no network called {name!r}, and no such file", where="network", remedy=hint)
    return workload
