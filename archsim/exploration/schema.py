"""The description of a study, as its YAML file holds it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from archsim.chip.nearness import nearest
from archsim.functional import Compensation

Scalar: TypeAlias = bool | int | float | str | None
"""A value of a parameter, as a chip file can hold it."""
Copies: TypeAlias = str | dict[str, int]
When: TypeAlias = dict[str, Scalar | list[Scalar]]
"""Parameters, and the value or values with which another one has a meaning."""


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
    """How networks are run where no parameter says otherwise.

    Parameters
    ----------
    batch, replicate, interleave, schedule
        As for ``archsim run``.
    within : float or None
        Precision with which long runs without an exact period end early; None for never.
    """

    batch: Annotated[int, Field(ge=1)] = 1
    replicate: Copies = "none"
    interleave: Annotated[int, Field(ge=1)] | None = None
    schedule: str | None = None
    within: Annotated[float, Field(gt=0, lt=1)] | None = 0.01


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


FORMS: dict[str, type[Part]] = {"range": RangePart, "values": ValuesPart, "choices": ChoicesPart}
"""Ways to describe a parameter."""
_MARKS = {"choices": "choices", "values": "values", "from": "range", "to": "range"}
"""Keys that tell of which form a description is."""


def _form(given: object) -> str | None:
    """The form that a parameter's description has, or was meant to have; None where nothing tells."""
    if isinstance(given, Part):
        return next(form for form, part in FORMS.items() if isinstance(given, part))
    if not isinstance(given, dict):
        return None
    told = next((mark for mark in _MARKS if mark in given), None)
    near = (nearest(str(key), _MARKS) for key in given)
    mark = told or next((mark for mark in near if mark is not None), None)
    return None if mark is None else _MARKS[mark]


ParameterPart: TypeAlias = Annotated[
    Annotated[RangePart, Tag("range")] | Annotated[ValuesPart, Tag("values")] | Annotated[ChoicesPart, Tag("choices")],
    Discriminator(_form, custom_error_type="no_form", custom_error_message="is neither a list, a range nor choices"),
]


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
                name: {"values": list(part)} if isinstance(part, list | tuple | range) else part
                for name, part in parameters.items()
            }
        return {**given, "networks": networks, "parameters": parameters}
