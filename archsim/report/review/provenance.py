"""What made the figures: the command, the versions, and the inputs by their hashes."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from pathlib import Path

from archsim.chip import resolved_yaml
from archsim.report.document import Fact, Facts
from archsim.report.summary import Summary, versions
from archsim.workloads.trained import trained

_CHUNK = 1 << 20


def provenance_facts(summary: Summary) -> Facts:
    """Command, versions, input hashes."""
    return Facts(tuple(_facts(summary)))


def _facts(summary: Summary) -> Iterator[Fact]:
    if summary.command:
        yield Fact("command", shlex.join(summary.command), "")
    known = versions()
    yield Fact("archsim", str(known.pop("archsim")), ", ".join(f"{name} {version}" for name, version in known.items()))
    yield Fact("model", summary.question.model, _model_hash(summary.question.model))
    chip = resolved_yaml(summary.result.chip)
    yield Fact("chip", summary.question.chip, f"whole description, sha256 {hashlib.sha256(chip.encode()).hexdigest()}")


def _model_hash(model: str) -> str:
    known = trained(model)
    file = known.model if known else Path(model)
    if not file.is_file():
        return "built by archsim under this name"
    return f"file, sha256 {file_hash(file)}"


def file_hash(file: Path) -> str:
    """A file's SHA-256, as hexadecimal digits."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
