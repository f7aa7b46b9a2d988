"""From a preset's name or a file to a validated chip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from archsim.chip.faults import nearest, refuse
from archsim.chip.held import merged
from archsim.chip.overrides import Overrides, assignments
from archsim.chip.schema import Chip
from archsim.chip.section import FROM_FILE
from archsim.chip.text import read_tree
from archsim.chip.tree import Branch, Leaf, data, leaves, override
from archsim.errors import InputError

_PRESETS = Path(__file__).parent / "presets"
_LONGEST_CHAIN = 30
_PROSE = (("name",), ("description",))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value of a chip file comes from.

    Parameters
    ----------
    path : str
        The field, dotted: ``tile.adc.bits``.
    value : str
        As it stands in the file.
    source : str
        What stands in square brackets behind it; empty where nobody has given a source.
    origin : str
        File and line, or the option, that sets it.
    """

    path: str
    value: str
    source: str
    origin: str

    @property
    def assumed(self) -> bool:
        """Whether the file says that nobody published it."""
        return "assumed" in self.source.lower()

    @property
    def is_number(self) -> bool:
        """Whether the value is a number, with or without a unit."""
        return self.value[:1].isdigit() or self.value[:1] in "+-."


def chip_names() -> tuple[str, ...]:
    """Names of the chips that come with archsim."""
    return tuple(sorted(file.stem for file in _PRESETS.glob("*.yaml")))


def load_chip(name_or_path: str, overrides: Overrides = ()) -> Chip:
    """Read and validate a chip.

    Parameters
    ----------
    name_or_path : str
        A preset's name, or the path of a YAML file.
    overrides : sequence of str, or mapping
        Fields that replace the file's, as ``"tile.adc.bits=6"``; ``null`` takes a field away. A mapping has them as
        keys with dots, or nested.

    Returns
    -------
    Chip

    Raises
    ------
    InputError
        If there is no such chip, or its description cannot be used; it says where and what to do.

    Examples
    --------
    >>> load_chip("pcm-mesh-14nm", ["tile.adc.bits=6"]).tile.adc.bits
    6
    """
    tree = _resolve(name_or_path, overrides)
    try:
        return Chip.model_validate(data(tree), context=FROM_FILE)
    except ValidationError as error:
        raise refuse(error, tree) from None


def sources(name_or_path: str, overrides: Overrides = ()) -> tuple[Source, ...]:
    """Every value of a chip's description with its source, in the file's order.

    Raises
    ------
    InputError
        If there is no such chip or its file cannot be read.
    """
    tree = _resolve(name_or_path, overrides)
    return tuple(
        Source(".".join(path), _text(leaf), leaf.source, leaf.origin)
        for path, leaf in leaves(tree)
        if path not in _PROSE
    )


def _text(leaf: Leaf) -> str:
    return str(leaf.value).lower() if isinstance(leaf.value, bool) else str(leaf.value)


def describe(name: str) -> str:
    """What a preset says of itself."""
    description = _resolve(name, ()).children.get("description")
    return _text(description) if isinstance(description, Leaf) else ""


def _resolve(name_or_path: str, overrides: Overrides) -> Branch:
    """A chip's whole tree: its file over what it extends, and the overrides over that."""
    file = _find(name_or_path, Path(), "chip")
    files = _chain(file, ())
    chip = merged(files, [override(assignment) for assignment in assignments(overrides)])
    return Branch(files[-1].origin, chip.children)


def _chain(file: Path, above: tuple[Path, ...]) -> tuple[Branch, ...]:
    """The tree of a file, and before it those that it extends."""
    _refuse_cycle(file, above)
    tree = read_tree(file)
    parent = tree.children.pop("extends", None)
    # A variant that does not say its own name would otherwise carry its parent's.
    tree.children.setdefault("name", Leaf(file.stem, "", tree.origin))
    if parent is None:
        return (tree,)
    if not isinstance(parent, Leaf) or not isinstance(parent.value, str):
        raise InputError("'extends' does not name a chip", where=parent.origin, remedy="Write a preset or a file name.")
    base = _find(parent.value, file.parent, parent.origin)
    return *_chain(base, (*above, file.resolve())), tree


def _refuse_cycle(file: Path, above: tuple[Path, ...]) -> None:
    if len(above) == _LONGEST_CHAIN:
        raise InputError(
            f"more than {_LONGEST_CHAIN} files extend each other",
            where=str(above[-1]),
            remedy="Join some of them into one file.",
        )
    if file.resolve() in above:
        raise InputError(
            f"the file extends itself: {' -> '.join(step.name for step in (*above, file))}",
            where=str(above[-1]),
            remedy="Remove one 'extends' of this circle.",
        )


def _find(name_or_path: str, folder: Path, where: str) -> Path:
    preset = _PRESETS / f"{name_or_path}.yaml"
    if name_or_path in chip_names():
        return preset
    file = folder / name_or_path
    if file.is_file():
        return file
    near = nearest(name_or_path, chip_names())
    hint = f"Did you mean {near!r}? " if near else ""
    raise InputError(
        f"there is no chip {name_or_path!r}, and no such file",
        where=where,
        remedy=f"{hint}Give the path of a chip file, or one of: {', '.join(chip_names())}.",
    )
