"""Which fields of a chip something reads: recorded while it works, not guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

from archsim.chip.schema import Chip
from archsim.chip.section import Section

_ONE_AT_A_TIME = Lock()


class Reads:
    """Fields that have been read.

    Parameters
    ----------
    chip : Chip
    """

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self._places = dict(_sections(chip, ()))
        self._read: set[str] = set()

    def add(self, section: Section, name: str) -> None:
        """Note that a field of a section was read, if the section is this chip's."""
        place = self._places.get(id(section))
        if place is not None and name in type(section).model_fields:
            self._read.add(".".join((*place, name)))

    def __contains__(self, path: str) -> bool:
        """Whether a field was read, or the mapping that it is in."""
        return path in self._read or path.rpartition(".")[0] in self._read - self._sections

    @property
    def _sections(self) -> set[str]:
        """Paths of sections: reading one says nothing of its fields."""
        return {".".join(place) for place in self._places.values()}


def _sections(node: object, place: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    if isinstance(node, Section):
        yield id(node), place
        children = [(name, getattr(node, name)) for name in type(node).model_fields]
    elif isinstance(node, Mapping):
        children = list(node.items())
    else:
        return
    for name, child in children:
        yield from _sections(child, (*place, str(name)))


@contextmanager
def recorded_reads(chip: Chip) -> Iterator[Reads]:
    """Record which fields of a chip are read within the ``with`` block.

    Parameters
    ----------
    chip : Chip
        Of a description of its own: what was computed from it before, and kept, is not read again.

    Yields
    ------
    Reads
    """
    reads = Reads(chip)
    plain = Section.__getattribute__

    def noting(section: Section, name: str) -> object:
        reads.add(section, name)
        return plain(section, name)

    with _ONE_AT_A_TIME:
        Section.__getattribute__ = noting  # type: ignore[method-assign, assignment]
        try:
            yield reads
        finally:
            del Section.__getattribute__
