"""From a preset's name or a file to a validated chip."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from archsim.chip.faults import refuse
from archsim.chip.files import chain, find
from archsim.chip.held import merged
from archsim.chip.overrides import Overrides, assignments
from archsim.chip.schema import Chip
from archsim.chip.section import FROM_FILE
from archsim.chip.tree import Branch, data, leaves, override, text_of

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
    low, high : str
        Between what it lies, as it stands in the file; empty where nothing is said.
    """

    path: str
    value: str
    source: str
    origin: str
    low: str = ""
    high: str = ""

    @property
    def assumed(self) -> bool:
        """Whether the file says that nobody published it."""
        return "assumed" in self.source.lower()

    @property
    def is_number(self) -> bool:
        """Whether the value is a number, with or without a unit."""
        return self.value[:1].isdigit() or self.value[:1] in "+-."


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
    tree = resolved_tree(name_or_path, overrides)
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
    tree = resolved_tree(name_or_path, overrides)
    return tuple(
        Source(".".join(path), text_of(leaf), leaf.source, leaf.origin, leaf.low, leaf.high)
        for path, leaf in leaves(tree)
        if path not in _PROSE
    )


def resolved_tree(name_or_path: str, overrides: Overrides = ()) -> Branch:
    """A chip's whole tree: its file over what it extends, and the overrides over that.

    Raises
    ------
    InputError
        If there is no such chip or its file cannot be read.
    """
    files = chain(find(name_or_path))
    chip = merged(files, [override(assignment) for assignment in assignments(overrides)])
    return Branch(files[-1].origin, chip.children)
