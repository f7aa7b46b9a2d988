"""How many copies of each layer: none, balanced to the slowest layer, or as given."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from archsim.columns import Columns
from archsim.errors import CapacityError, InputError
from archsim.machine import BlockShapes, MatrixUnit, Pass, product_period
from archsim.mapping.blocks import Cut
from archsim.network import Layer, Network, Weights

Ids = NDArray[np.int64]
SEPARATORS = "./:"
"""Between the parts of a layer's name."""
Replication = str | Mapping[str, int]
"""``"none"``, ``"balanced"``, or copies by layer: a name, what a name begins with, or a pattern; later ones win."""


@dataclass(frozen=True, slots=True)
class Load(Columns):
    """What one copy of each matrix of weights takes; columns of shape ``(matrices,)``.

    Parameters
    ----------
    interval_ps : int64
        Between its products.
    tokens : int64
        Products per sample, of all layers that use it.
    blocks : int64
        Arrays.
    most : int64
        Copies that can help: the tokens of the layer with fewest, or 1 inside a recurrence.
    """

    interval_ps: Ids
    tokens: Ids
    blocks: Ids
    most: Ids

    def time_ps(self, copies: Ids) -> Ids:
        """Picoseconds per sample of so many copies: of the copy with most tokens."""
        return -(-self.tokens // copies) * self.interval_ps


def matrix_load(network: Network, unit: MatrixUnit, cuts: tuple[Cut, ...]) -> Load:
    """Time and arrays of the weights of ``Network.users``."""
    bound, users = recurrent_layers(network), network.users
    return Load(
        interval_ps=_intervals(unit, tuple(users), cuts),
        tokens=np.array([sum(layer.tokens for layer in layers) for layers in users.values()], np.int64),
        blocks=np.array([len(cut) for cut in cuts], np.int64),
        most=np.array([min(_useful(layer, bound) for layer in layers) for layers in users.values()], np.int64),
    )


def _useful(layer: Layer, bound: frozenset[str]) -> int:
    """Copies that can help a layer."""
    return 1 if layer.name in bound else layer.tokens


def _intervals(unit: MatrixUnit, weights: tuple[Weights, ...], cuts: tuple[Cut, ...]) -> Ids:
    """Between products of each of some weights: of their slowest block, shape ``(weights,)``."""
    if not cuts:
        return np.zeros(0, np.int64)
    sizes = np.array([len(cut) for cut in cuts], np.int64)
    summed = np.array([bool(cut.row.any()) for cut in cuts])
    each = [(cut.shapes.rows, cut.shapes.columns, cut.weights) for cut in cuts]
    shapes, back = BlockShapes(*(np.concatenate(column) for column in zip(*each, strict=True))).distinct()
    stages = unit.stages(shapes, Pass.FORWARD)
    if summed.any() and not any(stage.sums for stage in stages):
        raise _no_sums(unit, weights[int(summed.argmax())])
    alone, added = (product_period(stages, summed=with_sums)[back] for with_sums in (False, True))
    periods = np.where(np.repeat(summed, sizes), added, alone)
    return np.asarray(np.maximum.reduceat(periods, np.cumsum(sizes) - sizes), np.int64)


def _no_sums(unit: MatrixUnit, weights: Weights) -> CapacityError:
    return CapacityError(
        f"their {weights.rows} rows are cut into blocks of {unit.limits.rows}, whose sums no matrix unit adds",
        where=f"weights {weights.name!r}",
        remedy="Take larger blocks in the chip's tile, or a matrix unit that adds partial sums.",
    )


def recurrent_layers(network: Network) -> frozenset[str]:
    """Layers on a cycle of every step, which no second copy can speed up."""
    return frozenset().union(*network.cycles)


def choose_replicas(network: Network, load: Load, replicate: Replication, arrays: int, least_ps: int = 0) -> Ids:
    """Copies of each matrix layer, shape ``(matrices,)``.

    Parameters
    ----------
    network : Network
    load : Load
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
            return balanced(load, arrays, least_ps)
        raise InputError(
            f"{replicate!r} is no way to replicate",
            where="--replicate",
            remedy="Say 'none', 'balanced', or copies by layer: 'conv1=8,layer1.0.conv1=2'.",
        )
    return _given(network, load, replicate)


def balanced(load: Load, arrays: int, least_ps: int = 0) -> Ids:
    """Copies that make the slowest layer as fast as the arrays allow.

    For a target time T each layer takes as many copies as leave no copy more tokens than fit into T; the smallest T
    whose copies fit is found by bisection. It is never below what a layer with all useful copies takes, nor below the
    time in which samples can enter and leave: more copies would only be more to feed.
    """

    def copies(target: int) -> Ids:
        wanted: Ids = -(-load.tokens // np.maximum(1, target // load.interval_ps))
        return np.minimum(wanted, load.most)

    def fits(target: int) -> bool:
        return int((copies(target) * load.blocks).sum()) <= arrays

    if not len(load.blocks):
        return np.zeros(0, np.int64)
    low, high = (int(load.time_ps(count).max()) for count in (load.most, np.ones_like(load.most)))
    low, high = max(low, least_ps), max(high, least_ps)
    if fits(low):
        return copies(low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return copies(high)


def _given(network: Network, load: Load, copies: Mapping[str, int]) -> Ids:
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
