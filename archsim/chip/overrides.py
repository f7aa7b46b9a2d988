"""Changes to a chip's description, as texts or as a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import TypeAlias

from archsim.errors import InputError

Overrides: TypeAlias = Sequence[str] | Mapping[str, object]
"""``["tile.adc.bits=6"]``, ``{"tile.adc.bits": 6}`` or ``{"tile": {"adc": {"bits": 6}}}``."""


def assignments(overrides: Overrides) -> tuple[str, ...]:
    """Changes as texts.

    Raises
    ------
    InputError
        If they are neither texts nor a mapping, or a value is nothing that a chip file can hold.
    """
    if isinstance(overrides, Mapping):
        return tuple(_assigned(overrides, ""))
    if isinstance(overrides, str) or not all(isinstance(change, str) for change in overrides):
        raise InputError(
            f"{overrides!r} are no changes to a chip",
            where="overrides",
            remedy="Give a list, as ['tile.adc.bits=6'], or a dictionary, as {'tile.adc.bits': 6}.",
        )
    return tuple(overrides)


def _assigned(changes: Mapping[str, object], above: str) -> Iterator[str]:
    for key, value in changes.items():
        field = f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _assigned(value, f"{field}.")
        else:
            yield f"{_checked(field)}={_written(field, value)}"


def _checked(field: str) -> str:
    if "=" in field:
        raise InputError(
            f"no field is called {field!r}", where="overrides", remedy="Give fields with dots, as 'tile.adc.bits'."
        )
    return field


def _written(field: str, value: object) -> str:
    """A value as a chip file has it; ``null`` takes a field away."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return value
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        return repr(float(value))
    raise InputError(
        f"{value!r} is nothing that a chip file can hold",
        where=f"overrides: {field}",
        remedy="Give a number, a text such as '2 GHz', True or False, or None to take the field away.",
    )
