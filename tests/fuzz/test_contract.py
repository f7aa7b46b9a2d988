"""The fuzz tests' own contract: what keeps it passes, what breaks it fails."""

from __future__ import annotations

import time

import pytest
from hypothesis import strategies as st

from tests.fuzz import contract
from tests.fuzz.contract import BATCH, fuzz, fuzz_long, run_command


def test_good_and_bad_commands_pass() -> None:
    assert run_command("list", "chips").code == 0
    assert run_command("check", "nowhere.yaml").code == 2
    assert run_command("nonsense").code == 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda: 1 / 0, "ZeroDivisionError"),
        (lambda: bytearray(8 << 30), "MemoryError"),
        (lambda: time.sleep(30), "OutOfTime"),
        (lambda: exit(3), "ended with 3"),
        (lambda: exit(2), "ended with 2"),
    ],
)
def test_what_breaks_the_contract_fails(monkeypatch: pytest.MonkeyPatch, fault: object, words: str) -> None:
    monkeypatch.setattr(contract, "main", fault)
    with pytest.raises(AssertionError, match=words):
        run_command("run", seconds=1)


def test_mutants_are_tried_until_there_were_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHSIM_FUZZ_EXAMPLES", str(2 * BATCH - 1))
    seen: list[int] = []
    assert fuzz_long(st.integers(0, 10**18), seen.append) == 2 * BATCH
    assert len(set(seen)) > BATCH
    with pytest.raises(ZeroDivisionError):
        fuzz(st.integers(0, 3), lambda number: 1 / number, 20)
