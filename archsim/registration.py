"""What installed packages add to archsim: values that they name by entry points."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import metadata
from importlib.metadata import EntryPoint, EntryPoints
from typing import TypeVar, cast

from archsim.errors import InputError

T = TypeVar("T")


@cache
def installed() -> EntryPoints:
    """All entry points of all packages, which are looked for once."""
    # Python 3.11 gives them another type, which can do the same here.
    return cast("EntryPoints", metadata.entry_points())


def entry_points(*, group: str) -> EntryPoints:
    """Entry points of a group."""
    return installed().select(group=group)


def registered(group: str, kind: type[T], words: str, built_in: Iterable[EntryPoint] = ()) -> tuple[tuple[str, T], ...]:
    """Values that packages offer in a group of entry points.

    Parameters
    ----------
    group : str
        Such as ``archsim.cost_models``.
    kind : type
        What each of them must be.
    words : str
        What a reader calls such a value, for errors.
    built_in : iterable of EntryPoint
        Those that come with archsim.

    Returns
    -------
    tuple of (str, kind)
        Each value, and words for the entry point that names it. An entry point may name a tuple of values.

    Raises
    ------
    InputError
        If an entry point cannot be loaded, or names something else.
    """
    return tuple(_checked((*built_in, *entry_points(group=group)), kind, words))


def _checked(entries: Iterable[EntryPoint], kind: type[T], words: str) -> Iterable[tuple[str, T]]:
    for entry in entries:
        where = f"{words} entry point {entry.name!r}"
        for member in _members(entry, where):
            if not isinstance(member, kind):
                raise InputError(
                    f"it names {member!r}, which is no {kind.__name__}",
                    where=where,
                    remedy=f"Name a {kind.__name__}, or a tuple of them.",
                )
            yield where, member


def _members(entry: EntryPoint, where: str) -> tuple[object, ...]:
    try:
        loaded: object = entry.load()
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"it cannot be loaded ({error})", where=where, remedy="Mend or uninstall the package that offers it."
        ) from error
    return loaded if isinstance(loaded, tuple) else (loaded,)


def refuse_taken(name: str, taken: Iterable[str], words: str, where: str) -> None:
    """Refuse what is called by words, such as "topology 'ring'", if its name is among those that exist.

    Raises
    ------
    InputError
        If it is among those that are taken.
    """
    if name in taken:
        raise InputError(f"there already is a {words}", where=where, remedy="Give it another name.")
