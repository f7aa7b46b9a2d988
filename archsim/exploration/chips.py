"""A point as a chip file that is ready to be run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from archsim.chip.tree import Branch, Leaf, merge, override
from archsim.exploration.space import Variant


def chip_text(variant: Variant, description: str, commands: Sequence[str]) -> str:
    """A chip file that extends the variant's chip.

    Parameters
    ----------
    variant : Variant
    description : str
    commands : sequence of str
        How it was run; written above it.
    """
    changes = Branch("")
    for change in variant.overrides:
        changes = merge(changes, override(change))
    # The file may be anywhere, and be read from anywhere.
    base = str(Path(variant.chip).resolve()) if Path(variant.chip).is_file() else variant.chip
    body = {"extends": base, "description": description, **_plain(changes)}
    told = "".join(f"# {command}\n" for command in commands)
    return told + yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=120)


def _plain(tree: Branch) -> dict[str, object]:
    return {key: _plain(node) if isinstance(node, Branch) else _leaf(node) for key, node in tree.children.items()}


def _leaf(leaf: Leaf) -> object:
    return f"{leaf.value} [{leaf.source}]" if leaf.source else leaf.value
