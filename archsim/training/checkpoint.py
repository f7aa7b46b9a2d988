"""Checkpoints of a training: written whole or not at all, and read back bit by bit."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from archsim.errors import InputError
from archsim.training.scores import Score
from archsim.training.state import Leaf


@dataclass(frozen=True, slots=True)
class Position:
    """How far a training has come.

    Parameters
    ----------
    name : str
        What is trained, on what, and how, as text: another training's checkpoint is refused by it.
    epoch, course : int
        Where it goes on.
    scores : tuple of Score
        Until now.
    """

    name: str
    epoch: int
    course: int
    scores: tuple[Score, ...]


def write_checkpoint(path: Path, position: Position, leaves: Iterable[Leaf]) -> None:
    """Write a checkpoint in place of an earlier one.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    head = np.frombuffer(json.dumps(asdict(position)).encode(), np.uint8)
    try:
        with beside.open("wb") as file:
            np.savez(file, head, *leaves)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}", where="--checkpoint", remedy="Choose another place."
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def read_checkpoint(path: Path, name: str) -> tuple[Position, Iterator[Leaf]]:
    """Read a checkpoint of the training of some name.

    Raises
    ------
    InputError
        If it is none, is damaged, or is another training's.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            head = json.loads(bytes(file["arr_0"]))
            scores = tuple(Score(**score) for score in head.pop("scores"))
            position = Position(scores=scores, **head)
            leaves = [file[f"arr_{index}"] for index in range(1, len(file.files))]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} is no checkpoint of a training, or is damaged ({error})",
            where="--checkpoint",
            remedy="Give another file, or remove it to begin anew.",
        ) from error
    _check_name(position.name, name, path)
    return position, iter(leaves)


def _check_name(found: str, wanted: str, path: Path) -> None:
    if found == wanted:
        return
    theirs, ours = found.split("\n"), wanted.split("\n")
    different = [f"{a} there, {b} here" for a, b in zip(theirs, ours, strict=False) if a != b]
    raise InputError(
        f"{path} is of another training ({'; '.join(different) or 'another version'})",
        where="--checkpoint",
        remedy="Give the options that it was written with, or another file.",
    )
