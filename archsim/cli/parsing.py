"""Reading the options whose values have a form of their own."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from archsim.errors import InputError

if TYPE_CHECKING:
    from archsim.engine import LogWindow
    from archsim.mapping import Replication
    from archsim.network import Learning

_PLANS = ("none", "balanced")


def read_replicate(text: str) -> Replication:
    """Read ``none``, ``balanced`` or ``conv1=8,conv2=4``.

    Raises
    ------
    InputError
        If it is neither, or names a layer twice.
    """
    if text in _PLANS:
        return text
    copies: dict[str, int] = {}
    for part in text.split(","):
        layer, equals, count = (piece.strip() for piece in part.rpartition("="))
        if not equals:
            near = get_close_matches(part, _PLANS, n=1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            raise InputError(
                f"{part.strip()!r} is not a plan of copies",
                where="--replicate",
                remedy=f"{hint}Write none, balanced, or copies by layer, as conv1=8,conv2=4.",
            )
        if layer in copies:
            raise InputError(f"copies of {layer!r} are given twice", where="--replicate", remedy="Keep one of the two.")
        copies[layer] = _number(count, "--replicate", "Write copies by layer, as conv1=8,conv2=4.")
    return copies


def read_update(text: str) -> Learning:
    """Read ``sample``, ``batch:16`` or ``stale:2``.

    Raises
    ------
    InputError
        If it is neither.
    """
    from archsim.network import Learning

    name, colon, count = text.partition(":")
    remedy = "Write sample, batch:N or stale:K, as batch:16."
    if text == "sample":
        return Learning()
    if not colon or name not in ("batch", "stale"):
        raise InputError(f"{text!r} does not say when updates count", where="--update", remedy=remedy)
    number = _number(count, "--update", remedy)
    return Learning(batch=number) if name == "batch" else Learning(stale=number)


def read_shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Read ``data=1,3,224,224`` for each input.

    Raises
    ------
    InputError
        If one is of another form, or an input is given twice.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for text in texts:
        name, equals, sizes = text.rpartition("=")
        remedy = "Write an input's name and its sizes, as data=1,3,224,224."
        if not equals or not name:
            raise InputError(f"{text!r} names no input", where="--shape", remedy=remedy)
        if name in shapes:
            raise InputError(f"the input {name!r} is given twice", where="--shape", remedy="Keep one of the two.")
        shapes[name] = tuple(_number(size.strip(), f"--shape {text}", remedy) for size in sizes.split(","))
    return shapes


def read_window(start: str | None, stop: str | None) -> LogWindow | None:
    """Read the window of the firing log; None where neither end is given.

    Raises
    ------
    InputError
        If an end is no time, or the window is empty.
    """
    if start is None and stop is None:
        return None
    from archsim.engine import LogWindow

    whole = LogWindow()
    first = whole.start_ps if start is None else _time_ps(start, "--trace-from")
    last = whole.stop_ps if stop is None else _time_ps(stop, "--trace-to")
    if first >= last:
        raise InputError(
            f"the window ends at {stop}, before it begins at {start}",
            where="--trace-from, --trace-to",
            remedy="Give an earlier start or a later end.",
        )
    return LogWindow(first, last)


def _time_ps(text: str, option: str) -> int:
    from archsim.units import PS_PER_S, quantity

    try:
        seconds = quantity(text, "s")
    except InputError as error:
        raise InputError(error.what, where=option, remedy=error.remedy) from None
    if not 0 <= seconds * PS_PER_S < 2**62:
        raise InputError(f"{text!r} is not a time within a run", where=option, remedy="Give a time such as '10 us'.")
    return round(seconds * PS_PER_S)


def read_names(text: str, where: str) -> tuple[str, ...]:
    """Read ``isaac,puma``.

    Raises
    ------
    InputError
        If a name is empty.
    """
    names = tuple(part.strip() for part in text.split(","))
    if not all(names):
        raise InputError(f"{text!r} has an empty name in it", where=where, remedy="Write names with commas, as A,B,C.")
    return names


def read_batches(text: str) -> tuple[int, ...]:
    """Read ``1,8,64``.

    Raises
    ------
    InputError
        If one is no whole number of at least 1.
    """
    remedy = "Write whole numbers with commas, as 1,8,64."
    return tuple(_number(part.strip(), "--batch", remedy) for part in text.split(","))


def read_node(text: str) -> float:
    """Read a process node such as ``14 nm``, in metres.

    Raises
    ------
    InputError
        If it is no positive length.
    """
    from archsim.units import quantity

    try:
        node = quantity(text, "m", "nm")
    except InputError as error:
        raise InputError(error.what, where="--node", remedy=error.remedy) from None
    if not 1e-9 <= node <= 1e-6:
        raise InputError(f"{text!r} is no process node", where="--node", remedy="Give a length such as '14 nm'.")
    return node


def _number(text: str, where: str, remedy: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise InputError(f"{text!r} is not a whole number", where=where, remedy=remedy) from None
    if number < 1:
        raise InputError(f"{number} is less than 1", where=where, remedy=remedy)
    return number
