"""Compiled code: kept outside the package, never stale, and never the reason that something fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import archsim

TWICE = """
from archsim.compiled import jit
from {package}.constants import FACTOR

@jit()
def scaled(value):
    return value * FACTOR

print(scaled(21), scaled.stats.cache_hits)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with a compiled function that multiplies by a constant of another module."""
    folder = tmp_path / "scaling"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "constants.py").write_text("FACTOR = 2\n")
    (folder / "function.py").write_text(TWICE.format(package="scaling"))
    return folder


def call(package: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call the package's function in a process of its own; it prints 21 times the constant, and whether it was kept."""
    path = os.pathsep.join([str(package.parent), str(Path(archsim.__file__).parents[1])])
    # A source that changes within a second and keeps its length would be mistaken for its bytecode.
    own = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "scaling.function"],
        env={**own, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_code_is_kept_in_the_users_cache_and_not_in_the_package(package: Path, tmp_path: Path) -> None:
    assert call(package, XDG_CACHE_HOME=str(tmp_path / "cache")).stdout.split()[0] == "42"
    again = call(package, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert again.stdout == "42 Counter({(int64,): 1})\n"
    assert not list(package.rglob("*.nb?"))
    assert list((tmp_path / "cache" / "archsim").rglob("*.nbc"))


def test_numbas_own_variable_names_the_directory(package: Path, tmp_path: Path) -> None:
    call(package, NUMBA_CACHE_DIR=str(tmp_path / "chosen"))
    assert list((tmp_path / "chosen" / "archsim").rglob("*.nbc"))


def test_a_constant_of_another_module_makes_other_code(package: Path, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    call(package, XDG_CACHE_HOME=cache)
    (package / "constants.py").write_text("FACTOR = 3\n")
    assert call(package, XDG_CACHE_HOME=cache).stdout.split()[0] == "63"


@pytest.mark.parametrize("environment", [{"HOME": "/dev/null"}, {"XDG_CACHE_HOME": "/dev/null/cache"}])
def test_nothing_to_write_to_is_a_note(package: Path, environment: dict[str, str]) -> None:
    done = call(package, **environment)
    assert done.stdout.split()[0] == "42"
    assert "compiled code is not kept" in done.stderr
    assert "/dev/null" in done.stderr
    assert "NUMBA_CACHE_DIR" in done.stderr


@pytest.mark.parametrize(("ending", "text"), [("nbi", b""), ("nbi", b"not a pickle"), ("nbc", b"\x80\x04K")])
def test_a_damaged_file_is_compiled_again(package: Path, tmp_path: Path, ending: str, text: bytes) -> None:
    cache = str(tmp_path / "cache")
    call(package, XDG_CACHE_HOME=cache)
    (file,) = (tmp_path / "cache").rglob(f"*.{ending}")
    file.write_bytes(text)
    assert call(package, XDG_CACHE_HOME=cache).stdout.split()[0] == "42"
    assert call(package, XDG_CACHE_HOME=cache).stdout == "42 Counter({(int64,): 1})\n"


def test_without_compilation_nothing_is_kept(package: Path, tmp_path: Path) -> None:
    (package / "function.py").write_text(TWICE.format(package="scaling").replace(", scaled.stats.cache_hits", ""))
    done = call(package, XDG_CACHE_HOME=str(tmp_path / "cache"), NUMBA_DISABLE_JIT="1")
    assert done.stdout == "42\n"
    assert not (tmp_path / "cache").exists()
