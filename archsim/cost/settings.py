"""What a cost model may be told: typed parameters with their units, as pydantic fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from archsim.cost.scaling import Flavour, Point, nominal_supply
from archsim.errors import InputError
from archsim.machine.part import Fact, Facts
from archsim.units import implausible, quantity

Value = Fact
Values = Facts


@dataclass(frozen=True, slots=True)
class Unit:
    """SI unit of a parameter, shown beside it."""

    symbol: str


def _reader(unit: str) -> BeforeValidator:
    def read(value: object) -> object:
        return _read(value, unit) if isinstance(value, str) else value

    return BeforeValidator(read, json_schema_input_type=str)


def _plausible(unit: str) -> AfterValidator:
    def check(value: float) -> float:
        wrong = implausible(value, unit)
        if wrong:
            raise ValueError(f"{wrong}, what a chip can have")
        return value

    return AfterValidator(check)


def _read(text: str, unit: str) -> float:
    try:
        return quantity(text, unit)
    except InputError as error:
        # Pydantic adds the parameter's name to a ValueError.
        raise ValueError(error.what) from None


_POSITIVE = Field(gt=0, allow_inf_nan=False)
_NOT_NEGATIVE = Field(ge=0, allow_inf_nan=False)

Metres = Annotated[float, _reader("m"), _POSITIVE, _plausible("m"), Unit("m")]
SquareMetres = Annotated[float, _reader("m^2"), _POSITIVE, _plausible("m^2"), Unit("m^2")]
Seconds = Annotated[float, _reader("s"), _POSITIVE, _plausible("s"), Unit("s")]
Hertz = Annotated[float, _reader("Hz"), _POSITIVE, _plausible("Hz"), Unit("Hz")]
Volts = Annotated[float, _reader("V"), _POSITIVE, _plausible("V"), Unit("V")]
Swing = Annotated[float, _reader("V"), _NOT_NEGATIVE, _plausible("V"), Unit("V")]
Kelvin = Annotated[float, _reader("K"), _POSITIVE, _plausible("K"), Unit("K")]
Siemens = Annotated[float, _reader("S"), _POSITIVE, _plausible("S"), Unit("S")]
Ohms = Annotated[float, _reader("ohm"), _POSITIVE, _plausible("ohm"), Unit("ohm")]
Farads = Annotated[float, _reader("F"), _NOT_NEGATIVE, _plausible("F"), Unit("F")]
FaradsPerMetre = Annotated[float, _reader("F/m"), _POSITIVE, _plausible("F/m"), Unit("F/m")]
Watts = Annotated[float, _reader("W"), _NOT_NEGATIVE, _plausible("W"), Unit("W")]
WattsPerBit = Annotated[float, _reader("W/bit"), _NOT_NEGATIVE, _plausible("W/bit"), Unit("W/bit")]
Bits = Annotated[float, _reader("bit"), _POSITIVE, _plausible("bit"), Unit("bit")]
BitsPerSecond = Annotated[float, _reader("bit/s"), _POSITIVE, _plausible("bit/s"), Unit("bit/s")]
Count = Annotated[int, Field(ge=1, le=10**9)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Scale = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(BaseModel):
    """Parameters of one cost model: frozen, and strict about its keys.

    The chip's own fields fill the parameters that bear their names; a chip file's ``cost.parameters`` fills or replaces
    any of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Process(Settings):
    """Settings of a model that depends on the process.

    Parameters
    ----------
    node : Metres
    supply : Volts, optional
        The node's usual one when left out.
    flavour : str
        ``high-performance`` or ``low-power``.
    temperature : Kelvin
        Leakage goes with it.
    leakage_scale : float
        Times what transistors leak.
    """

    node: Metres
    supply: Volts | None = None
    flavour: Flavour = "high-performance"
    temperature: Kelvin = 300.0
    leakage_scale: Scale = 1.0

    @property
    def point(self) -> Point:
        """The operating point."""
        supply = self.supply or nominal_supply(self.node)
        return Point(self.node, supply, self.flavour, self.temperature, self.leakage_scale)


Format = Literal["int8", "int16", "int32", "fp16", "fp32"]
