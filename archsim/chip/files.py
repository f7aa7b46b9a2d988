"""Chip files: those that come with archsim, and those that a file extends."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from archsim.chip.nearness import nearest
from archsim.chip.text import read_tree
from archsim.chip.tree import Branch, Leaf, text_of
from archsim.errors import InputError

_HERE = Path()
_PRESETS = Path(__file__).parent / "presets"
_LONGEST_CHAIN = 30
_ENDINGS = (".yaml", ".yml")


@cache
def chip_names() -> tuple[str, ...]:
    """Names of the chips that come with archsim."""
    return tuple(sorted(file.stem for file in _PRESETS.glob("*.yaml")))


def describe(name: str) -> str:
    """What a preset says of itself."""
    described = (tree.children.get("description") for tree in reversed(chain(find(name))))
    return next((text_of(node) for node in described if isinstance(node, Leaf)), "")


def chain(file: Path, above: tuple[Path, ...] = ()) -> tuple[Branch, ...]:
    """The tree of a file, and before it those that it extends.

    Parameters
    ----------
    file : Path
    above : tuple of Path
        Files that extend it.

    Raises
    ------
    InputError
        If one of them cannot be read, or they extend each other in a circle.
    """
    _refuse_cycle(file, above)
    written = read_tree(file)
    parent, tree = written.children.get("extends"), _own(written, file.stem)
    if parent is None:
        return (tree,)
    if not isinstance(parent, Leaf) or not isinstance(parent.value, str):
        raise InputError("'extends' does not name a chip", where=parent.origin, remedy="Write a preset or a file name.")
    base = find(parent.value, file.parent, parent.origin)
    return *chain(base, (*above, file.resolve())), tree


@lru_cache(maxsize=64)
def _own(written: Branch, name: str) -> Branch:
    """A file's tree without the file that it extends; the same of the same tree."""
    own = {key: node for key, node in written.children.items() if key != "extends"}
    # A variant that does not say its own name would otherwise carry its parent's.
    return Branch(written.origin, {**own, "name": own.get("name", Leaf(name, "", written.origin))})


def _refuse_cycle(file: Path, above: tuple[Path, ...]) -> None:
    if len(above) == _LONGEST_CHAIN:
        raise InputError(
            f"more than {_LONGEST_CHAIN} files extend each other",
            where=str(above[-1]),
            remedy="Join some of them into one file.",
        )
    if above and file.resolve() in above:
        raise InputError(
            f"the file extends itself: {' -> '.join(step.name for step in (*above, file))}",
            where=str(above[-1]),
            remedy="Remove one 'extends' of this circle.",
        )


def find(name_or_path: str, folder: Path = _HERE, where: str = "chip") -> Path:
    """The file of a preset, or of a path.

    Parameters
    ----------
    name_or_path : str
    folder : Path
        Paths are relative to it.
    where : str
        Place of the name, for the message.

    Raises
    ------
    InputError
        If there is neither; it suggests the nearest name.
    """
    preset = _PRESETS / f"{name_or_path}.yaml"
    if name_or_path in chip_names():
        return preset
    file = folder / name_or_path
    if file.is_file():
        return file
    near = None if file.suffix in _ENDINGS else nearest(name_or_path, chip_names())
    hint = f"Did you mean {near!r}? " if near else ""
    raise InputError(
        f"there is no chip {name_or_path!r}, and no such file",
        where=where,
        remedy=f"{hint}Give the path of a chip file, or one of: {', '.join(chip_names())}.",
    )
