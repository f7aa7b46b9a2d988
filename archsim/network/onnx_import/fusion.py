"""Normalisations and activations that exporters take apart, put together again.

Each rule is an expression over one tensor. Learned scales and offsets are not part of it: constants after a
normalisation fold into it when the layers are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt

import onnx
from onnx import helper

from archsim.network.onnx_import.patterns import (
    Apply,
    Index,
    Match,
    Number,
    Pattern,
    Subject,
    indexed,
    matches,
    self_contained,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A decomposed operator.

    Parameters
    ----------
    kind : str
        ONNX operator that computes the same.
    pattern : Pattern
        How exporters spell it.
    """

    kind: str
    pattern: Apply


X = Subject()


def _add(left: Pattern, right: Pattern) -> Apply:
    return Apply("Add", (left, right))


def _mul(left: Pattern, right: Pattern) -> Apply:
    return Apply("Mul", (left, right))


def _div(left: Pattern, right: Pattern) -> Apply:
    return Apply("Div", (left, right))


def _of(kind: str, *operands: Pattern) -> Apply:
    return Apply(kind, operands)


def _squares(of: Pattern) -> tuple[Apply, ...]:
    return _of("Pow", of, Number(2)), _mul(of, of)


def _by_deviation(numerator: Pattern, squares: Apply) -> tuple[Apply, ...]:
    """A tensor over the root of a mean of squares, in the ways that exporters write it."""
    root = _of("Sqrt", _add(_of("ReduceMean", squares), Number()))
    inverse = (_of("Reciprocal", root), _div(Number(1), root))
    return (_div(numerator, root), *(_mul(numerator, part) for part in inverse))


def _norms() -> list[Rule]:
    centred = _of("Sub", X, _of("ReduceMean", X))
    layer = [form for squares in _squares(centred) for form in _by_deviation(centred, squares)]
    rms = [form for squares in _squares(X) for form in _by_deviation(X, squares)]
    return [*(Rule("LayerNormalization", form) for form in layer), *(Rule("RMSNormalization", form) for form in rms)]


def _halved_products(gate: Apply) -> list[Apply]:
    """x times a gate times one half, in every order of the products."""
    half = Number(0.5)
    return [_mul(_mul(X, gate), half), _mul(_mul(X, half), gate), _mul(X, _mul(gate, half))]


def _gelus() -> list[Rule]:
    scaled = (_div(X, Number(sqrt(2))), _mul(X, Number(1 / sqrt(2))))
    cubes = (_of("Pow", X, Number(3)), _mul(_mul(X, X), X))
    slope, cubic = Number(sqrt(2 / pi)), Number(0.044715)
    inner = [_mul(_add(X, _mul(cube, cubic)), slope) for cube in cubes]
    inner += [_mul(_mul(X, slope), _add(_mul(_mul(X, cubic), X), Number(1)))]
    inner += [_mul(_mul(X, slope), _add(_mul(_mul(X, X), cubic), Number(1)))]
    gates = [_add(_of("Erf", part), Number(1)) for part in scaled]
    gates += [_add(_of("Tanh", part), Number(1)) for part in inner]
    quick = _mul(X, _of("Sigmoid", _mul(X, Number(1.702))))
    return [*(Rule("Gelu", form) for gate in gates for form in _halved_products(gate)), Rule("Gelu", quick)]


def _gated() -> list[Rule]:
    relu6 = _of("Clip", _add(X, Number(3)))
    sixth = Number(1 / 6)
    swishes = [
        _div(_mul(X, relu6), Number(6)),
        _mul(X, _div(relu6, Number(6))),
        _mul(_mul(X, relu6), sixth),
        _mul(X, _mul(relu6, sixth)),
        _mul(X, _of("HardSigmoid", X)),
    ]
    return [
        *(Rule("HardSwish", form) for form in swishes),
        Rule("Swish", _mul(X, _of("Sigmoid", X))),
        Rule("Mish", _mul(X, _of("Tanh", _of("Softplus", X)))),
    ]


RULES: tuple[Rule, ...] = (*_norms(), *_gelus(), *_gated())


def fused(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The graph's nodes with every decomposed operator as one node, in the place of its last one."""
    index = indexed(graph)
    roots = {kind for rule in RULES for kind in (rule.pattern.kind,)}
    replaced: dict[int, onnx.NodeProto] = {}
    gone: set[int] = set()
    for place in reversed(range(len(index.nodes))):
        if place not in gone and index.nodes[place].op_type in roots:
            found = _found(index, place)
            if found is not None and not found[1].nodes & gone:
                rule, match = found
                replaced[place] = _together(rule, match, index, place)
                gone |= match.nodes
    return [
        replaced.get(place, node) for place, node in enumerate(index.nodes) if place in replaced or place not in gone
    ]


def _found(index: Index, root: int) -> tuple[Rule, Match] | None:
    """The first rule that the node completes."""
    for rule in RULES:
        for match in matches(rule.pattern, index.nodes[root].output[0], index):
            if self_contained(match, root, index) and _same_axes(match, index):
                return rule, match
    return None


def _means(match: Match, index: Index) -> Sequence[onnx.NodeProto]:
    return [index.nodes[place] for place in match.nodes if index.nodes[place].op_type == "ReduceMean"]


def _same_axes(match: Match, index: Index) -> bool:
    """Whether all means of the match are taken over the same axes and keep them."""
    means = _means(match, index)
    kept = all(helper.get_node_attr_value(node, "keepdims") for node in means if _has(node, "keepdims"))
    return kept and len({_axes(node, index) for node in means}) <= 1


def _has(node: onnx.NodeProto, name: str) -> bool:
    return any(attribute.name == name for attribute in node.attribute)


def _axes(node: onnx.NodeProto, index: Index) -> tuple[int, ...]:
    """Axes of a mean, an attribute or (newer operator sets) an input; none for all of them."""
    if _has(node, "axes"):
        return tuple(helper.get_node_attr_value(node, "axes"))
    return tuple(int(axis) for name in node.input[1:] for axis in index.numbers.get(name, ()))


def _together(rule: Rule, match: Match, index: Index, root: int) -> onnx.NodeProto:
    """One node for all those of the match; a norm keeps its axes as an attribute."""
    last = index.nodes[root]
    made = helper.make_node(rule.kind, [match.subject or ""], [last.output[0]], name=last.name)
    for mean in _means(match, index)[:1]:
        made.attribute.append(helper.make_attribute("axes", _axes(mean, index)))
    return made
