"""A chip file as a tree of scalars, each with its source and the place that it was written in."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from archsim.chip.ranges import read_range
from archsim.errors import InputError

Plain = str | int | float | bool | None
Path = tuple[str, ...]

DEEPEST = 30
"""Levels of a chip file; what is nested deeper is a mistake, or made to exhaust the reader."""

_LONGEST_SHOWN = 200
"""Characters of an override that messages quote."""

_SOURCED = re.compile(r"(.*?)\s*\[([^\[\]]+)\]\s*", re.DOTALL)
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WORDS: dict[str, Plain] = {"": None, "null": None, "~": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar of a chip file.

    Parameters
    ----------
    value : str, int, float, bool or None
        Without its source.
    source : str
        What stood in square brackets behind it; empty where nothing did.
    origin : str
        File and line, or the option, that it comes from.
    low, high : str
        Between what the number lies, as it stands in a file; empty where nothing is said.
    """

    value: Plain
    source: str
    origin: str
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A mapping of a chip file, which nobody changes once it is read; each is equal to itself alone.

    Parameters
    ----------
    children : dict of str to Leaf or Branch
        By key.
    origin : str
        File and line, or the option, that it comes from.
    """

    origin: str
    children: dict[str, Leaf | Branch] = field(default_factory=dict)


Node = Leaf | Branch


def leaf(text: str, origin: str) -> Leaf:
    """Read a scalar: split off its source and its range, then tell numbers, truths, nothing and words apart.

    Raises
    ------
    InputError
        If it has a range that excludes its value.
    """
    whole = read_range(text, origin) if "[" in text and "±" not in text else None
    found = None if whole else _SOURCED.fullmatch(text)
    value, source = (found[1], found[2].strip()) if found else (text, "")
    span = whole or (read_range(value, origin) if "±" in value or "[" in value else None)
    if span is None:
        return Leaf(_plain(value.strip()), source, origin)
    return Leaf(_plain(span.value), source, origin, span.low, span.high)


def _plain(text: str) -> Plain:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def merge(base: Branch, over: Branch) -> Branch:
    """Lay one tree over another, key by key; ``null`` takes a key away."""
    children = dict(base.children)
    for key, node in over.children.items():
        below = children.get(key)
        if isinstance(node, Leaf) and node.value is None:
            children.pop(key, None)
        elif isinstance(node, Branch):
            children[key] = merge(below, node) if isinstance(below, Branch) else bare(node)
        else:
            children[key] = node
    return Branch(over.origin, children)


def bare(tree: Branch) -> Branch:
    """A tree that lies over nothing, in which ``null`` has nothing to take away: itself where it has none."""
    children = {
        key: bare(node) if isinstance(node, Branch) else node
        for key, node in tree.children.items()
        if isinstance(node, Branch) or node.value is not None
    }
    same = len(children) == len(tree.children) and all(map(operator.is_, children.values(), tree.children.values()))
    return tree if same else Branch(tree.origin, children)


def override(assignment: str) -> Branch:
    """Read ``tile.adc.bits=6`` as a tree of one leaf, to be merged over a chip's.

    Raises
    ------
    InputError
        If it is not of that form.
    """
    keys, equals, value = assignment.partition("=")
    path = tuple(key.strip() for key in keys.split("."))
    if len(path) > DEEPEST:
        raise InputError(
            f"{len(path):,} names in a row name no field: no chip file is deeper than {DEEPEST}",
            where="--set",
            remedy="Write a field and its value, as tile.adc.bits=6.",
        )
    if not equals or not all(path):
        raise InputError(
            f"{assignment!r} sets nothing", where="--set", remedy="Write a field and its value, as tile.adc.bits=6."
        )
    shown = assignment if len(assignment) <= _LONGEST_SHOWN else f"{assignment[:_LONGEST_SHOWN]}..."
    origin = f"--set {shown}"
    node: Node = leaf(value, origin)
    for key in reversed(path):
        node = Branch(origin, {key: node})
    return Branch(origin, node.children if isinstance(node, Branch) else {})


Data = dict[str, "Plain | Data"]


def data(tree: Branch) -> Data:
    """The tree's bare values, as nested dictionaries for validation."""
    return {key: data(node) if isinstance(node, Branch) else node.value for key, node in tree.children.items()}


def leaves(tree: Branch, above: Path = ()) -> Iterator[tuple[Path, Leaf]]:
    """Every scalar with its path, in the file's order."""
    for key, node in tree.children.items():
        if isinstance(node, Branch):
            yield from leaves(node, (*above, key))
        else:
            yield (*above, key), node


def locate(tree: Branch, path: Path) -> tuple[Path, Node]:
    """Follow a path as far as the tree goes: how far that is, and what is there."""
    node: Node = tree
    for depth, key in enumerate(path):
        if isinstance(node, Leaf) or key not in node.children:
            return path[:depth], node
        node = node.children[key]
    return path, node


def text_of(leaf: Leaf) -> str:
    """A scalar's value as it stands in a file."""
    return str(leaf.value).lower() if isinstance(leaf.value, bool) else str(leaf.value)
