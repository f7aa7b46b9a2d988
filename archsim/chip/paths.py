"""Whether a chip has a field, before anybody sets it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archsim.chip.faults import known_keys
from archsim.chip.loading import resolved_tree
from archsim.chip.nearness import nearest
from archsim.chip.tree import Branch, Leaf, locate
from archsim.errors import InputError

MOST_MEANT = 3
"""Places that are offered for a field that stands at another."""


def unknown_path(name_or_path: str, overrides: Sequence[str], path: str) -> InputError | None:
    """What is wrong with a field's path; None where a chip file may hold it.

    Parameters
    ----------
    name_or_path : str
        A preset's name, or the path of a YAML file.
    overrides : sequence of str
        Changes over it.
    path : str
        Such as ``tile.adc.bits``.

    Raises
    ------
    InputError
        If there is no such chip.
    """
    tree = resolved_tree(name_or_path, overrides)
    keys = tuple(path.split("."))
    for depth, key in enumerate(keys):
        known = _keys_under(keys[:depth], tree)
        if known and key not in known:
            near = nearest(key, known)
            meant = [".".join((*keys[:depth], near))] if near else _elsewhere(keys[-1], tree)
            remedy = f"Did you mean {' or '.join(map(repr, meant))}?" if meant else f"Known there: {', '.join(known)}."
            return InputError(f"no chip has a field {path!r}", where=path, remedy=remedy)
    return None


def _elsewhere(key: str, tree: Branch) -> list[str]:
    """Where else in a chip a field of that name may stand, as near the top as it does."""
    found = [path for path in _paths((), tree, tree) if path[-1] == key]
    depth = min(map(len, found), default=0)
    return [".".join(path) for path in found if len(path) == depth][:MOST_MEANT]


def _paths(above: tuple[str, ...], node: Branch, tree: Branch) -> Iterator[tuple[str, ...]]:
    """The fields that a chip file may hold in those sections that it has."""
    yield from ((*above, key) for key in _keys_under(above, tree))
    for key, child in node.children.items():
        if isinstance(child, Branch):
            yield from _paths((*above, key), child, tree)


def _keys_under(path: tuple[str, ...], tree: Branch) -> tuple[str, ...]:
    """What may stand under a path; where any name may, those that there are."""
    known = known_keys(path, tree)
    reached, node = locate(tree, path)
    if known or reached != path or isinstance(node, Leaf):
        return known
    return tuple(node.children)
