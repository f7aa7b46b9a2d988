"""A page on paper: printed into a PDF by Chromium, where that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from archsim.errors import InputError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
PATIENCE_S = 120.0


def print_pdf(page: str, path: Path) -> Path:
    """Print an HTML page.

    Parameters
    ----------
    page : str
        HTML that needs nothing else.
    path : Path

    Raises
    ------
    InputError
        If there is no Chromium, or it cannot write the file.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise InputError(
            "printing needs Chromium, and there is none",
            where="--pdf",
            remedy=f"Install it (Debian: apt-get install chromium), as one of: {', '.join(BROWSERS)}.",
        )
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, encoding="utf-8", errors="backslashreplace")
        _run([browser, *_flags(folder), f"--print-to-pdf={target}", "--no-pdf-header-footer", source.as_uri()], path)
        if not target.is_file():
            raise InputError("Chromium printed nothing", where=str(path), remedy="Print the HTML file from a browser.")
        return _moved(target, path)


def _flags(folder: str) -> tuple[str, ...]:
    # Chromium refuses to keep its sandbox when it is root's.
    sandbox = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    return (*_QUIET, *sandbox, f"--user-data-dir={folder}/profile")


def _run(command: list[str], path: Path) -> None:
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise InputError(
            f"Chromium failed: {error}", where=str(path), remedy="Print the HTML file from a browser."
        ) from error


def _moved(source: Path, path: Path) -> Path:
    try:
        shutil.move(source, path)
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}",
            where=str(path),
            remedy="Give a file in a directory that you may write to.",
        ) from error
    return path
