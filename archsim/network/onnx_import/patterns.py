"""Patterns of nodes: expressions over one tensor, matched backwards from the node that makes the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations
from math import prod

import numpy as np
import onnx

from archsim.network.onnx_import.boundary import reading
from archsim.network.onnx_import.folding import initializer
from archsim.network.onnx_import.views import Constant

_SMALL = 8
"""Elements up to which a constant can be part of a pattern: scalars and lists of axes."""
_COMMUTATIVE = frozenset({"Add", "Mul"})


@dataclass(frozen=True, slots=True)
class Subject:
    """The tensor that the expression is about; the same one wherever it occurs."""


@dataclass(frozen=True, slots=True)
class Number:
    """A scalar constant.

    Parameters
    ----------
    value : float or None
        What it must be, to one part in a thousand; None for any.
    """

    value: float | None = None


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator applied to patterns; further inputs of the node (axes, clip bounds) are free.

    Parameters
    ----------
    kind : str
        ONNX operator.
    operands : tuple of Pattern
        Its first inputs; those of Add and Mul in either order.
    """

    kind: str
    operands: tuple[Pattern, ...]


Pattern = Subject | Number | Apply


@dataclass(frozen=True, slots=True)
class Match:
    """What a pattern has matched so far.

    Parameters
    ----------
    subject : str or None
        Name of the tensor that the expression is about.
    nodes : frozenset of int
        Positions of the nodes in the graph.
    """

    subject: str | None = None
    nodes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """A graph's nodes by what they make and read.

    Parameters
    ----------
    nodes : tuple of onnx.NodeProto
        In the graph's order.
    makers : mapping of str to int
        Position of the node that makes a tensor.
    readers : mapping of str to set of int
        Positions of the nodes that read a tensor; -1 stands for the graph's outputs.
    numbers : mapping of str to tuple of float
        Small constants.
    """

    nodes: tuple[onnx.NodeProto, ...]
    makers: Mapping[str, int]
    readers: Mapping[str, set[int]]
    numbers: Mapping[str, tuple[float, ...]]

    def maker(self, tensor: str, kind: str) -> int | None:
        """Position of the node that makes the tensor, if it is of this kind."""
        place = self.makers.get(tensor)
        return place if place is not None and self.nodes[place].op_type == kind else None


def indexed(graph: onnx.GraphProto) -> Index:
    """Look-up tables of a graph."""
    makers: dict[str, int] = {}
    readers: dict[str, set[int]] = {}
    for place, node in enumerate(graph.node):
        makers.update((name, place) for name in node.output)
        for name in (*node.input, *_read_inside(node)):
            readers.setdefault(name, set()).add(place)
    for output in graph.output:
        readers.setdefault(output.name, set()).add(-1)
    return Index(tuple(graph.node), makers, readers, _numbers(graph))


def _read_inside(node: onnx.NodeProto) -> Iterator[str]:
    """Tensors read by the branches of an If or the body of a loop."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            for inner in attribute.g.node:
                yield from (*inner.input, *_read_inside(inner))
            yield from (output.name for output in attribute.g.output)


def _numbers(graph: onnx.GraphProto) -> dict[str, tuple[float, ...]]:
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        value = next((entry for entry in node.attribute if entry.name == "value"), None)
        if node.op_type == "Constant" and value is not None:
            stored[node.output[0]] = value.t
    constants = dict[str, Constant]()
    for name, tensor in stored.items():
        if prod(tensor.dims) <= _SMALL:
            with reading(f"tensor {tensor.name!r}"):
                constants[name] = initializer(tensor)
    return {
        name: tuple(float(value) for value in constant.value.ravel())
        for name, constant in constants.items()
        if constant.known and np.issubdtype(constant.value.dtype, np.number)
    }


def matches(pattern: Pattern, tensor: str, index: Index, so_far: Match = Match()) -> Iterator[Match]:
    """All ways in which a tensor is the result of a pattern."""
    if isinstance(pattern, Subject):
        if so_far.subject in (None, tensor):
            yield replace(so_far, subject=tensor)
    elif isinstance(pattern, Number):
        if _fits(pattern, index.numbers.get(tensor)):
            yield so_far
    else:
        yield from _applied(pattern, tensor, index, so_far)


def _fits(pattern: Number, values: tuple[float, ...] | None) -> bool:
    if values is None or len(values) != 1:
        return False
    return pattern.value is None or abs(values[0] - pattern.value) <= 1e-3 * abs(pattern.value)


def _applied(pattern: Apply, tensor: str, index: Index, so_far: Match) -> Iterator[Match]:
    place = index.maker(tensor, pattern.kind)
    if place is None:
        return
    names = index.nodes[place].input[: len(pattern.operands)]
    reached = replace(so_far, nodes=so_far.nodes | {place})
    orders = permutations(pattern.operands) if pattern.kind in _COMMUTATIVE else (pattern.operands,)
    for order in orders:
        yield from _all(tuple(zip(order, names, strict=True)), index, reached) if len(names) == len(order) else ()


def _all(pairs: tuple[tuple[Pattern, str], ...], index: Index, so_far: Match) -> Iterator[Match]:
    """All ways in which several tensors match their patterns together."""
    if not pairs:
        yield so_far
        return
    (pattern, tensor), *rest = pairs
    for match in matches(pattern, tensor, index, so_far):
        yield from _all(tuple(rest), index, match)


def self_contained(match: Match, root: int, index: Index) -> bool:
    """Whether nothing outside the match reads what is made inside it, but for the result."""
    inner = (name for place in match.nodes if place != root for name in index.nodes[place].output)
    return all(index.readers.get(name, set()) <= match.nodes for name in inner)
