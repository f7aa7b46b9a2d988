"""Digital units: energy per primitive operation, by number format.

``horowitz`` counts the arithmetic alone; ``datapath`` adds the registers that hold operands and results;
``stillwater`` takes one published estimate for any 8-bit operation with its register traffic. Control, instruction
fetch and clock distribution are not in any of them: give them under ``other``.

MACs are in ``format`` and sum into 32 bits; everything else is in ``element_format``. Exponential, reciprocal and
reciprocal root are piecewise linear: a read of a segment table, a multiplication, an addition; a division multiplies
by the reciprocal. The table is an SRAM of 2 kB, the smallest that its model covers.
"""

from __future__ import annotations

from math import ceil
from typing import Annotated

from pydantic import BeforeValidator, Field

from archsim.cost import arithmetic
from archsim.cost.bill import Figure
from archsim.cost.estimate import PJ, Estimate, Kind, engineering, square
from archsim.cost.leakage import logic_leakage
from archsim.cost.memory.sram import KILOBYTE, CactiSettings, read_bit
from archsim.cost.memory.sram import area as sram_area
from archsim.cost.model import declare
from archsim.cost.scaling import log_log, node_notes
from archsim.cost.settings import Count, Format, Process
from archsim.errors import InputError
from archsim.network import Primitive

_TABLE_USERS = (Primitive.EXP, Primitive.DIVIDE, Primitive.RSQRT, Primitive.LOOKUP)
_MULTIPLYING = (Primitive.MULTIPLY, Primitive.EXP, Primitive.DIVIDE, Primitive.RSQRT)
_ADDING = (Primitive.ADD, Primitive.COMPARE)
_OPERANDS = {
    Primitive.MAC: 2,
    Primitive.ADD: 2,
    Primitive.MULTIPLY: 2,
    Primitive.COMPARE: 2,
    Primitive.EXP: 1,
    Primitive.DIVIDE: 2,
    Primitive.RSQRT: 1,
    Primitive.LOOKUP: 1,
    Primitive.MOVE: 1,
}


def _words(value: object) -> object:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


class DigitalUnit(Process):
    """Settings of a digital unit; an operation that a lane does r times a cycle is written ``mac:r``."""

    lanes: Count = 1
    operations: Annotated[tuple[str, ...], BeforeValidator(_words), Field(min_length=1)] = tuple(Primitive)
    format: Format = "int8"
    element_format: Format = "int16"

    @property
    def primitives(self) -> tuple[Primitive, ...]:
        """What the unit can do."""
        return tuple(primitive for primitive, _ in self.offered)

    @property
    def offered(self) -> tuple[tuple[Primitive, int], ...]:
        """What the unit can do, and the copies of it that a lane needs: its rate per cycle, rounded up."""
        return tuple(_offer(text) for text in self.operations)

    def copies(self, *users: Primitive) -> int:
        """Copies per lane of hardware that these operations share; 0 if none of them is offered."""
        return max((copies for primitive, copies in self.offered if primitive in users), default=0)


def horowitz(settings: DigitalUnit) -> Estimate:
    """Price a unit's arithmetic alone."""
    return _estimate(settings, registers=False)


def datapath(settings: DigitalUnit) -> Estimate:
    """Price a unit's arithmetic with its operand and result registers."""
    return _estimate(settings, registers=True)


def stillwater(settings: DigitalUnit) -> Estimate:
    """Price every operation as one 8-bit operation with its register traffic."""
    points = ((28.0, 0.55), (22.0, 0.55), (14.0, 0.365), (7.0, 0.245))
    energy = log_log(points, settings.node * 1e9) * PJ
    figure = Figure(energy, "middle of the estimate for an 8-bit operation", "stillwater-sc/universal (estimates)")
    area = _area(settings, registers=True)
    return Estimate(
        tuple((str(name), figure) for name in settings.primitives),
        area,
        logic_leakage(area.value, settings.point),
        notes=node_notes(settings.node, 7, 28),
    )


def operation(primitive: Primitive, settings: DigitalUnit) -> Figure:
    """Joules of one primitive's arithmetic."""
    point = settings.point
    element = settings.element_format
    add, multiply = arithmetic.add(element, point), arithmetic.multiply(element, point)
    match primitive:
        case Primitive.MAC:
            product = arithmetic.multiply(settings.format, point)
            total = product + arithmetic.accumulate(settings.format, point)
            return _figure(total, f"multiply {settings.format} + add 32 bit")
        case Primitive.ADD:
            return _figure(add, f"add {element}")
        case Primitive.COMPARE:
            return _figure(add, f"subtract {element}")
        case Primitive.MULTIPLY:
            return _figure(multiply, f"multiply {element}")
        case Primitive.EXP | Primitive.RSQRT:
            return _figure(_table_read(settings) + multiply + add, f"table read + multiply {element} + add {element}")
        case Primitive.DIVIDE:
            total = _table_read(settings) + 2 * multiply + add
            return _figure(total, f"reciprocal (table read + multiply + add {element}) + multiply {element}")
        case Primitive.LOOKUP:
            return _figure(_table_read(settings), "read of a 2 kB table")
        case Primitive.MOVE:
            total = 2 * arithmetic.register(arithmetic.bits_of(element), point)
            return Figure(total, f"register read + write {element}", arithmetic.REGISTER_SOURCE)


def _figure(value: float, formula: str) -> Figure:
    return Figure(value, f"{formula} = {engineering(value, 'J')}", arithmetic.SOURCE)


def _offer(text: str) -> tuple[Primitive, int]:
    name, _, rate = text.partition(":")
    try:
        return Primitive(name), max(1, ceil(float(rate or 1)))
    except ValueError:
        raise InputError(
            f"{text!r} is no operation of a digital unit",
            where="unit.operations",
            remedy=f"Write a name, or name:rate; known: {', '.join(Primitive)}.",
        ) from None


def _estimate(settings: DigitalUnit, *, registers: bool) -> Estimate:
    area = _area(settings, registers=registers)
    return Estimate(
        tuple((str(name), _priced(name, settings, registers=registers)) for name in settings.primitives),
        area,
        logic_leakage(area.value, settings.point),
        notes=node_notes(settings.node),
    )


def _priced(primitive: Primitive, settings: DigitalUnit, *, registers: bool) -> Figure:
    figure = operation(primitive, settings)
    if not registers or primitive is Primitive.MOVE:
        return figure
    bits = _register_bits(primitive, settings)
    traffic = arithmetic.register(bits, settings.point)
    return Figure(
        figure.value + traffic,
        f"{figure.formula}; + {bits} register bits = {engineering(traffic, 'J')}",
        f"{figure.source}; registers {arithmetic.REGISTER_SOURCE}",
    )


def _register_bits(primitive: Primitive, settings: DigitalUnit) -> int:
    """Operand and result bits that an operation moves through registers."""
    if primitive is Primitive.MAC:
        return 2 * arithmetic.bits_of(settings.format) + 32
    return (_OPERANDS[primitive] + 1) * arithmetic.bits_of(settings.element_format)


def _table(settings: DigitalUnit) -> CactiSettings:
    return CactiSettings(node=settings.node, flavour=settings.flavour, capacity=2 * KILOBYTE, width=64)


def _table_read(settings: DigitalUnit) -> float:
    return arithmetic.bits_of(settings.element_format) * read_bit(_table(settings)).value


def _area(settings: DigitalUnit, *, registers: bool) -> Figure:
    lane = _lane_area(settings, registers=registers)
    return Figure(
        settings.lanes * lane,
        f"{settings.lanes} lanes x {square(lane)}; arithmetic, registers and tables only",
        arithmetic.AREA_SOURCE,
    )


def _lane_area(settings: DigitalUnit, *, registers: bool) -> float:
    point = settings.point
    multipliers, adders = settings.copies(*_MULTIPLYING), settings.copies(*_ADDING)
    area = settings.copies(Primitive.MAC) * arithmetic.format_area(settings.format, point, multiplies=True)
    area += multipliers * arithmetic.format_area(settings.element_format, point, multiplies=True)
    area += max(0, adders - multipliers) * arithmetic.format_area(settings.element_format, point, multiplies=False)
    area += settings.copies(*_TABLE_USERS) * _table_area(settings)
    if registers:
        bits = max(copies * _register_bits(primitive, settings) for primitive, copies in settings.offered)
        area += arithmetic.register_area(bits, point)
    return area


def _table_area(settings: DigitalUnit) -> float:
    return sram_area(_table(settings)).value


_VALIDITY = "7 to 180 nm; integers and floating point of 8 to 32 bit"
MODELS = (
    declare("datapath", Kind.UNIT, DigitalUnit, datapath, source=arithmetic.SOURCE, validity=_VALIDITY),
    declare("horowitz", Kind.UNIT, DigitalUnit, horowitz, source=arithmetic.SOURCE, validity=_VALIDITY),
    declare(
        "stillwater",
        Kind.UNIT,
        DigitalUnit,
        stillwater,
        source="stillwater-sc/universal documentation (that project's estimates)",
        validity="8-bit operations at 28, 22, 14 and 7 nm",
    ),
)
