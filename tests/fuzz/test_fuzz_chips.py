"""Whatever a chip file holds, ``check`` and ``run`` end as they promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.chip_mutants import mutants
from tests.fuzz.contract import fuzz, fuzz_long, run_command

ORDINARY_CHECKS, ORDINARY_RUNS = 250, 60
LONG_RUN_SHARE = 5
"""One mutant in so many is run, not only checked, in the long run."""


def test_checked_mutants(tmp_path: Path) -> None:
    fuzz(mutants, lambda mutant: _check(tmp_path, mutant), ORDINARY_CHECKS)


def test_run_mutants(tmp_path: Path) -> None:
    fuzz(mutants, lambda mutant: _run(tmp_path, mutant), ORDINARY_RUNS)


@pytest.mark.slow
def test_an_hour_of_mutants(tmp_path: Path) -> None:
    tried = 0

    def either(mutant: bytes) -> None:
        nonlocal tried
        tried += 1
        (_check if tried % LONG_RUN_SHARE else _run)(tmp_path, mutant)

    assert fuzz_long(mutants, either) == tried


def _check(folder: Path, mutant: bytes) -> None:
    run_command("check", _written(folder, mutant))


def _run(folder: Path, mutant: bytes) -> None:
    run_command("run", "digits-cnn", "--chip", _written(folder, mutant))


def _written(folder: Path, mutant: bytes) -> Path:
    file = folder / "mutant.yaml"
    file.write_bytes(mutant)
    return file
