"""What a case file may say: questions to the simulator, and what was published in answer to them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from archsim.accounting import Step
from archsim.errors import InputError
from archsim.validation.measure import Dimension, Value, read_factor, read_share, read_value


class Mark(StrEnum):
    """How a published value was come by."""

    PUBLISHED = "P"
    SECOND_HAND = "S"
    DERIVED = "D"
    UNVERIFIED = "U"


class Claim(StrEnum):
    """What agreement would prove."""

    IDENTITY = "identity"
    SUM = "sum"
    PREDICTION = "prediction"
    RESTATED = "restated"
    WHAT_IF = "what-if"
    BAND = "band"


class Figure(StrEnum):
    """What may be asked of a chip or a run."""

    POWER = "power"
    AREA = "area"
    POWER_SHARE = "power-share"
    POWER_DENSITY = "power-density"
    WEIGHTS = "weight-storage"
    THROUGHPUT = "throughput"
    EFFICIENCY = "efficiency"
    FULL_EFFICIENCY = "efficiency-at-full-activity"
    DENSITY = "density"
    INTERVAL = "interval"
    ENERGY = "energy"
    LATENCY = "latency"
    STEP = "step"
    TOKEN = "time-per-token"
    SAMPLE_RATE = "sample-rate"
    SAMPLES_PER_ENERGY = "samples-per-energy"
    OPERATIONS = "operations"
    CHIPS = "chips"
    LATENCY_GAIN = "latency-gain"
    THROUGHPUT_GAIN = "throughput-gain"
    ENERGY_GAIN = "energy-gain"
    DENSITY_GAIN = "density-gain"


DIMENSIONS: Mapping[Figure, Dimension] = {
    Figure.POWER: Dimension.POWER,
    Figure.AREA: Dimension.AREA,
    Figure.POWER_SHARE: Dimension.SHARE,
    Figure.POWER_DENSITY: Dimension.POWER_DENSITY,
    Figure.WEIGHTS: Dimension.STORAGE,
    Figure.THROUGHPUT: Dimension.OPERATION_RATE,
    Figure.EFFICIENCY: Dimension.EFFICIENCY,
    Figure.FULL_EFFICIENCY: Dimension.EFFICIENCY,
    Figure.DENSITY: Dimension.DENSITY,
    Figure.INTERVAL: Dimension.TIME,
    Figure.ENERGY: Dimension.ENERGY,
    Figure.LATENCY: Dimension.TIME,
    Figure.STEP: Dimension.TIME,
    Figure.TOKEN: Dimension.TIME,
    Figure.SAMPLE_RATE: Dimension.SAMPLE_RATE,
    Figure.SAMPLES_PER_ENERGY: Dimension.SAMPLES_PER_ENERGY,
    Figure.OPERATIONS: Dimension.OPERATIONS,
    Figure.CHIPS: Dimension.COUNT,
    Figure.LATENCY_GAIN: Dimension.RATIO,
    Figure.THROUGHPUT_GAIN: Dimension.RATIO,
    Figure.ENERGY_GAIN: Dimension.RATIO,
    Figure.DENSITY_GAIN: Dimension.RATIO,
}

RUN_FIGURES = (
    Figure.LATENCY,
    Figure.THROUGHPUT,
    Figure.STEP,
    Figure.TOKEN,
    Figure.SAMPLE_RATE,
    Figure.ENERGY,
    Figure.SAMPLES_PER_ENERGY,
    Figure.EFFICIENCY,
    Figure.POWER,
    Figure.OPERATIONS,
    Figure.CHIPS,
)


def _refusal(error: InputError) -> PydanticCustomError:
    return PydanticCustomError("refused", "{what}", {"what": error.what, "remedy": error.remedy})


class Section(BaseModel):
    """A mapping of a case file: no unknown keys, no changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(Section):
    """What a simulated chip was told, with its origin.

    Parameters
    ----------
    what, value, source : str
    mark : Mark
    """

    what: str
    value: str
    mark: Mark
    source: str


class Missing(Section):
    """A published value that archsim does not answer yet.

    Parameters
    ----------
    what, value : str
    mark : Mark
    why : str
    """

    what: str
    value: str
    mark: Mark
    why: str


class Published(Section):
    """A published value, and how near the simulated one should come.

    Parameters
    ----------
    figure : Figure
    label : str
        What the paper calls it.
    value : str
        With its unit.
    mark : Mark
    source : str
        Who published it, or the arithmetic behind it.
    kind : Claim
    tolerance : str
        Relative, as ``"2 %"``; or ``"factor 2"``, half to twice.
    of : tuple of str
        Components of a sum or a product; all of them where it is empty.
    per : int
        The simulated value is divided by it: of a tile, where the chip has so many.
    counting : tuple of Step
        Losses of the ladder that the value includes; all of them where it is empty.
    miss : str
        The best explanation, where the simulated value is known to lie outside the tolerance.
    note : str
    """

    figure: Figure
    label: str
    value: str
    mark: Mark
    source: str
    kind: Claim
    tolerance: str
    of: tuple[str, ...] = ()
    per: int = Field(default=1, ge=1)
    counting: tuple[Step, ...] = ()
    miss: str = ""
    note: str = ""

    @property
    def measured(self) -> Value:
        """The value, read."""
        return read_value(self.value, DIMENSIONS[self.figure])

    @property
    def allowed(self) -> float:
        """How far above the published value may be, as a fraction of it."""
        factor = read_factor(self.tolerance)
        return read_share(self.tolerance) if factor is None else factor - 1.0

    def meets(self, ratio: float) -> bool:
        """Whether a value lies within the tolerance.

        Parameters
        ----------
        ratio : float
            Of the value and the published one.
        """
        factor = read_factor(self.tolerance)
        if factor is None:
            return abs(ratio - 1.0) <= self.allowed
        return 1.0 / factor <= ratio <= factor

    @model_validator(mode="after")
    def _readable(self) -> Self:
        try:
            _ = self.measured, self.allowed
        except InputError as error:
            raise _refusal(error) from None
        return self


class _Asked(Section):
    name: str
    chip: str
    overrides: tuple[str, ...] = ()
    why: str = ""
    published: tuple[Published, ...] = ()


class Activity(Section):
    """How often an action happens in the published sum.

    Parameters
    ----------
    action : str
        ``component.action``.
    per_second : float
        Of one instance.
    source : str
    """

    action: str
    per_second: float = Field(gt=0, allow_inf_nan=False)
    source: str


class Sums(_Asked):
    """Power at full activity and area, part by part."""

    ask: Literal["sums"]
    activity: tuple[Activity, ...] = ()
    without: tuple[str, ...] = ()


class Peak(_Asked):
    """The chip's peak figures.

    Parameters
    ----------
    training : bool
        Of a product, a transposed product and an update one after the other, in place of products alone.
    """

    ask: Literal["peak"]
    training: bool = False


class PeakRatio(_Asked):
    """How many times better than another chip's, at their peaks.

    Parameters
    ----------
    against : str
        The other chip.
    against_overrides : tuple of str
    """

    ask: Literal["peak-ratio"]
    against: str
    against_overrides: tuple[str, ...] = ()


class Product(_Asked):
    """One product that uses a whole array, or what else is done with its weights.

    Parameters
    ----------
    doing : str
        ``transposed`` and ``update`` are passes of training.
    """

    ask: Literal["product"]
    doing: Literal["forward", "transposed", "update"] = "forward"


class Doing(_Asked):
    """One action of one part, and the part's area.

    Parameters
    ----------
    action : str
        ``component.action``.
    per_second : float
        How often an instance does it: so much of what it draws anyway each one carries.
    """

    ask: Literal["part"]
    action: str = Field(pattern=r"^[^.]+\.[^.]+$")
    per_second: float = Field(gt=0, allow_inf_nan=False)


class _OfNetwork(_Asked):
    network: str
    batch: int = Field(default=1, ge=1)
    seq: int | None = None
    generate: int | None = None
    replicate: Literal["none", "balanced"] = "none"


class Run(_OfNetwork):
    """A network's run; ``shown`` are figures to print beside no published value."""

    ask: Literal["run"]
    shown: tuple[Figure, ...] = ()


class LadderOf(_OfNetwork):
    """The efficiency ladder of a network's run.

    Parameters
    ----------
    between : pair of tuples of str
        Overrides that make the two ends of a band, beside ``overrides``.
    """

    ask: Literal["ladder"]
    between: tuple[tuple[str, ...], tuple[str, ...]] | None = None


class Ratio(_OfNetwork):
    """How many times better than another chip, at a network.

    Parameters
    ----------
    against : str
        The other chip, on which nothing is copied.
    against_overrides : tuple of str
    """

    ask: Literal["ratio"]
    against: str
    against_overrides: tuple[str, ...] = ()


Question = Annotated[Sums | Peak | PeakRatio | Product | Doing | Run | LadderOf | Ratio, Field(discriminator="ask")]

_ANSWERED: Mapping[str, tuple[Figure, ...]] = {
    "sums": (Figure.POWER, Figure.AREA, Figure.POWER_SHARE, Figure.FULL_EFFICIENCY, Figure.WEIGHTS),
    "peak": (
        Figure.THROUGHPUT,
        Figure.EFFICIENCY,
        Figure.DENSITY,
        Figure.POWER,
        Figure.POWER_DENSITY,
        Figure.AREA,
    ),
    "peak-ratio": (Figure.THROUGHPUT_GAIN, Figure.ENERGY_GAIN, Figure.DENSITY_GAIN),
    "product": (Figure.INTERVAL, Figure.ENERGY, Figure.EFFICIENCY),
    "part": (Figure.ENERGY, Figure.AREA),
    "run": RUN_FIGURES,
    "ladder": (Figure.EFFICIENCY,),
    "ratio": (Figure.LATENCY_GAIN, Figure.THROUGHPUT_GAIN, Figure.ENERGY_GAIN, Figure.DENSITY_GAIN),
}


class Case(Section):
    """A published chip: what is asked of its model, and what its authors reported.

    Parameters
    ----------
    title : str
    about : str
        What the case proves and what not.
    inputs : tuple of Input
    questions : tuple of Question
    not_modelled : tuple of Missing
    """

    title: str
    about: str
    inputs: tuple[Input, ...] = ()
    questions: tuple[Question, ...] = Field(min_length=1)
    not_modelled: tuple[Missing, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for question in self.questions:
            _check_figures(question)
        published = [one for question in self.questions for one in question.published]
        if published and all(one.mark is Mark.UNVERIFIED for one in published):
            remedy = "Add a value with mark P, S or D, or drop the case."
            raise _refusal(InputError("all of its values are unverified (mark U): nothing is proved", remedy=remedy))
        return self


def _check_figures(question: Sums | Peak | PeakRatio | Product | Doing | Run | LadderOf | Ratio) -> None:
    known = _ANSWERED[question.ask]
    shown = question.shown if isinstance(question, Run) else ()
    for figure in (*(one.figure for one in question.published), *shown):
        if figure not in known:
            what = f"question {question.name!r} ({question.ask}) has no figure {figure.value!r}"
            raise _refusal(InputError(what, remedy=f"Figures here: {', '.join(known)}."))
    for one in question.published:
        if one.counting and question.ask != "ladder":
            what = f"'counting' belongs to a ladder, not to question {question.name!r} ({question.ask})"
            raise _refusal(InputError(what, remedy="Remove it, or ask for the ladder."))
        if (one.kind is Claim.BAND) != (isinstance(question, LadderOf) and question.between is not None):
            what = f"question {question.name!r}: a band has two ends ('between'), and what has two ends is a band"
            raise _refusal(InputError(what, remedy="Give 'between' and 'kind: band' together."))
        if one.of and question.ask not in ("sums", "product"):
            what = f"'of' belongs to sums and products, not to question {question.name!r} ({question.ask})"
            raise _refusal(InputError(what, remedy="Remove it, or ask for the sums."))
