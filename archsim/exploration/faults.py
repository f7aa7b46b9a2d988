"""What is wrong with a study file, in the words of its keys: pydantic's findings, one line each."""

from __future__ import annotations

from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from archsim.chip.faults import BOUNDS
from archsim.chip.nearness import nearest
from archsim.errors import InputError
from archsim.exploration.schema import FORMS, AccuracyPart, Goal, MethodPart, NetworkPart, Part, RunPart, Study

MOST_FAULTS = 8
_ANYWHERE = "parameters.*"
"""Stands for the description of any one parameter."""
_PARTS: dict[str, type[Part]] = {
    "networks": NetworkPart,
    "run": RunPart,
    "accuracy": AccuracyPart,
    "method": MethodPart,
}
_EXAMPLES = {
    "accuracy.model": "a trained model's name or an ONNX file",
    "networks": "a list, as [resnet18], or with options, as {resnet18: {batch: 8, weight: 2}}",
    "parameters": "fields and their values, as {tile.adc.bits: [6, 8]}",
    _ANYWHERE: "[6, 8], {values: [6, 8], when: {other: value}}, {from: 1, to: 8, step: 1} (or count: 8, or log: true), "
    "or {choices: {name: {field: value}}}",
    "objectives": "figures and which way they should go, as {latency_s: minimize, gops_per_w: maximize}",
    "constraints": "a list of comparisons, as [area_m2 <= 400 mm^2]",
    "require": "a list of comparisons, as [tile.adc.bits >= tile.input.bits]",
    "set": "a list of changes, as [tile.adc.bits=8]",
    "run": "{batch: 8, replicate: balanced}",
    "run.replicate": "none, balanced, or copies by layer, as {conv1: 8}",
    "method": "{kind: tpe, points: 200}",
    "accuracy": "{model: digits-cnn, at: 1 day}",
    "chip": "a preset's name or a chip file",
}
"""What may stand at a place."""
_KINDS = {
    "int": "whole number",
    "float": "number",
    "finite": "finite number",
    "bool": "true or false",
    "string": "text",
    "list": "list",
    "dict": "mapping of keys",
    "model": "mapping of keys",
}
"""What pydantic means by the beginning of a fault's type."""


def refused(error: ValidationError, where: str) -> InputError:
    """The first fault, or the faults in one list."""
    faults = {place: (what, remedy) for place, what, remedy in map(_worded, error.errors(include_url=False))}
    if len(faults) == 1:
        ((place, (what, remedy)),) = faults.items()
        return InputError(what, where=f"{where}: {place}" if place else where, remedy=remedy)
    shown = list(faults.items())[:MOST_FAULTS]
    lines = "".join(f"\n  {place}: {what}. {remedy}" for place, (what, remedy) in shown)
    return InputError(f"{len(faults)} faults:{lines}", where=where, remedy="Correct each of them.")


def keys_of(part: type[Part]) -> tuple[str, ...]:
    """The keys of a mapping, as files have them."""
    return tuple(field.alias or name for name, field in part.model_fields.items())


def _worded(detail: ErrorDetails) -> tuple[str, str, str]:
    """Where, what and what to do."""
    path = tuple(str(key) for key in detail["loc"])
    part, place = _place(path)
    what, remedy = _fault(detail, part, place)
    return ".".join(place), what, remedy


def _place(path: tuple[str, ...]) -> tuple[type[Part], tuple[str, ...]]:
    """The mapping that a fault is in, and its place in the file; pydantic's own notes on the way are left out."""
    if path[:1] == ("parameters",) and len(path) > 2:
        # A parameter's name may hold dots, but pydantic has it in one.
        return FORMS.get(path[2], Study), (*path[:2], *(path[3:] if path[2] in FORMS else path[2:]))
    part = _PARTS.get(path[0], Study) if len(path) > 1 else Study
    kept = path[: 3 if path[0] == "networks" else 2] if part is not Study else path
    return part, tuple(key for key in kept if key != "[key]")


def _fault(detail: ErrorDetails, part: type[Part], place: tuple[str, ...]) -> tuple[str, str]:
    kind, given, context = detail["type"], detail["input"], detail.get("ctx", {})
    if detail["loc"][-1:] == ("[key]",):
        return f"the name {given!r} is no text", "Write it in quotes, as '4' or 'on'."
    match kind:
        case "extra_forbidden":
            return _unknown(place[-1], part)
        case "missing":
            return "is missing", f"Add {place[-1]}: {_example(place, 'all that it is')}."
        case "no_form":
            return "is neither a list, a range nor choices", f"Write {_EXAMPLES[_ANYWHERE]}."
        case "too_short":
            return "is empty", f"Write {_example(place, 'one at least')}."
        case "enum":
            return _no_word(given, _words(part, place))
        case "value_error":
            return str(context["error"]), f"Write {_example(place, 'something else')}."
    if kind in BOUNDS:
        key, words = BOUNDS[kind]
        return f"{given!r} is not {words} {context[key]:g}", f"Give {words} {context[key]:g}."
    meant = _KINDS.get(kind.partition("_")[0], "value that can stand here")
    return f"{given!r} is no {meant}", f"Write {_example(place, f'a {meant}')}."


def _unknown(key: str, part: type[Part]) -> tuple[str, str]:
    near = nearest(key, keys_of(part))
    return f"unknown key {key!r}", f"Did you mean {near!r}?" if near else f"Known here: {', '.join(keys_of(part))}."


def _no_word(given: object, known: tuple[str, ...]) -> tuple[str, str]:
    near = nearest(str(given), known)
    return f"there is no {given!r} here", (f"Did you mean {near!r}? " if near else "") + f"Known: {', '.join(known)}."


def _words(part: type[Part], place: tuple[str, ...]) -> tuple[str, ...]:
    """The words that may stand at a place."""
    if part is Study:
        return tuple(goal.value for goal in Goal)
    return tuple(word.value for kind in _members(part.model_fields[place[-1]].annotation) for word in kind)


def _members(annotation: Any) -> tuple[type[StrEnum], ...]:
    """The enumerations of a type."""
    if get_origin(annotation) in (Union, UnionType):
        return tuple(kind for member in get_args(annotation) for kind in _members(member))
    return (annotation,) if isinstance(annotation, type) and issubclass(annotation, StrEnum) else ()


def _example(place: tuple[str, ...], otherwise: str) -> str:
    """What may stand at a place."""
    words = ".".join(place)
    if place[:1] == ("parameters",) and len(place) == 2:
        words = _ANYWHERE
    return _EXAMPLES.get(words, otherwise)
