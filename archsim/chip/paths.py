"""Whether a chip has a field, before anybody sets it."""

from __future__ import annotations

from collections.abc import Sequence

from archsim.chip.faults import known_keys
from archsim.chip.loading import resolved_tree
from archsim.chip.nearness import nearest
from archsim.chip.tree import Branch, Leaf, locate
from archsim.errors import InputError


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
            beside = ".".join((*keys[:depth], near or ""))
            remedy = f"Did you mean {beside!r}?" if near else f"Known there: {', '.join(known)}."
            return InputError(f"no chip has a field {path!r}", where=path, remedy=remedy)
    return None


def _keys_under(path: tuple[str, ...], tree: Branch) -> tuple[str, ...]:
    """What may stand under a path; where any name may, those that there are."""
    known = known_keys(path, tree)
    reached, node = locate(tree, path)
    if known or reached != path or isinstance(node, Leaf):
        return known
    return tuple(node.children)
