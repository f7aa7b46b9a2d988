"""`archsim run`, given twice: the second time nothing is computed, and little is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHIP = """
extends: pcm-mesh-14nm
name: mine
tile:
  adc:
    conversion_time: {}
"""


def ran(cache: str | Path, *arguments: str, network: str = "mlp-hermes") -> tuple[str, set[str]]:
    """What a run prints, and the modules that it loads."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "archsim", "run", network, *arguments],
        env={**os.environ, "ARCHSIM_CACHE": str(cache), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    return done.stdout, loaded


LIBRARIES = {"numba", "pandas", "pyarrow", "scipy", "matplotlib", "onnx", "pint", "filelock", "rich.progress"}
"""That take long to load, and that nothing needs which was run before."""
PARTS = {"archsim.engine.kernel", "archsim.cli.train", "archsim.accounting.ladder", "archsim.workloads.speech"}
"""Parts of ours likewise."""


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_same_again_needs_neither_engine_nor_tables(form: tuple[str, ...], tmp_path: Path) -> None:
    first, loaded = ran(tmp_path, "--chip", "pcm-mesh-14nm", *form)
    assert "numba" in loaded and not {"pandas", "pyarrow"} & loaded
    again, loaded = ran(tmp_path, "--chip", "pcm-mesh-14nm", *form)
    assert again == first
    assert not (LIBRARIES | PARTS) & loaded
    # Nor what makes the figures.
    assert not {"archsim.simulation", "archsim.accounting", "archsim.cost", "archsim.mapping"} & loaded


def test_a_number_that_no_run_depends_on_needs_neither_engine_nor_libraries(tmp_path: Path) -> None:
    def at(voltage: str, *form: str) -> tuple[str, set[str]]:
        change = f"tile.array.cell.read_voltage={voltage}"
        return ran(tmp_path, "--chip", "pcm-mesh-14nm", "--set", change, *form, network="resnet18")

    first, _ = at("0.2 V")
    for voltage, form in (("0.21 V", ()), ("0.22 V", ("--json",)), ("0.23 V", ("--markdown",))):
        other, loaded = at(voltage, *form)
        assert other != first
        assert not (LIBRARIES | PARTS) & loaded


@pytest.mark.parametrize("before, after", [("54 ns [a paper]", "54 ns [assumed]"), ("54 ns", "55 ns")])
def test_another_chip_file_under_the_same_name_is_run(before: str, after: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    printed = []
    for text in (before, after, before):
        file.write_text(CHIP.format(text))
        printed.append(ran(tmp_path / "cache", "--chip", str(file))[0])
    assert printed[0] == printed[2] != printed[1]
    file.write_text(CHIP.format(after))
    assert printed[1] == ran("off", "--chip", str(file))[0]
