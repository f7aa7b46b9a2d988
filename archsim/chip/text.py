"""Chip files as text: YAML in, a tree of scalars out."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from archsim.chip.tree import DEEPEST, Branch, Node, leaf
from archsim.errors import InputError
from archsim.text_files import read_text

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML was built with it: ten times as fast."""


def read_tree(file: Path) -> Branch:
    """Read a chip file.

    Raises
    ------
    InputError
        If it cannot be read, is not YAML, is not a mapping, or uses what chip files have no use for (lists, anchors,
        tags, the same key twice).
    """
    return parse_tree(read_text(file, "chip file"), str(file))


@lru_cache(maxsize=64)
def parse_tree(text: str, file: str) -> Branch:
    """Read the text of a chip file; ``file`` is its name in messages.

    The same text is parsed once, so that nobody may change the tree.
    """
    tree = _Reader(text, file).document()
    if not isinstance(tree, Branch):
        raise InputError("there is no mapping of keys here", where=tree.origin, remedy="Write 'key: value' lines.")
    return tree


class _Reader:
    """A tree from YAML's events, as they are parsed.

    No aliases (which may be circular, or expand without end), no bottomless nesting.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._events = yaml.parse(text, Loader=_LOADER)

    def document(self) -> Node:
        """The only document of the file."""
        self._next()  # the stream's start
        if isinstance(self._next(), yaml.StreamEndEvent):
            raise InputError(
                "the file is empty", where=self.file, remedy="Describe a chip, or start with 'extends: PRESET'."
            )
        node = self._node(self._next(), 0)
        self._next()  # the document's end
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._refusal("found another document", after.start_mark)
        return node

    def _node(self, event: yaml.Event, depth: int) -> Node:
        origin = self._place(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            raise self._refusal("aliases are not understood", event.start_mark)
        if depth == DEEPEST:
            raise self._refusal("nested too deeply", event.start_mark)
        if isinstance(event, yaml.ScalarEvent):
            return leaf(event.value, origin)
        if not isinstance(event, yaml.MappingStartEvent):
            while not isinstance(item := self._next(), yaml.SequenceEndEvent):
                self._node(item, depth + 1)
            remedy = "Write 'key: value' lines; several values of a field are one text, as serves: relu*, clip."
            raise InputError("no field of a chip file takes a list", where=origin, remedy=remedy)
        return self._branch(origin, depth)

    def _branch(self, origin: str, depth: int) -> Branch:
        branch = Branch(origin)
        while not isinstance(key := self._next(), yaml.MappingEndEvent):
            branch.children[self._new_key(key, branch)] = self._node(self._next(), depth + 1)
        return branch

    def _new_key(self, key: yaml.Event, branch: Branch) -> str:
        where = self._place(key.start_mark)
        if not isinstance(key, yaml.ScalarEvent):
            raise InputError("a key is not a plain word", where=where, remedy="Write 'key: value' lines.")
        name = str(key.value)
        if name in branch.children:
            before = branch.children[name].origin
            raise InputError(
                f"the key {name!r} is given twice (before: {before})", where=where, remedy="Keep one of the two."
            )
        return name

    def _next(self) -> yaml.Event:
        try:
            return next(self._events)
        except StopIteration:
            # libyaml ends so where a flow collection is deeper than it reads.
            raise self._refusal("it ends within a collection", None) from None
        except yaml.MarkedYAMLError as error:
            # libyaml has a bound of its own on what it reads ahead.
            deep = "nesting depth" in str(error.problem)
            raise self._refusal("nested too deeply" if deep else str(error.problem), error.problem_mark) from None
        except yaml.YAMLError as error:
            raise InputError(
                f"this is not a chip file's YAML: {str(error).splitlines()[0]}",
                where=self.file,
                remedy="Give a plain text file.",
            ) from None

    def _refusal(self, problem: str, mark: object) -> InputError:
        return InputError(
            f"this is not a chip file's YAML: {problem}",
            where=self._place(mark),
            remedy="Check indentation, colons and quotes near this line; use 'extends' for what chips share.",
        )

    def _place(self, mark: object) -> str:
        line = getattr(mark, "line", None)
        return self.file if line is None else f"{self.file}:{line + 1}"
