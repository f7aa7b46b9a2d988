"""The project's own rules: types, style, and the one direction of imports."""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The package as it is installed: ``workloads/`` as ``archsim.workloads``."""
    (tmp_path / "archsim").mkdir()
    for entry in (ROOT / "archsim").iterdir():
        (tmp_path / "archsim" / entry.name).symlink_to(entry)
    (tmp_path / "archsim" / "workloads").symlink_to(ROOT / "workloads")
    return tmp_path


def test_types(package: Path) -> None:
    config, cache = str(ROOT / "pyproject.toml"), str(ROOT / ".mypy_cache" / "installed")
    result = run("-m", "mypy", "--config-file", config, "--cache-dir", cache, "-p", "archsim", cwd=package)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("command", [("check",), ("format", "--check")])
def test_style(command: tuple[str, ...]) -> None:
    result = run("-m", "ruff", *command, ".")
    assert result.returncode == 0, result.stdout + result.stderr


def test_imports_point_down_the_layers() -> None:
    result = run("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache")
    assert result.returncode == 0, result.stdout + result.stderr


def test_only_the_command_line_and_scripts_print() -> None:
    printing = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "archsim").rglob("*.py")
        if "print(" in path.read_text() and "cli" not in path.relative_to(ROOT).parts
    ]
    assert printing == []


def test_every_package_is_installed() -> None:
    there = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in (ROOT / "archsim").rglob("__init__.py")
    }
    listed = configparser.ConfigParser()
    listed.read(ROOT / "setup.cfg")
    assert set(listed["options"]["packages"].split()) == there | {"archsim.workloads", "archsim.workloads.trained"}
