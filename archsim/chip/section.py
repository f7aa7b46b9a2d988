"""What every part of a chip file is made of: quantities with units, counts, and choices of cost."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationInfo
from pydantic_core import PydanticCustomError

from archsim.errors import InputError
from archsim.units import SUGGESTED_UNITS, format_quantity, implausible, quantity

FROM_FILE: Final = "from a file"
"""Validation context under which a quantity must carry its unit; Python code may also give SI floats."""


def refusal(what: str, remedy: str) -> PydanticCustomError:
    """A fault in a chip file: pydantic adds where it is, ``archsim.chip.faults`` words it."""
    return PydanticCustomError("refused", "{what}", {"what": what, "remedy": remedy})


def _reader(unit: str, example: str = "") -> BeforeValidator:
    """Reads a quantity; ``example`` is the unit that the field is usually given in."""
    example = example or SUGGESTED_UNITS[unit][0]

    def read(value: object, info: ValidationInfo) -> object:
        if isinstance(value, bool):
            raise refusal(f"{str(value).lower()} is not a quantity", f"Write it as '1 {example}'.")
        if isinstance(value, (int, float)) and info.context == FROM_FILE:
            raise refusal(f"{value} has no unit", f"Write '{value} {example}'.")
        return _read(value, unit, example) if isinstance(value, str) else value

    return BeforeValidator(read, json_schema_input_type=str)


def _read(text: str, unit: str, example: str) -> float:
    try:
        return quantity(text, unit, example)
    except InputError as error:
        raise refusal(error.what, error.remedy) from None


def _plausible(unit: str) -> AfterValidator:
    def check(value: float) -> float:
        refuse_implausible(value, unit)
        return value

    return AfterValidator(check)


def refuse_implausible(value: float, unit: str) -> None:
    """Refuse a quantity that no chip can have.

    Raises
    ------
    PydanticCustomError
        As ``refusal`` makes it.
    """
    wrong = implausible(value, unit)
    if wrong:
        raise refusal(f"{wrong}, what a chip can have", "Check the number and its unit.")


def _writer(unit: str) -> PlainSerializer:
    def write(value: float) -> str:
        return format_quantity(value, unit)

    return PlainSerializer(write, return_type=str, when_used="json")


_POSITIVE = Field(gt=0, allow_inf_nan=False)
_NOT_NEGATIVE = Field(ge=0, allow_inf_nan=False)

Seconds = Annotated[float, _reader("s"), _writer("s"), _POSITIVE, _plausible("s")]
Duration = Annotated[float, _reader("s"), _writer("s"), _NOT_NEGATIVE, _plausible("s")]
"""A time that may be none."""
Metres = Annotated[float, _reader("m"), _writer("m"), _POSITIVE, _plausible("m")]
Pitch = Annotated[float, _reader("m", "mm"), _writer("m"), _POSITIVE, _plausible("m")]
SquareMetres = Annotated[float, _reader("m^2"), _writer("m^2"), _POSITIVE, _plausible("m^2")]
CellArea = Annotated[float, _reader("m^2", "um^2"), _writer("m^2"), _POSITIVE, _plausible("m^2")]
Joules = Annotated[float, _reader("J"), _writer("J"), _NOT_NEGATIVE, _plausible("J")]
Watts = Annotated[float, _reader("W"), _writer("W"), _NOT_NEGATIVE, _plausible("W")]
Hertz = Annotated[float, _reader("Hz"), _writer("Hz"), _POSITIVE, _plausible("Hz")]
Volts = Annotated[float, _reader("V"), _writer("V"), _POSITIVE, _plausible("V")]
Ohms = Annotated[float, _reader("ohm"), _writer("ohm"), _POSITIVE, _plausible("ohm")]
Siemens = Annotated[float, _reader("S"), _writer("S"), _POSITIVE, _plausible("S")]
Kelvin = Annotated[float, _reader("K"), _writer("K"), _POSITIVE, _plausible("K")]
Farads = Annotated[float, _reader("F"), _writer("F"), _POSITIVE, _plausible("F")]
Bits = Annotated[float, _reader("bit"), _writer("bit"), _POSITIVE, _plausible("bit")]
BufferBits = Annotated[float, _reader("bit", "KiB"), _writer("bit"), _POSITIVE, _plausible("bit")]
MemoryBits = Annotated[float, _reader("bit", "GiB"), _writer("bit"), _POSITIVE, _plausible("bit")]
BitsPerSecond = Annotated[float, _reader("bit/s"), _writer("bit/s"), _POSITIVE, _plausible("bit/s")]
JoulesPerBit = Annotated[float, _reader("J/bit"), _writer("J/bit"), _NOT_NEGATIVE, _plausible("J/bit")]
Fraction = Annotated[float, Field(ge=0, le=1, strict=True)]
Share = Annotated[float, Field(gt=0, le=1, strict=True)]
Count = Annotated[int, Field(ge=1, le=10**9, strict=True)]
Lines = Annotated[int, Field(ge=1, le=65536, strict=True)]
"""Rows or columns of an array."""
Cycles = Annotated[int, Field(ge=1, le=100_000, strict=True)]
"""Cycles from an input to its output."""
Precision = Annotated[int, Field(ge=1, le=24, strict=True)]
"""Bits of a signal or a weight: what a converter can be, and a float32 can hold."""
Width = Annotated[int, Field(ge=1, le=128, strict=True)]
"""Bits of a digital word."""
Writes = Annotated[float, Field(ge=1, le=1e20, strict=True, allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=1e-3, le=1e6, strict=True, allow_inf_nan=False)]
"""Operations per lane and cycle, and other bare positive numbers."""
Arity = Annotated[int, Field(ge=2, le=1024, strict=True)]
"""What one router of a tree joins below it."""
Moves = Annotated[int, Field(ge=1, le=10**7, strict=True)]
"""Steps of a search."""
Seed = Annotated[int, Field(ge=0, lt=2**32, strict=True)]
Flag = Annotated[bool, Field(strict=True)]


def _words(value: object) -> object:
    """A chip file has no lists: names stand behind each other, with commas between them."""
    return tuple(word for part in value.split(",") if (word := part.strip())) if isinstance(value, str) else value


Patterns = Annotated[
    tuple[str, ...],
    BeforeValidator(_words, json_schema_input_type=str),
    PlainSerializer(", ".join, return_type=str, when_used="json"),
    Field(min_length=1),
]
"""Names or patterns of names: ``"softmax, depthwise-*"``."""
Parameter = Annotated[float, Field(strict=True, allow_inf_nan=False)] | str


class Serves(StrEnum):
    """What a part is for that only takes power and area."""

    CONTROL = "control"
    """Instructions and sequencers."""
    CLOCK = "clock"
    """Making the clock and bringing it everywhere."""
    SUPPLY = "supply"
    """Power conversion."""
    COMPUTE = "compute"
    MOVE = "move"
    STORE = "store"


class Section(BaseModel):
    """A part of a chip file: frozen, and strict about its keys."""

    # A section that stands as a default is made by model_construct: validating it would build its validator at once,
    # and the chip's own, which is built anyway, holds all of them.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class CostChoice(Section):
    """Which model prices a component, and numbers that replace the model's.

    Parameters
    ----------
    model : str, optional
        Name of a cost model; see ``archsim show cost``.
    energy : dict of str to Joules
        Energy per action, by the action's name.
    scale : float, optional
        Times these energies, and those of the model: how far they may be off.
    area : square metres, optional
        Of one instance; 0 where it is counted elsewhere or not on the die.
    leakage : Watts, optional
        Of one instance.
    running : Watts, optional
        Of one instance, beside its leakage, while its clock runs: whether it works or not, unless ``power`` gates it.
    parameters : dict of str to number or str
        What the model needs beyond the chip's own fields; quantities with their units ("14 nm").

    Examples
    --------
    >>> CostChoice(model="survey", leakage="0.2 mW").leakage
    0.0002
    """

    model: str | None = None
    energy: dict[str, Joules] = Field(default_factory=dict)
    scale: Rate | None = None
    area: Annotated[float, _reader("m^2"), _writer("m^2"), _NOT_NEGATIVE, _plausible("m^2")] | None = None
    leakage: Watts | None = None
    running: Watts | None = None
    parameters: dict[str, Parameter] = Field(default_factory=dict)
