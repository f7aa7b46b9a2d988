"""Installations that follow each other in one environment, as the README's readers make them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = "import archsim; print(archsim.simulate('mlp-hermes', 'pcm-mesh-14nm').ledger.headline.network)"


class Clone:
    """A copy of the sources with an environment of its own, which borrows the libraries of this one.

    Parameters
    ----------
    folder : Path
        Where to make it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clone"
        self._environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
        for name in ("archsim", "workloads"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "setup.cfg", "README.md"):
            shutil.copy(ROOT / name, self.folder)
        self.run([sys.executable, "-m", "venv", ".venv"])
        (self.packages / "borrowed.pth").write_text(
            "\n".join(path for path in sys.path if path.endswith("site-packages"))
        )

    @property
    def packages(self) -> Path:
        """Where packages are installed."""
        (found,) = self.folder.glob(".venv/lib/python*/site-packages")
        return found

    def run(self, command: list[str | Path], folder: Path | None = None) -> str:
        """What a command prints; it must succeed."""
        done = subprocess.run(
            command, cwd=folder or self.folder, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def install(self, *options: str) -> None:
        """Install the clone."""
        self.run([".venv/bin/python", "-m", "pip", "install", "--quiet", "--no-deps", *options, "."])

    def files(self) -> set[str]:
        """Names of what is in the installed package's folder."""
        return {file.name for file in (self.packages / "archsim").rglob("*")}


@pytest.mark.slow
def test_installed_then_editable_in_one_clone(tmp_path: Path) -> None:
    clone = Clone(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    archsim = clone.folder / ".venv" / "bin" / "archsim"

    clone.install()
    assert "mlp-hermes" in clone.run([archsim, "run", "mlp-hermes"], elsewhere)
    assert not [name for name in clone.files() if name.endswith((".nbi", ".nbc"))]
    # In the clone's root its own folder is imported, beside which the named networks lie.
    assert clone.run([".venv/bin/python", "-c", LINES]) == "mlp-hermes\n"
    assert clone.run([clone.folder / ".venv/bin/python", "-c", LINES], elsewhere) == "mlp-hermes\n"

    clone.install("--editable")
    assert not (clone.packages / "archsim").exists()
    assert "mlp-hermes" in clone.run([archsim, "run", "mlp-hermes"], elsewhere)
    assert clone.run([".venv/bin/python", "-c", LINES]) == "mlp-hermes\n"

    clone.install()
    assert "mlp-hermes" in clone.run([archsim, "run", "mlp-hermes"], elsewhere)
