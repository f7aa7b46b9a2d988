"""Run every command in README.md and the guide and put its output below it: python scripts/renew_readme.py [PAGE ...]

Commands stand in ``console`` blocks behind ``$``; what follows one, up to the next, is its output. A command with
``| head`` in it keeps as many lines as it asks for. Snippets in ``python`` blocks are run too, and must not fail.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
GUIDE = tuple(sorted((README.parent / "reports" / "guide").glob("*.md")))
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = {"COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb", "PYTHONIOENCODING": "utf-8"}


def renewed(text: str, folder: Path) -> str:
    """The README with fresh outputs; commands and snippets run one after the other in ``folder``."""

    def renew(block: re.Match[str]) -> str:
        language, body = block.groups()
        if language == "python":
            run([sys.executable, "-c", body], folder)
            return block.group(0)
        return f"```console\n{_renewed_console(body, folder)}```"

    return BLOCK.sub(renew, text)


def _renewed_console(body: str, folder: Path) -> str:
    commands = [line for line in body.splitlines() if line.startswith("$ ")]
    return "".join(f"{line}\n{output(line.removeprefix('$ '), folder)}" for line in commands)


def output(command: str, folder: Path) -> str:
    """What a command line prints."""
    words, _, lines = command.partition(" | head -n ")
    arguments = shlex.split(words)
    if arguments[0] == "archsim":
        arguments = [sys.executable, "-m", "archsim", *arguments[1:]]
    printed = run(arguments, folder).splitlines()
    kept = printed[: int(lines)] if lines else printed
    return "".join(f"{line.rstrip()}\n" for line in kept).rstrip("\n") + "\n" if kept else ""


def run(arguments: list[str], folder: Path) -> str:
    """Standard output of a command that must succeed."""
    result = subprocess.run(
        arguments, cwd=folder, env={**os.environ, **SETTINGS}, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise RuntimeError(f"{shlex.join(arguments)} failed:\n{result.stdout}{result.stderr}")
    return result.stdout


def main() -> None:
    """Rewrite the pages that are named, or README.md and the guide."""
    for page in [Path(name) for name in sys.argv[1:]] or (README, *GUIDE):
        with tempfile.TemporaryDirectory() as folder:
            page.write_text(renewed(page.read_text(), Path(folder)))


if __name__ == "__main__":
    main()
