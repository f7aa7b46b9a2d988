"""Which fields of a chip something reads: recorded while it works, not guessed.

What is watched works on a description that looks like the chip and is empty at first: a field is filled in when it is
first asked for, and noted. Whoever asks for a section as a whole (to copy it, to write it out, to compare it) has read
all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, cast

from archsim.chip.schema import Chip
from archsim.chip.section import Section
from archsim.errors import ArchsimError

Place = tuple[str, ...]
"""Names from the chip down to a field."""

Note = Callable[[Place, object], None]

Answer = Callable[..., object]
"""Takes the words of a question."""

ASKED = "?"
"""In place of a field's name, before the words of a question."""

_PLAIN = frozenset({type(None), str, int, float, bool})
"""Looked at first, as it is most of what there is, and classes that anybody may join take long to look at."""

MISSING = "missing"
"""In place of the value of a field that a chip does not have."""


class Unreadable(TypeError):
    """A value of a kind that cannot be told apart from others by its text."""


def no_answer(*question: str) -> object:
    """Where nothing may be asked beside the chip."""
    raise LookupError(f"nobody answers {question}")


class Reads:
    """Fields that have been read, with their values, and questions that have been asked, with their answers.

    Parameters
    ----------
    chip : Chip
    answer : callable, optional
        Answers questions on what is not in the chip.

    Attributes
    ----------
    chip : Chip
        To be worked on: equal to the one given, but what is read of it is noted here. Nothing may keep it.
    values : dict of tuple of str to str
        What each field that was read says, as `spelled` writes it, in the order of reading.
    readable : bool
        Whether all of them could be spelled.
    """

    def __init__(self, chip: Chip, answer: Answer = no_answer) -> None:
        self.values: dict[Place, str] = {}
        self.readable = True
        self._answer = answer
        self._whole: set[Place] = set()
        self.chip = cast(Chip, _watched(chip, (), self._note))

    def ask(self, *question: str) -> object:
        """The answer to a question, which is noted."""
        found = self._answer(*question)
        self._note((ASKED, *question), found)
        return found

    def read_too(self, fields: Iterable[Place], description: Description) -> None:
        """Count as read what somebody else has read of this chip."""
        self.values.update((field, description.at(field)) for field in fields if field[0] != ASKED)

    def spoil(self) -> None:
        """Count as read what could not be spelled."""
        self.readable = False

    def _note(self, place: Place, value: object) -> None:
        try:
            self.values[place] = spelled(value)
        except Unreadable:
            self.readable, self.values[place] = False, ""
        if type(value) not in _PLAIN and isinstance(value, Mapping) and not _has_sections(value):
            self._whole.add(place)

    def __contains__(self, path: str) -> bool:
        """Whether a field was read, or the mapping that it is in; the path with dots."""
        place = tuple(path.split("."))
        return place in self.values or place[:-1] in self._whole


class Description:
    """A chip's fields by their places, each spelled out once.

    Parameters
    ----------
    chip : Chip
    answer : callable, optional
        Answers questions on what is not in the chip.
    """

    def __init__(self, chip: Chip, answer: Answer = no_answer) -> None:
        self.chip, self.answer = chip, answer
        self._fields: dict[Place, str] = {}
        self._answers: dict[Place, str] = {}
        self._nodes: dict[Place, object] = {(): chip}

    def beside(self, answer: Answer) -> Description:
        """The same chip with somebody who answers questions."""
        other = Description(self.chip, answer)
        other._nodes, other._fields = self._nodes, self._fields
        return other

    def at(self, place: Place) -> str:
        """What a field says, as `spelled` writes it; `MISSING` where there is none. Or the answer to a question."""
        if place[0] == ASKED:
            answered = self._answers.get(place)
            if answered is None:
                answered = self._answers[place] = self._answered(place[1:])
            return answered
        known = self._fields.get(place)
        if known is None:
            found = self._node(place)
            known = self._fields[place] = MISSING if found is _NONE else _told(found)
        return known

    def _answered(self, question: Place) -> str:
        """As `spelled`; nothing where it is refused, as whoever asks it of this chip is refused then."""
        try:
            return _told(self.answer(*question))
        except ArchsimError:
            return ""

    def everything(self) -> tuple[tuple[Place, str], ...]:
        """All fields with what they say.

        Raises
        ------
        Unreadable
            If one has no exact text.
        """
        return tuple((place, spelled(value)) for place, value in _below(self.chip, ()))

    def _node(self, place: Place) -> object:
        found = self._nodes.get(place, self)
        if found is not self:
            return found
        above, name = self._node(place[:-1]), place[-1]
        if isinstance(above, Section) and name in type(above).__pydantic_fields__:
            found = getattr(above, name)
        else:
            found = above[name] if isinstance(above, Mapping) and name in above else _NONE
        self._nodes[place] = found
        return found


_NONE = object()


def _told(value: object) -> str:
    """As `spelled`; nothing, which no text is, of what has none."""
    try:
        return spelled(value)
    except Unreadable:
        return ""


def spelled(value: object) -> str:
    """A value as a text that no other value has; of sections their kinds alone, as their fields are read one by one.

    Raises
    ------
    Unreadable
        If it holds anything but numbers, texts, choices, and mappings and rows of such.
    """
    if type(value) in _PLAIN or isinstance(value, str | int | float | Enum):
        # Each of them has a representation that is exact, and differs from kind to kind.
        return repr(value)
    if isinstance(value, Section):
        return f"<{type(value).__module__}.{type(value).__qualname__}>"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{spelled(key)}: {spelled(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__}({', '.join(map(spelled, value))})"
    raise Unreadable(f"a {type(value).__name__} has no exact text")


class _Origin:
    """What a watched section stands for.

    Parameters
    ----------
    section : Section
    place : tuple of str
        Where it is in its chip.
    note : callable
        Told of every field that is read.
    """

    __slots__ = ("note", "place", "section")

    def __init__(self, section: Section, place: Place, note: Note) -> None:
        self.section, self.place, self.note = section, place, note

    def read(self, name: str) -> object:
        """The value of a field, watched if it is a section."""
        value, place = getattr(self.section, name), (*self.place, name)
        self.note(place, value)
        return _seen(value, place, self.note)

    def read_all(self) -> Section:
        """The section itself; all below it counts as read."""
        for place, value in _below(self.section, self.place):
            self.note(place, value)
        return self.section


def _has_sections(mapping: Mapping[Any, object]) -> bool:
    return any(type(item) not in _PLAIN and isinstance(item, Section) for item in mapping.values())


def _seen(value: object, place: Place, note: Note) -> object:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Section):
        return _watched(value, place, note)
    if isinstance(value, Mapping) and _has_sections(value):
        return {key: _seen(item, (*place, key), note) for key, item in value.items()}
    return value


def _below(node: object, place: Place) -> Iterator[tuple[Place, object]]:
    """All fields of a section and of those in it."""
    if isinstance(node, Section):
        for name in type(node).model_fields:
            value = getattr(node, name)
            yield (*place, name), value
            yield from _below(value, (*place, name))
    elif isinstance(node, Mapping):
        for key, item in node.items():
            yield from _below(item, (*place, key))


def _watched(section: Section, place: Place, note: Note) -> Section:
    """A section of the same kind whose fields are filled in as they are read."""
    made: Any = object.__new__(_watched_kind(type(section)))
    object.__setattr__(made, "_origin", _Origin(section, place, note))
    for name in ("__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"):
        object.__setattr__(made, name, getattr(section, name))
    return cast(Section, made)


@cache
def _watched_kind(kind: type[Section]) -> type[Section]:
    """A subclass that looks its fields up where they stand; pydantic need not know of it."""
    members = {
        "__slots__": ("_origin",),
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__getattr__": _fill,
        "__dict__": property(lambda self: self._origin.read_all().__dict__),
        "__copy__": lambda self: self._origin.read_all().__copy__(),
        "__deepcopy__": lambda self, memo=None: self._origin.read_all().__deepcopy__(memo),
        "__eq__": lambda self, other: self._origin.read_all() == other,
        "__hash__": lambda self: hash(self._origin.read_all()),
        "__reduce_ex__": lambda self, _: (_itself, (self._origin.read_all(),)),
    }
    return type.__new__(type(kind), kind.__name__, (kind,), members)


def _itself(section: Section) -> Section:
    """What a watched section is where it is unpacked."""
    return section


def _fill(section: Section, name: str) -> object:
    """Called for what the section does not have yet."""
    if name not in type(section).__pydantic_fields__:
        raise AttributeError(f"{type(section).__name__!r} object has no attribute {name!r}")
    value = object.__getattribute__(section, "_origin").read(name)
    object.__setattr__(section, name, value)
    return value
