"""What every command promises of any input: exit code 0, 1 or 2, no traceback, bounded time and memory.

The long runs (``pytest -m slow tests/fuzz``) try 100,000 mutants each, or as many as fit an hour;
``ARCHSIM_FUZZ_EXAMPLES`` and ``ARCHSIM_FUZZ_SECONDS`` set other numbers, ``ARCHSIM_FUZZ_SEED`` other mutants.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TypeVar
from unittest import mock

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from archsim.cli import main

EXIT_CODES = (0, 1, 2)
PATIENCE = 4
SECONDS = 120
"""Longest that a command may take in a fuzz test; generous, since machines under load are slow."""
BATCH = 500
"""Mutants that one seed determines, in a long run."""
BYTES = 4 << 30
"""Most that a command may allocate beyond what the process had."""
_PAGE = 4096
_PLAIN = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))

T = TypeVar("T")


class OutOfTime(BaseException):
    """A command took too long; no handler of ordinary exceptions may swallow it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended.

    Parameters
    ----------
    code : int
        Exit code.
    stdout, stderr : str
        What it printed.
    """

    code: int
    stdout: str
    stderr: str


def run_command(*arguments: str | Path, seconds: int = SECONDS, extra_bytes: int = BYTES) -> Outcome:
    """Run a command in this process through the command line's own entry point, and hold it to the contract.

    Parameters
    ----------
    arguments : str or Path
        As after ``archsim``.
    seconds, extra_bytes : int
        Bounds on its time and on the memory that it allocates.

    Raises
    ------
    AssertionError
        If the command breaks the contract; the message names the command and shows what it did.
    """
    words = [str(argument) for argument in arguments]
    stdout, stderr = _stream(), _stream()
    try:
        with _streams(words, stdout, stderr), _memory(extra_bytes), _time(seconds):
            code = _exit_code()
    except (Exception, OutOfTime) as error:
        shown = "".join(traceback.format_exception(error)[-12:])
        raise AssertionError(f"archsim {' '.join(words)!r} ended in {type(error).__name__}:\n{shown}") from error
    outcome = Outcome(code, _text(stdout), _text(stderr))
    assert_contract(outcome, words)
    return outcome


def assert_contract(outcome: Outcome, words: Sequence[str]) -> None:
    """Hold a command's outcome, in this process or another, to the contract."""
    said = f"archsim {' '.join(words)!r} ended with {outcome.code} and said:\n{outcome.stderr[-2000:]}"
    assert outcome.code in EXIT_CODES, said
    assert "Traceback (most recent call last)" not in outcome.stdout + outcome.stderr, said
    if outcome.code == 2:
        assert outcome.stderr.strip(), said
    if outcome.stderr.startswith("error: "):
        assert "\n   where: " in outcome.stderr, said
        assert "\n  remedy: " in outcome.stderr, said


def fuzz(mutants: SearchStrategy[T], check: Callable[[T], object], examples: int) -> None:
    """Hold so many mutants to the contract: the same ones every time; what fails is shrunk."""
    settings(_PLAIN, max_examples=examples, derandomize=True)(_held(mutants, check))()


def fuzz_long(mutants: SearchStrategy[T], check: Callable[[T], object]) -> int:
    """Hold batches of new mutants to the contract, until there were enough or the time is over.

    Returns
    -------
    int
        Mutants tried.
    """
    wanted, first = _number("EXAMPLES", 100_000), _number("SEED", 0)
    end = time.monotonic() + _number("SECONDS", 3600)
    done = 0
    while done < wanted and time.monotonic() < end:
        batch = settings(_PLAIN, max_examples=BATCH, phases=[Phase.generate])(_held(mutants, check))
        seed(first + done)(batch)()
        done += BATCH
    return done


def _held(mutants: SearchStrategy[T], check: Callable[[T], object]) -> Callable[[], None]:
    @given(mutants)
    def held(mutant: T) -> None:
        check(mutant)

    return held


def _number(name: str, default: int) -> int:
    return int(os.environ.get(f"ARCHSIM_FUZZ_{name}", default))


def _exit_code() -> int:
    try:
        main()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode()


@contextlib.contextmanager
def _streams(words: Sequence[str], stdout: io.TextIOWrapper, stderr: io.TextIOWrapper) -> Iterator[None]:
    argv = mock.patch.object(sys, "argv", ["archsim", *words])
    with argv, contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr), warnings.catch_warnings():
        # A warning that reaches a user is a traceback in small.
        warnings.simplefilter("error")
        yield


@contextlib.contextmanager
def _time(seconds: int) -> Iterator[None]:
    """Bound the processor time, and what waits for nothing by `PATIENCE` times that: a busy machine is no fault."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise OutOfTime(f"after {seconds} s")

    timers = {signal.SIGPROF: (signal.ITIMER_PROF, seconds), signal.SIGALRM: (signal.ITIMER_REAL, PATIENCE * seconds)}
    before = {sent: signal.signal(sent, stop) for sent in timers}
    for timer, limit in timers.values():
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for timer, _ in timers.values():
            signal.setitimer(timer, 0)
        for sent, handler in before.items():
            signal.signal(sent, handler)


@contextlib.contextmanager
def _memory(extra_bytes: int) -> Iterator[None]:
    """Let allocations beyond a bound fail, where the system says how much memory the process has."""
    sizes = Path("/proc/self/statm")
    if not sizes.exists():
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = int(sizes.read_text().split()[0]) * _PAGE + extra_bytes
    resource.setrlimit(resource.RLIMIT_AS, (bound if hard == resource.RLIM_INFINITY else min(bound, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
