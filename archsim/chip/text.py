"""Chip files as text: YAML in, a tree of scalars out."""

from __future__ import annotations

from pathlib import Path

import yaml

from archsim.chip.tree import DEEPEST, Branch, Node, leaf
from archsim.errors import InputError

_LARGEST_BYTES = 1_000_000


def read_tree(file: Path) -> Branch:
    """Read a chip file.

    Raises
    ------
    InputError
        If it cannot be read, is not YAML, is not a mapping, or uses what chip files have no use for (lists, anchors,
        tags, the same key twice).
    """
    try:
        size = file.stat().st_size
        text = file.read_text(encoding="utf-8") if size <= _LARGEST_BYTES else ""
    except UnicodeDecodeError:
        remedy = "Give a chip file in YAML, UTF-8."
        raise InputError("this is not a text file", where=str(file), remedy=remedy) from None
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}", where=str(file), remedy="Give the path of a chip file."
        ) from None
    if size > _LARGEST_BYTES:
        raise InputError(
            f"a file of {size:,} bytes is no chip file: at most {_LARGEST_BYTES:,} are read",
            where=str(file),
            remedy="Give the path of a chip file.",
        )
    return parse_tree(text, str(file))


def parse_tree(text: str, file: str) -> Branch:
    """Read the text of a chip file; ``file`` is its name in messages."""
    node = _compose(text, file)
    tree = _convert(node, file)
    if not isinstance(tree, Branch):
        raise InputError("there is no mapping of keys here", where=tree.origin, remedy="Write 'key: value' lines.")
    return tree


class _Composer(yaml.SafeLoader):
    """YAML without aliases (which may be circular, or expand without end) and without bottomless nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not understood", event.start_mark)
        if self.depth == DEEPEST:
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "nested too deeply", event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(text: str, file: str) -> yaml.Node:
    try:
        node = yaml.compose(text, Loader=_Composer)
    except yaml.MarkedYAMLError as error:
        raise InputError(
            f"this is not a chip file's YAML: {error.problem}",
            where=_place(error.problem_mark, file),
            remedy="Check indentation, colons and quotes near this line; use 'extends' for what chips share.",
        ) from None
    except yaml.YAMLError as error:
        raise InputError(
            f"this is not a chip file's YAML: {str(error).splitlines()[0]}",
            where=file,
            remedy="Give a plain text file.",
        ) from None
    if node is None:
        raise InputError("the file is empty", where=file, remedy="Describe a chip, or start with 'extends: PRESET'.")
    return node


def _place(mark: object, file: str) -> str:
    return f"{file}:{mark.line + 1}" if isinstance(mark, yaml.Mark) else file


def _convert(node: yaml.Node, file: str) -> Node:
    origin = _place(node.start_mark, file)
    if isinstance(node, yaml.ScalarNode):
        return leaf(node.value, origin)
    if not isinstance(node, yaml.MappingNode):
        raise InputError("no field of a chip file takes a list", where=origin, remedy="Write 'key: value' lines.")
    branch = Branch(origin)
    for key, value in node.value:
        branch.children[_new_key(key, branch, file)] = _convert(value, file)
    return branch


def _new_key(key: yaml.Node, branch: Branch, file: str) -> str:
    where = _place(key.start_mark, file)
    if not isinstance(key, yaml.ScalarNode):
        raise InputError("a key is not a plain word", where=where, remedy="Write 'key: value' lines.")
    name = str(key.value)
    if name in branch.children:
        before = branch.children[name].origin
        raise InputError(
            f"the key {name!r} is given twice (before: {before})", where=where, remedy="Keep one of the two."
        )
    return name
