"""``archsim`` and ``python -m archsim``: the command line, which Ctrl-C ends quietly, even while it is being loaded."""

from __future__ import annotations

import gc
import os
import signal
import sys

INTERRUPTED = 130
NEW_OBJECTS = 250_000
"""Between two looks for cycles that nobody holds any more."""


def main() -> None:
    """Run the command line, in a process of its own."""
    sys.unraisablehook = _leave_if_interrupted
    # What is loaded stays: to look through it again and again for what nobody holds any more takes a tenth of a start.
    gc.set_threshold(NEW_OBJECTS)
    try:
        from archsim.cli import main as command_line

        command_line()
    except SystemExit:
        raise
    except BaseException as error:
        if not _caused_by_interrupt(error):
            raise
        sys.exit(INTERRUPTED)
    finally:
        # What is left to do takes no time, and is not to be torn apart.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # The end of the process frees all: Python need not look for what only holds itself.
        gc.freeze()


def _caused_by_interrupt(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: Python and some modules turn it into others when it finds them at work."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _leave_if_interrupted(unraisable: sys.UnraisableHookArgs) -> None:
    """Leave at once where Ctrl-C finds code that cannot raise it, and that would go on without it."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        os._exit(INTERRUPTED)
    sys.__unraisablehook__(unraisable)


if __name__ == "__main__":
    main()
