"""What is wrong with a chip file, in the words of its keys: pydantic's findings, one line each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from archsim.chip.nearness import nearest
from archsim.chip.schema import Chip
from archsim.chip.section import Section
from archsim.chip.tile import ANALOG, Tile
from archsim.chip.tile_kinds import tile_kinds
from archsim.chip.tree import Branch, Leaf, Path, locate
from archsim.errors import InputError

_KEY_MARK = "[key]"
_LONGEST = 400
"""Characters of a sentence."""
_NUMBERS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "literal_error": "one of the known words",
    "enum": "one of the known words",
}
BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
"""What pydantic calls a bound: its name in a fault's context, and in words."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a chip file."""

    what: str
    where: str
    remedy: str
    of_bound: bool = False


def refuse(error: ValidationError, tree: Branch) -> InputError:
    """Turn pydantic's findings into one error that a user can act on.

    Parameters
    ----------
    error : ValidationError
        Of the tree's data.
    tree : Branch
        What was validated, with the places that its values come from.
    """
    faults = _merged(_fault(detail, tree) for detail in error.errors(include_url=False))
    if len(faults) == 1:
        return InputError(faults[0].what, where=faults[0].where, remedy=faults[0].remedy)
    lines = "".join(f"\n  {fault.where}: {fault.what}. {fault.remedy}" for fault in faults)
    return InputError(
        f"{len(faults)} faults:{lines}", where=tree.origin.rpartition(":")[0], remedy="Correct each of them."
    )


def _merged(faults: Iterable[Fault]) -> list[Fault]:
    # A choice between types (a count or a word) is reported once per type. The last names the words; a bound tells
    # more, since what was given is of its type.
    told: dict[str, Fault] = {}
    for fault in faults:
        if fault.where not in told or not told[fault.where].of_bound:
            told[fault.where] = fault
    return list(told.values())


def _fault(detail: ErrorDetails, tree: Branch) -> Fault:
    path = tuple(str(part) for part in detail["loc"])
    if path and path[-1] == _KEY_MARK:
        return _unknown(path[:-1], tree)
    if detail["type"] == "extra_forbidden":
        return _unknown(path, tree)
    if detail["type"] == "missing":
        return _missing(path, tree)
    found, node = locate(tree, path)
    what, remedy = _worded(detail, found, tree)
    return Fault(_brief(what), _place(found, node.origin), _brief(remedy), detail["type"] in BOUNDS)


def _brief(words: str) -> str:
    """A sentence without the middle of what it quotes, where that is endless."""
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST // 2]} ... {words[-_LONGEST // 2 :]}"


def _place(path: Path, origin: str) -> str:
    field = ".".join(path)
    return origin if not field or origin.startswith(f"--set {field}=") else f"{origin}: {field}"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _unknown(path: Path, tree: Branch) -> Fault:
    _, node = locate(tree, path)
    known = known_keys(path[:-1], tree)
    near = nearest(path[-1], known)
    remedy = f"Did you mean {near!r}?" if near else f"Known here: {', '.join(known)}."
    return Fault(f"unknown key {path[-1]!r}", _place(path, node.origin), remedy)


def _missing(path: Path, tree: Branch) -> Fault:
    found, node = locate(tree, path)
    missing = ".".join(path[: len(found) + 1])
    return Fault(f"{path[len(found)]!r} is missing", _place(path, node.origin), f"Add {missing} to the file.")


def _worded(detail: ErrorDetails, path: Path, tree: Branch) -> tuple[str, str]:
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "refused":
        return str(context["what"]), str(context["remedy"])
    if kind in BOUNDS:
        key, words = BOUNDS[kind]
        limit = context[key]
        bound = f"{words} {f'{limit:,}' if isinstance(limit, int) else f'{limit:g}'}"
        return f"{given} is not {bound}", f"Give a value {bound}."
    if kind in _NUMBERS and (known := _words(_type_at(path, tree))):
        near = nearest(str(given), known)
        hint = f"Did you mean {near!r}? " if near else ""
        return f"{_shown(given)} is not understood", f"{hint}Choose {_expected(path, tree)}."
    if kind in _NUMBERS:
        return f"{_shown(given)} is not {_NUMBERS[kind]}", f"Write {_NUMBERS[kind]} here."
    if kind in ("model_type", "dict_type"):
        keys = ", ".join(known_keys(path, tree)) or "name: value"
        return "a mapping of keys is meant here", f"Write it as indented 'key: value' lines ({keys})."
    return detail["msg"], "See the chip file's schema."


def known_keys(path: Path, tree: Branch) -> tuple[str, ...]:
    """Keys that may stand in a chip file under a path; empty where any name may."""
    kind = _type_at(path, tree)
    if isinstance(kind, type) and issubclass(kind, Section):
        return tuple(kind.model_fields)
    keys = get_args(kind)[0] if get_origin(kind) is dict else None
    return _words(keys)


def _expected(path: Path, tree: Branch) -> str:
    kind = _type_at(path, tree)
    words, number = _words(kind), "a whole number or " if int in _members(kind) else ""
    return f"{number}{words[0]!r}" if len(words) == 1 else f"{number}one of {', '.join(words)}"


def _words(kind: object) -> tuple[str, ...]:
    """The words that a type admits: members of enumerations and literals."""
    found: list[str] = []
    for member in _members(kind):
        if get_origin(member) is Literal:
            found += [str(word) for word in get_args(member)]
        elif isinstance(member, type) and issubclass(member, Enum):
            found += [str(word.value) for word in member]
    return tuple(found)


def _members(kind: object) -> tuple[object, ...]:
    """The types of a union, without their annotations."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return tuple(part for member in get_args(kind) for part in _members(member) if part is not NoneType)
    return (kind,)


def _type_at(path: Path, tree: Branch) -> object:
    """What the schema says of the value under a path; None where it knows no such path."""
    kind: object = Chip
    for key in path:
        kind = _tile_section(tree) if (kind, key) == (Chip, "tile") else _child(kind, key)
    return kind


def _tile_section(tree: Branch) -> type[Tile]:
    """The section that the file's matrix unit has."""
    found, node = locate(tree, ("tile", "unit"))
    name = str(node.value) if isinstance(node, Leaf) and len(found) == 2 else ANALOG
    return tile_kinds()[name].section if name in tile_kinds() else Tile


def _child(kind: object, key: str) -> object:
    if isinstance(kind, type) and issubclass(kind, Section):
        return _field_type(kind.model_fields.get(key))
    return get_args(kind)[1] if get_origin(kind) is dict else None


def _field_type(field: FieldInfo | None) -> object:
    if field is None:
        return None
    members = _members(field.annotation)
    return members[0] if len(members) == 1 else field.annotation
