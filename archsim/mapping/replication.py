"""How many copies of each layer: none, balanced to the slowest layer, or as given."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from archsim.errors import InputError
from archsim.mapping.load import Loading
from archsim.network import Layer, Network

Ids = NDArray[np.int64]
SEPARATORS = "./:"
"""Between the parts of a layer's name."""
Replication = str | Mapping[str, int]
"""``"none"``, ``"balanced"``, or copies by layer: a name, what a name begins with, or a pattern; later ones win."""


def choose_replicas(network: Network, load: Loading, replicate: Replication, arrays: int, least_ps: int = 0) -> Ids:
    """Copies of each matrix layer, shape ``(matrices,)``.

    Parameters
    ----------
    network : Network
    load : Loading
    replicate : Replication
    arrays : int
        Arrays there are, for a balanced choice.
    least_ps : int
        Time per sample below which nothing is gained, likewise.

    Raises
    ------
    InputError
        If a name or number cannot be used.
    """
    if isinstance(replicate, str):
        if replicate == "none":
            return np.ones(len(load.blocks), np.int64)
        if replicate == "balanced":
            return load.balanced(arrays, least_ps)
        raise InputError(
            f"{replicate!r} is no way to replicate",
            where="--replicate",
            remedy="Say 'none', 'balanced', or copies by layer: 'conv1=8,layer1.0.conv1=2'.",
        )
    return _given(network, load, replicate)


def _given(network: Network, load: Loading, copies: Mapping[str, int]) -> Ids:
    names = [layer.name for layer in network.matrices]
    wanted = {name: count for given, count in copies.items() for name in named_layers(given, names)}
    result = np.ones(len(load.blocks), np.int64)
    for place, layers in enumerate(network.users.values()):
        for layer in layers:
            count = wanted.get(layer.name)
            if count is not None:
                _check_useful(layer, count, int(load.most[place]))
                result[place] = count
        _check_agreed(layers, wanted, int(result[place]))
    return result


def _check_useful(layer: Layer, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise InputError(
            f"{count} copies of {layer.name!r} are asked for; between 1 and {most} can be used",
            where="--replicate",
            remedy="A layer cannot have more copies than tokens, and one inside a recurrence only one.",
        )


def _check_agreed(layers: tuple[Layer, ...], wanted: Mapping[str, int], chosen: int) -> None:
    """Refuse different numbers of copies for the same weights."""
    for layer in layers:
        if wanted.get(layer.name, chosen) != chosen:
            raise InputError(
                f"{wanted[layer.name]} copies of {layer.name!r} are asked for, and {chosen} of the same weights in "
                "another layer",
                where="--replicate",
                remedy="Give layers that share their weights the same number of copies.",
            )


def named_layers(given: str, names: Sequence[str]) -> list[str]:
    """The layers that a name, the beginning of names, or a pattern stands for.

    Parameters
    ----------
    given : str
        ``layer1.0.conv1``; ``layer1``, for all layers within it; ``layer1.*`` or ``*.conv1``.
    names : sequence of str
        All layers.

    Raises
    ------
    InputError
        If there is no such layer; it suggests what is nearest.
    """
    if given in names:
        return [given]
    found = [name for name in names if _within(name, given) or fnmatchcase(name, given)]
    if not found:
        near = difflib.get_close_matches(given, [*_groups(names), *names], 3, 0.5)
        hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
        raise InputError(
            f"there is no matrix layer {given!r}, nor any within it",
            where="--replicate",
            remedy=f"{hint}`archsim show network` lists the layers; a pattern takes many, as layer1.*=2.",
        )
    return found


def _within(name: str, group: str) -> bool:
    return bool(group) and name.startswith(tuple(group + mark for mark in SEPARATORS))


def _groups(names: Sequence[str]) -> list[str]:
    """What layers lie within: ``layer1`` and ``layer1.0`` for ``layer1.0.conv1``."""
    return sorted({name[: mark.start()] for name in names for mark in re.finditer(rf"(?<=.)[{SEPARATORS}]", name)})
