"""Options that belong together as one dataclass: Typer sees its fields, the command gets the object."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import TypeVar, get_type_hints

R = TypeVar("R")


def grouped(command: Callable[..., R]) -> Callable[..., R]:
    """Let Typer see the fields of a command's dataclass parameters in their place.

    Parameters
    ----------
    command : callable
        Its parameters are annotated; those whose type is a dataclass are groups.
    """
    hints = get_type_hints(command, include_extras=True)
    names = [name for name in inspect.signature(command).parameters if name in hints]
    groups = {name: _fields(hints[name]) for name in names if is_dataclass(hints[name])}
    plain = [parameter for name, parameter in inspect.signature(command).parameters.items() if name not in groups]

    @functools.wraps(command)
    def flat(**values: object) -> R:
        made = {name: hints[name](**{field: values.pop(field) for field in fields}) for name, fields in groups.items()}
        return command(**made, **values)

    expanded = [
        *(field for fields in groups.values() for field in fields.values()),
        *(parameter.replace(kind=_KEYWORD, annotation=hints[parameter.name]) for parameter in plain),
    ]
    flat.__signature__ = inspect.Signature(_arguments_first(expanded))  # type: ignore[attr-defined]
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in expanded}
    flat.__doc__ = _flowing(command.__doc__ or "")
    return flat


_KEYWORD = inspect.Parameter.KEYWORD_ONLY


def _flowing(text: str) -> str:
    """Help whose paragraphs have lines as long as the terminal's, not as the source's; each example begins one."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n"))
    return "\n\n".join(paragraph.replace(_NEXT, _NEXT.replace(", ", ",\n")) for paragraph in paragraphs)


_NEXT = "[/], [cyan]archsim "
"""Between two examples."""


def _fields(group: type) -> dict[str, inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return {
        name: parameter.replace(kind=_KEYWORD, annotation=hints[name])
        for name, parameter in inspect.signature(group).parameters.items()
    }


def _arguments_first(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """What must be given before what may be left out, as in any signature."""
    return sorted(parameters, key=lambda parameter: parameter.default is not inspect.Parameter.empty)
