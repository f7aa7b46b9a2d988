"""Command lines, good and bad, end as every command promises, and say nothing that a terminal obeys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fuzz.command_lines import command_lines, commands, write_files
from tests.fuzz.contract import fuzz, fuzz_long, run_command

EXAMPLES = 250
_OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def check(words: list[str]) -> None:
    """Hold a command line to the contract."""
    outcome = run_command(*words)
    said = outcome.stdout + outcome.stderr
    assert not _OBEYED.search(said), f"archsim {words!r} prints {_OBEYED.findall(said)!r}"
    # Sizes are refused by estimate, before memory is exhausted.
    assert "there is not enough memory" not in outcome.stderr, words


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    monkeypatch.chdir(tmp_path)
    # Processes beside this one take seconds to begin, and clusters to be given up.
    monkeypatch.setattr("archsim.exploration.crew.free_bytes", lambda: 0)
    return write_files(tmp_path)


def test_command_lines(files: tuple[str, ...]) -> None:
    fuzz(command_lines(files), check, EXAMPLES)


def test_every_command_is_among_them() -> None:
    assert {("run",), ("accuracy",), ("show", "program"), ("list",)} <= {command.path for command in commands()}
    assert all("--help" in command.flags for command in commands())


@pytest.mark.slow
def test_many_command_lines(files: tuple[str, ...]) -> None:
    assert fuzz_long(command_lines(files), check)
