"""A run as its result directory tells it: read back from files, or taken from a run that has just ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import BaseModel, Field, JsonValue, ValidationError

from archsim.accounting import Bottleneck, Headline, Passing
from archsim.chip import resolved_yaml
from archsim.chip.text import parse_tree, read_tree
from archsim.chip.tree import Branch, leaves, text_of
from archsim.errors import InputError
from archsim.report.files import CHIP, CRITICAL_PATH, SUMMARY, TableFormat
from archsim.report.records import json_text
from archsim.report.summary import Summary, summary_data

if TYPE_CHECKING:
    from archsim.studies import Followed

_REMEDY = "Give a directory that archsim run --out DIR has written; its summary.json holds the command that did."
_NAMES = frozenset({"name", "description"})


@dataclass(frozen=True, slots=True, eq=False)
class RunRecord:
    """What a run left behind.

    Parameters
    ----------
    name : str
        What the reader calls it: its directory.
    command : tuple of str
    versions, settings, chip : mapping of str to str
        Of the libraries; what was asked; the chip's fields, dotted, with all defaults.
    headline : Headline
    includes : mapping of str to str
        How far each aspect of power, energy and area is priced.
    bottleneck : Bottleneck
    components, sample_energy, layers, resources : DataFrame
        As `archsim.report.totals` gives them.
    path : DataFrame or None
        As `archsim.accounting.SamplePath.by_layer`; None where no sample was followed.
    """

    name: str
    command: tuple[str, ...]
    versions: Mapping[str, str]
    settings: Mapping[str, str]
    chip: Mapping[str, str]
    headline: Headline
    includes: Mapping[str, str]
    bottleneck: Bottleneck
    components: pd.DataFrame
    sample_energy: pd.DataFrame
    layers: pd.DataFrame
    resources: pd.DataFrame
    path: pd.DataFrame | None


class _SummaryFile(BaseModel):
    """What ``summary.json`` holds, as far as it is read."""

    command: tuple[str, ...]
    versions: dict[str, str]
    settings: dict[str, JsonValue]
    headline: Headline
    includes: dict[str, str] = Field(default_factory=dict)
    bottleneck: Bottleneck
    components: list[dict[str, JsonValue]]
    sample_energy: list[dict[str, JsonValue]]
    layers: list[dict[str, JsonValue]]
    resources: list[dict[str, JsonValue]]


def run_record(name: str, summary: Summary, followed: Followed | None = None) -> RunRecord:
    """A run that is in memory.

    Parameters
    ----------
    name : str
        What the reader calls it.
    summary : Summary
    followed : Followed, optional
        For the parts of the latency.
    """
    held = _SummaryFile.model_validate_json(json_text(summary_data(summary)))
    path = None if followed is None else followed.path.by_layer
    return _record(name, held, parse_tree(resolved_yaml(summary.result.chip), name), path)


def read_record(directory: Path) -> RunRecord:
    """A run that ``archsim run --out`` has written.

    Raises
    ------
    InputError
        If that is no such directory, or its files cannot be read.
    """
    file = directory / SUMMARY
    try:
        held = _SummaryFile.model_validate_json(file.read_bytes())
    except OSError as error:
        raise InputError(f"there is no run to read: {error.strerror}", where=str(file), remedy=_REMEDY) from None
    except ValidationError as error:
        raise InputError(_fault(error), where=str(file), remedy=_REMEDY) from None
    return _record(str(directory), held, read_tree(directory / CHIP), _read_path(directory))


def _fault(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"this is no summary of a run: {place + ': ' if place else ''}{first['msg']}"


def _record(name: str, held: _SummaryFile, chip: Branch, path: pd.DataFrame | None) -> RunRecord:
    return RunRecord(
        name=name,
        command=held.command,
        versions=held.versions,
        settings=dict(_flat(held.settings)),
        chip=chip_fields(chip),
        headline=held.headline,
        includes=held.includes,
        bottleneck=held.bottleneck,
        components=pd.DataFrame(held.components),
        sample_energy=pd.DataFrame(held.sample_energy),
        layers=pd.DataFrame(held.layers),
        resources=pd.DataFrame(held.resources),
        path=path,
    )


def chip_fields(chip: Branch) -> dict[str, str]:
    """Every value of a chip's description by its field, dotted; what it is called and said to be aside."""
    return {".".join(path): text_of(leaf) for path, leaf in leaves(chip) if path[0] not in _NAMES}


def _flat(node: Mapping[str, JsonValue], above: str = "") -> Iterator[tuple[str, str]]:
    """Settings by their names; what was left to archsim aside."""
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        elif value not in (None, []):
            yield f"{above}{key}".removeprefix("settings.").removeprefix("options."), _text(value)


def _text(value: JsonValue) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _read_path(directory: Path) -> pd.DataFrame | None:
    for table_format, read in ((TableFormat.CSV, pd.read_csv), (TableFormat.PARQUET, pd.read_parquet)):
        file = directory / f"{CRITICAL_PATH}.{table_format}"
        if file.is_file():
            return _whole_path(file, read)
    return None


def _whole_path(file: Path, read: Callable[[Path], pd.DataFrame]) -> pd.DataFrame:
    try:
        path = read(file)
    except (ValueError, OSError) as error:
        raise InputError(f"cannot be read as a table: {error}", where=str(file), remedy=_REMEDY) from None
    missing = [name for name in ("layer", *(kind.value for kind in Passing), "total_ps") if name not in path]
    if missing:
        raise InputError(f"this table has no column {missing[0]}", where=str(file), remedy=_REMEDY)
    return path
