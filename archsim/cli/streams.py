"""The process's own streams: closed, full, read by nobody, or unable to hold every character."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper

from archsim.errors import InputError

_FALLBACK = "archsim-plain"
_PLAIN = {
    "µ": "u",
    "μ": "u",
    "Ω": "ohm",
    "²": "^2",
    "³": "^3",
    "×": "x",
    "…": "...",
    "–": "-",
    "—": "-",
    **dict.fromkeys("█▉▊▋▌", "#"),
    **dict.fromkeys("▍▎▏", "."),
    **dict.fromkeys("─━╌", "-"),
    **dict.fromkeys("│┃", "|"),
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+"),
}


class ReaderLeft(Exception):
    """Whoever read stdout has closed it, as ``head`` does: there is nothing more to do."""


@contextmanager
def safe_streams() -> Iterator[None]:
    """Let printing work on whatever stdout and stderr are; what it leaves unwritten is written at the end.

    Raises
    ------
    ReaderLeft
        If nobody reads stdout.
    InputError
        If stdout cannot be written.
    """
    _stand_in()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_FALLBACK)
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
        raise ReaderLeft from None
    except OSError as error:
        _discard(sys.stdout)
        raise _refusal(error) from error
    finally:
        _flush_errors()


def _stand_in() -> None:
    """Streams that were closed before the process began are None: what goes there is lost, as was wished."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115


def _refusal(error: OSError) -> InputError:
    return InputError(
        f"cannot be read or written: {error.strerror or error}",
        where=str(error.filename or "standard output"),
        remedy="Make room there, or let the output go elsewhere.",
    )


def _flush_errors() -> None:
    try:
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


def _discard(stream: object) -> None:
    """Let what a stream still holds go nowhere, or Python would try to write it when it ends, and complain."""
    if isinstance(stream, TextIOWrapper):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """What an encoding cannot hold, in ASCII: ``u`` for ``µ``, ``\\xe9`` for ``é``."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_PLAIN.get(letter) or letter.encode("ascii", "backslashreplace").decode() for letter in text), (
        error.end
    )


codecs.register_error(_FALLBACK, _plain)
