"""What makes a study another one: all of it but how many points are wanted, and files by what is in them.

A study is the same wherever its folder lies and from wherever it is begun, and another one as soon as a file that it
names says something else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archsim.chip import load_chip, resolved_yaml
from archsim.exploration.schema import Study
from archsim.exploration.space import Space


def identity(space: Space) -> dict[str, Any]:
    """What has to be the same for points of a study to be points of another.

    Raises
    ------
    ArchsimError
        If a chip cannot be loaded.
    OSError
        If a file cannot be read.
    """
    study = _with_contents(space.study)
    plain = study.model_dump(mode="json", by_alias=True, exclude={"description": True, "method": {"points"}})
    if study.run.within is None:
        # As in stores that were made before it could be given.
        del plain["run"]["within"]
    # The order of objectives is that of a point's values, the order of parameters that of what is proposed.
    order = {"order of objectives": list(study.objectives), "order of parameters": list(study.parameters)}
    baseline = {} if space.study.baseline is None else {"baseline's chip file": _digest(space.study.baseline)}
    others = [_digest(chip) for chip in space.chips if chip != space.study.chip]
    more = {"chip files of parameters": others} if others else {}
    return {**plain, **order, **baseline, **more, "chip files": _digest(space.study.chip, tuple(space.study.set))}


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The keys of two studies that differ, those of ``run`` one by one."""
    keys = sorted(key for key in {*before, *now} - {"run"} if before.get(key) != now.get(key))
    run, other = before.get("run", {}), now.get("run", {})
    return keys + sorted(f"run.{key}" for key in {*run, *other} if run.get(key) != other.get(key))


def _with_contents(study: Study) -> Study:
    """The study with files called by what is in them; chips, which may extend others, only as files."""
    networks = {
        name: part.model_copy(update={"model": _contents(part.model or name)}) for name, part in study.networks.items()
    }
    changed: dict[str, object] = {"networks": networks, "chip": _chip(study.chip)}
    if study.baseline is not None:
        changed["baseline"] = _chip(study.baseline)
    if study.accuracy is not None:
        files = {"model": _contents(study.accuracy.model)}
        if study.accuracy.data is not None:
            files["data"] = _contents(study.accuracy.data)
        changed["accuracy"] = study.accuracy.model_copy(update=files)
    return study.model_copy(update=changed)


def _chip(name: str) -> str:
    return "a file" if Path(name).is_file() else name


def _contents(name: str) -> str:
    """A name, or a file's contents in its place."""
    file = Path(name)
    if not file.is_file():
        return name
    with file.open("rb") as opened:
        return f"file of {hashlib.file_digest(opened, 'sha256').hexdigest()}"


def _digest(chip: str, overrides: tuple[str, ...] = ()) -> str:
    """Of a chip as it is now, whatever it extends."""
    return hashlib.sha256(resolved_yaml(load_chip(chip, overrides)).encode()).hexdigest()
