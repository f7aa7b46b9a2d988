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


def ran(cache: str | Path, *arguments: str) -> tuple[str, set[str]]:
    """What a run prints, and the modules that it loads."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "archsim", "run", "mlp-hermes", *arguments],
        env={**os.environ, "ARCHSIM_CACHE": str(cache), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    return done.stdout, loaded


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_same_again_needs_neither_engine_nor_tables(form: tuple[str, ...], tmp_path: Path) -> None:
    first, loaded = ran(tmp_path, "--chip", "pcm-mesh-14nm", *form)
    assert {"numba", "pandas.core"} <= loaded
    again, loaded = ran(tmp_path, "--chip", "pcm-mesh-14nm", *form)
    assert again == first
    assert not {"numba", "pandas.core", "archsim.engine.kernel"} & loaded


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


def test_a_library_that_is_loaded_late_is_the_library() -> None:
    script = (
        "import sys\n"
        "from archsim.cli.late import load_late\n"
        "load_late('pandas')\n"
        "import pandas as first\n"
        "assert 'pandas.core' not in sys.modules\n"
        "{}\n"
        "import pandas as second\n"
        "assert first.DataFrame is second.DataFrame is sys.modules['pandas'].DataFrame\n"
        "assert second.__version__ == first.__version__\n"
    )
    for use in ("first.DataFrame({'a': [1]}).a.sum()", "import pandas.api.types", "from pandas import Series"):
        subprocess.run([sys.executable, "-c", script.format(use)], check=True)
