"""What a cost model may be told: typed parameters with their units, as pydantic fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from archsim.cost.scaling import Flavour, Point, nominal_supply
from archsim.units import quantity

Value = float | int | str | bool | tuple[str, ...]
Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Unit:
    """SI unit of a parameter, shown beside it."""

    symbol: str


def _reader(unit: str) -> BeforeValidator:
    def read(value: object) -> object:
        return quantity(value, unit) if isinstance(value, str) else value

    return BeforeValidator(read, json_schema_input_type=str)


Metres = Annotated[float, _reader("m"), Field(gt=0), Unit("m")]
SquareMetres = Annotated[float, _reader("m^2"), Field(gt=0), Unit("m^2")]
Seconds = Annotated[float, _reader("s"), Field(gt=0), Unit("s")]
Hertz = Annotated[float, _reader("Hz"), Field(gt=0), Unit("Hz")]
Volts = Annotated[float, _reader("V"), Field(gt=0), Unit("V")]
Swing = Annotated[float, _reader("V"), Field(ge=0), Unit("V")]
Kelvin = Annotated[float, _reader("K"), Field(gt=0), Unit("K")]
Siemens = Annotated[float, _reader("S"), Field(gt=0), Unit("S")]
Ohms = Annotated[float, _reader("ohm"), Field(gt=0), Unit("ohm")]
Farads = Annotated[float, _reader("F"), Field(ge=0), Unit("F")]
FaradsPerMetre = Annotated[float, _reader("F/m"), Field(gt=0), Unit("F/m")]
Watts = Annotated[float, _reader("W"), Field(ge=0), Unit("W")]
WattsPerBit = Annotated[float, _reader("W/bit"), Field(ge=0), Unit("W/bit")]
Bits = Annotated[float, _reader("bit"), Field(gt=0), Unit("bit")]
BitsPerSecond = Annotated[float, _reader("bit/s"), Field(gt=0), Unit("bit/s")]
Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseModel):
    """Parameters of one cost model: frozen, and strict about its keys.

    The chip's own fields fill the parameters that bear their names; a chip file's ``cost.parameters`` fills or replaces
    any of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class Process(Settings):
    """Settings of a model that depends on the process.

    Parameters
    ----------
    node : Metres
    supply : Volts, optional
        The node's usual one when left out.
    flavour : str
        ``high-performance`` or ``low-power``.
    """

    node: Metres
    supply: Volts | None = None
    flavour: Flavour = "high-performance"

    @property
    def point(self) -> Point:
        """The operating point."""
        return Point(self.node, self.supply or nominal_supply(self.node), self.flavour)


Format = Literal["int8", "int16", "int32", "fp16", "fp32"]
