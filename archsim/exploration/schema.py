"""The description of a study, as its YAML file holds it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from archsim.chip.nearness import nearest
from archsim.errors import InputError
from archsim.functional import Compensation
from archsim.text_files import read_text

Scalar: TypeAlias = bool | int | float | str | None
"""A value of a parameter, as a chip file can hold it."""
Copies: TypeAlias = str | dict[str, int]
When: TypeAlias = dict[str, Scalar | list[Scalar]]
"""Parameters, and the value or values with which another one has a meaning."""
SHIPPED = Path(__file__).parent / "studies"


class Part(BaseModel):
    """A mapping of a study file: unknown keys are refused, and nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class NetworkPart(Part):
    """A network, how large it is, how it is run, and how much it counts.

    Parameters
    ----------
    model : str, optional
        A named network or an ONNX file; the key above it where it is not given.
    weight : float
        In means over networks.
    batch : int, optional
        Samples; as ``run.batch`` where it is not given.
    seq, generate, context, image : int, optional
        As for ``archsim run``.
    shapes : dict of str to list of int
        Of an ONNX file's open inputs.
    """

    model: str | None = None
    weight: Annotated[float, Field(gt=0)] = 1.0
    batch: Annotated[int, Field(ge=1)] | None = None
    seq: int | None = None
    generate: int | None = None
    context: int | None = None
    image: int | None = None
    shapes: dict[str, list[int]] = Field(default_factory=dict)


class RunPart(Part):
    """How networks are run where no parameter says otherwise."""

    batch: Annotated[int, Field(ge=1)] = 1
    replicate: Copies = "none"
    interleave: Annotated[int, Field(ge=1)] | None = None
    schedule: str | None = None
    within: Annotated[float, Field(gt=0, lt=1)] | None = None


class RangePart(Part):
    """Values from one to another, both included: in steps, so many of them, or any between."""

    from_: int | float | str = Field(alias="from")
    to: int | float | str
    step: int | float | str | None = None
    count: Annotated[int, Field(ge=2)] | None = None
    log: bool = False
    when: When = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way(self) -> RangePart:
        if self.step is not None and (self.count is not None or self.log):
            raise ValueError("a range has steps, or a count, or is logarithmic")
        return self


class ValuesPart(Part):
    """Values in a list."""

    values: Annotated[list[Scalar], Field(min_length=1)]
    when: When = Field(default_factory=dict)


class ChoicesPart(Part):
    """Whole sub-descriptions by name: several fields that change together, or copies by layer."""

    choices: Annotated[dict[str, dict[str, Any] | None], Field(min_length=1)]
    when: When = Field(default_factory=dict)


ParameterPart: TypeAlias = RangePart | ValuesPart | ChoicesPart


class AccuracyPart(Part):
    """What is evaluated beside the timing: a model with weights on the same chip.

    Parameters
    ----------
    model : str
        A trained model, or an ONNX file.
    data : str, optional
        An .npz file; a trained model brings its own.
    at : str
        Time since programming.
    seeds : int
        Programmings.
    compensation : str
        Drift compensation.
    metric : str, optional
        ``module:function``.
    """

    model: str
    data: str | None = None
    at: str = "1 day"
    seeds: Annotated[int, Field(ge=1)] = 3
    compensation: Compensation = Compensation.NONE
    metric: str | None = None


class Goal(StrEnum):
    """Which way a figure should go."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"


class Kind(StrEnum):
    """How points are chosen."""

    GRID = "grid"
    RANDOM = "random"
    QUASI_RANDOM = "quasi-random"
    NSGA2 = "nsga2"
    TPE = "tpe"

    @property
    def learns(self) -> bool:
        """Whether a point depends on what earlier ones came to."""
        return self in (Kind.NSGA2, Kind.TPE)


class MethodPart(Part):
    """How points are chosen, and how many.

    Parameters
    ----------
    kind : Kind
    points : int, optional
        How many; a grid has all of its own where it is not given.
    seed : int
    round : int, optional
        Points of a round: a generation of NSGA-II, and what TPE proposes at once. Bounds are held against what earlier
        rounds found, so that the outcome does not depend on who was first.
    """

    kind: Kind = Kind.GRID
    points: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    round: Annotated[int, Field(ge=2)] | None = None

    @model_validator(mode="after")
    def _bounded(self) -> MethodPart:
        if self.points is None and self.kind is not Kind.GRID:
            raise ValueError(f"{self.kind} goes on for ever: give 'points'")
        return self


class Study(Part):
    """Networks, a chip and what may change of it, what is wanted, and how it is sought.

    Parameters
    ----------
    description : str
    networks : dict of str to NetworkPart
    chip : str
        A preset's name, or a chip file; a path is relative to the study file.
    set : list of str
        Changes to the chip that all points share.
    run : RunPart
    parameters : dict of str to ParameterPart
        By the path of a chip's field, or ``chip``, ``batch``, ``replicate``, ``interleave``, ``schedule``;
        sub-descriptions have a name of your own.
    require : list of str
        Comparisons of parameters, as ``tile.array.rows <= tile.array.columns``.
    constraints : list of str
        Comparisons of figures, as ``area_m2 <= 400 mm^2``; each network has to keep them.
    objectives : dict of str to Goal
        Figures, of all networks or ``FIGURE of NETWORK``.
    accuracy : AccuracyPart, optional
    baseline : str, optional
        A chip, or a chip file beside the study, that runs the same networks and batches: what ratios are to.
    method : MethodPart
    best : int
        How many of the best points are wanted whole: bounds pass over a point only if so many others dominate it.
    """

    description: str = ""
    networks: Annotated[dict[str, NetworkPart], Field(min_length=1)]
    chip: str
    set: list[str] = Field(default_factory=list)
    run: RunPart = RunPart()
    parameters: Annotated[dict[str, ParameterPart], Field(min_length=1)]
    require: list[str] = Field(default_factory=list)
    constraints: list[str] = Field(default_factory=list)
    objectives: Annotated[dict[str, Goal], Field(min_length=1)]
    accuracy: AccuracyPart | None = None
    baseline: str | None = None
    method: MethodPart = MethodPart()
    best: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, given: Any) -> Any:
        """A list of networks, networks without options, and a parameter's values as a bare list."""
        if not isinstance(given, dict):
            return given
        networks, parameters = given.get("networks"), given.get("parameters")
        if isinstance(networks, list | str):
            networks = {str(name): {} for name in ([networks] if isinstance(networks, str) else networks)}
        if isinstance(networks, dict):
            networks = {name: part or {} for name, part in networks.items()}
        if isinstance(parameters, dict):
            parameters = {
                name: {"values": part} if isinstance(part, list) else part for name, part in parameters.items()
            }
        return {**given, "networks": networks, "parameters": parameters}


def shipped_studies() -> tuple[str, ...]:
    """Names of the studies that come with archsim."""
    return tuple(sorted(file.stem for file in SHIPPED.glob("*.yaml")))


def find_study(name_or_path: str | Path) -> Path:
    """The file of a study that comes with archsim, or of a path.

    Raises
    ------
    InputError
        If there is neither.
    """
    file = Path(name_or_path)
    if file.exists():
        return file
    if str(name_or_path) in shipped_studies():
        return SHIPPED / f"{name_or_path}.yaml"
    raise InputError(
        f"there is no study file {str(name_or_path)!r}",
        where="STUDY",
        remedy=f"Give a YAML file, or one of: {', '.join(shipped_studies())} (archsim show study NAME prints it).",
    )


def read_study(file: Path) -> Study:
    """Read a study file; the chip and the files that it names are relative to it.

    Raises
    ------
    InputError
        If it cannot be read, or says something that no study can.
    """
    try:
        data = yaml.safe_load(read_text(file, "study file"))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"is no YAML: {error}", where=str(file), remedy="Correct it there.") from None
    return _beside_file(described(data, str(file)), file.parent)


def described(data: object, where: str = "study") -> Study:
    """A study from its plain data.

    Raises
    ------
    InputError
    """
    if not isinstance(data, dict):
        raise InputError("a study is a mapping of keys", where=where, remedy=f"Its keys: {_keys(Study)}.")
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        raise _refused(error, where) from None


def _beside_file(study: Study, folder: Path) -> Study:
    """The study with the files that lie beside it named from here."""
    networks = {name: _beside_network(name, part, folder) for name, part in study.networks.items()}
    parameters = {name: _beside_values(name, part, folder) for name, part in study.parameters.items()}
    changed: dict[str, object] = {"chip": _beside(study.chip, folder), "networks": networks, "parameters": parameters}
    if study.baseline is not None:
        changed["baseline"] = _beside(study.baseline, folder)
    if study.accuracy is not None:
        files = {"model": _beside(study.accuracy.model, folder)}
        if study.accuracy.data is not None:
            files["data"] = _beside(study.accuracy.data, folder)
        changed["accuracy"] = study.accuracy.model_copy(update=files)
    return study.model_copy(update=changed)


def _beside(name: str, folder: Path) -> str:
    """A file beside the study, if there is one of that name; else the name."""
    return str(folder / name) if (folder / name).is_file() else name


def _beside_network(name: str, part: NetworkPart, folder: Path) -> NetworkPart:
    return part.model_copy(update={"model": _beside(part.model or name, folder)})


def _beside_values(name: str, part: ParameterPart, folder: Path) -> ParameterPart:
    if name != "chip" or not isinstance(part, ValuesPart):
        return part
    return part.model_copy(update={"values": [_beside(str(value), folder) for value in part.values]})


_PARTS: dict[str, type[Part]] = {
    "networks": NetworkPart,
    "run": RunPart,
    "accuracy": AccuracyPart,
    "method": MethodPart,
}


def _keys(part: type[Part]) -> str:
    return ", ".join(field.alias or name for name, field in part.model_fields.items())


def _refused(error: ValidationError, where: str) -> InputError:
    """The first fault, or the faults in one list."""
    faults = list(dict.fromkeys(map(_worded, error.errors(include_url=False))))
    place, what, remedy = faults[0]
    if len(faults) == 1:
        return InputError(what, where=f"{where}: {place}" if place else where, remedy=remedy)
    lines = "".join(f"\n  {place}: {what}. {remedy}" for place, what, remedy in faults[:8])
    return InputError(f"{len(faults)} faults:{lines}", where=where, remedy="Correct each of them.")


_ALTERNATIVES = ("RangePart", "ValuesPart", "ChoicesPart")


def _worded(detail: ErrorDetails) -> tuple[str, str, str]:
    """Where, what and what to do."""
    path = [str(key) for key in detail["loc"] if key not in ("bool", "int", "float", "str", "dict[str,int]")]
    if len(path) > 2 and path[0] == "parameters" and path[2] in _ALTERNATIVES:
        return (
            ".".join(path[:2]),
            "is neither a list, a range nor choices",
            "Write [6, 8], {values: [6, 8], when: {other: value}}, {from: 1, to: 8, step: 1} "
            "(or count: 8, or log: true), or {choices: {name: {field: value}}}.",
        )
    place = ".".join(path)
    if detail["type"] == "extra_forbidden":
        part = _PARTS.get(path[0], Study) if len(path) > 1 else Study
        near = nearest(path[-1], part.model_fields)
        return place, f"unknown key {path[-1]!r}", f"Did you mean {near!r}?" if near else f"Known here: {_keys(part)}."
    if detail["type"] == "missing":
        return place, "is missing", f"Add {place} to the study."
    return place, detail["msg"].removeprefix("Value error, ").lower(), "See reports/guide/exploring.md."
