"""Routers: DSENT's five-port router by node and flit width, and ISAAC's.

Source: DSENT (gem5 ext/dsent), 5x5 ports, one virtual network, 2 virtual channels of 4 flits, 1 GHz, at 1.0, 0.9, 0.8
and 0.6 V for 45, 32, 22 and 11 nm. A flit pays buffer write and read, crossbar and arbitration, and one clock cycle
(the clock is gated; otherwise its power is static). Between nodes and widths logarithms are interpolated; the supply
enters squared. Below 11 nm and above 45 nm Stillmaker's factors continue.

Leakage is not DSENT's (6.5 mW at 22 nm: 840 mW/mm^2 of transistors with 100 nA/um at 300 K, at 340 K) but that of the
chip's own transistors on the router's area, as of any other logic.

DSENT's ports hold 8 flits each. A router with a larger ``buffer`` has an SRAM at each port: flits are written into and
read from it, and what it holds beyond DSENT's flits takes area and leaks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archsim.cost import scaling
from archsim.cost.bill import Figure
from archsim.cost.estimate import MM2, PJ, Estimate, Kind, engineering, range_notes, square
from archsim.cost.leakage import logic_leakage
from archsim.cost.memory.sram import CactiSettings, cacti, read_bit, write_bit
from archsim.cost.memory.sram import area as sram_area
from archsim.cost.model import declare
from archsim.cost.published import Reference
from archsim.cost.scaling import NM, Flavour, Point, log_log, node_notes, nominal_supply
from archsim.cost.settings import Bits, Count, Hertz, Kelvin, Metres, Process, Scale, Settings, Volts

SOURCE = "DSENT (gem5 ext/dsent b1a44b89), 5x5 ports, 2 virtual channels of 4 flits, 1 GHz"
SUPPLIES = ((45.0, 1.0), (32.0, 0.9), (22.0, 0.8), (11.0, 0.6))
_PORTS, _FLITS = 5, 8


@dataclass(frozen=True, slots=True)
class Row:
    """One DSENT run: pJ per flit, pJ per clock cycle, mW, mm^2."""

    node_nm: float
    width: int
    write: float
    read: float
    crossbar: float
    arbitration: float
    clock: float
    leakage_mw: float
    area_mm2: float


ROWS = (
    Row(45, 64, 1.68, 1.31, 1.07, 0.147, 0.52, 8.9, 0.0319),
    Row(32, 64, 0.925, 0.720, 0.591, 0.081, 0.289, 7.6, 0.0198),
    Row(22, 64, 0.443, 0.332, 0.272, 0.037, 0.160, 6.5, 0.0077),
    Row(11, 64, 0.137, 0.100, 0.083, 0.011, 0.050, 1.94, 0.00335),
    Row(45, 256, 6.61, 5.07, 4.23, 0.147, 1.66, 34, 0.183),
    Row(32, 256, 3.65, 2.79, 2.33, 0.081, 0.963, 29, 0.136),
    Row(22, 256, 1.75, 1.28, 1.07, 0.037, 0.552, 25, 0.0446),
    Row(11, 256, 0.542, 0.385, 0.327, 0.011, 0.174, 7.5, 0.0208),
)


class DsentPoint(Settings):
    """Settings that DSENT's models share; without a supply, the one that DSENT ran at."""

    node: Metres
    supply: Volts | None = None
    flavour: Flavour = "high-performance"
    temperature: Kelvin = 300.0
    leakage_scale: Scale = 1.0

    @property
    def point(self) -> Point:
        """The operating point."""
        supply = self.supply or tabulated_supply(self.node)
        return Point(self.node, supply, self.flavour, self.temperature, self.leakage_scale)

    @property
    def overdrive(self) -> float:
        """Square of the supply over DSENT's own at this node."""
        return (self.supply / tabulated_supply(self.node)) ** 2 if self.supply else 1.0


class DsentRouter(DsentPoint):
    """Settings of a DSENT router; ``buffer`` is what all its ports hold together."""

    width: Bits
    ports: Count = _PORTS
    clock: Hertz = 1e9
    clock_gated: bool = True
    buffer: Bits | None = None

    @property
    def beyond(self) -> float:
        """Bits of buffer beyond DSENT's own flits."""
        return max(0.0, (self.buffer or 0.0) - _PORTS * _FLITS * self.width)


def tabulated_supply(node: float) -> float:
    """Supply in volts at which DSENT ran, interpolated; held beyond its nodes."""
    return log_log(SUPPLIES, min(max(node / NM, 11.0), 45.0))


def over_nodes(points: list[tuple[float, float]], settings: DsentPoint) -> float:
    """A DSENT quantity at a node; beyond its nodes it goes on with Stillmaker's energy factor."""
    inside = min(max(settings.node / NM, 11.0), 45.0)
    return log_log(points, inside) * _beyond(settings, inside)


def router(settings: DsentRouter) -> Estimate:
    """Price a DSENT router."""
    clock = _at(settings, lambda row: row.clock) * PJ * settings.overdrive
    passing = _at(settings, lambda row: row.crossbar + row.arbitration) * PJ * settings.overdrive
    buffering, holds = _buffering(settings)
    gated = clock if settings.clock_gated else 0.0
    static = 0.0 if settings.clock_gated else clock * settings.clock
    area = _area(settings)
    leakage = _leakage(settings, area)
    flit = f"{holds} + crossbar + arbitration {engineering(passing, 'J')} + clock {engineering(gated, 'J')}"
    power = f"{leakage.formula} + free-running clock {engineering(static, 'W')}"
    total = passing + buffering + gated
    return Estimate(
        (("flit", Figure(total, f"{flit}, {settings.width:g} bit", SOURCE)),),
        _with_memory(area, settings),
        Figure(leakage.value + static, power, leakage.source),
        notes=_notes(settings),
    )


def _buffering(settings: DsentRouter) -> tuple[float, str]:
    """Joules of a flit's way into a buffer and out of it, and words for them."""
    if not settings.beyond:
        joules = _at(settings, lambda row: row.write + row.read) * PJ * settings.overdrive
        return joules, f"write + read {engineering(joules, 'J')}"
    memory = _memory(settings, (settings.buffer or 0.0) / _PORTS)
    joules = settings.width * (read_bit(memory).value + write_bit(memory).value)
    return joules, f"write + read of {memory.kilobytes:.3g} kB of SRAM per port {engineering(joules, 'J')}"


def _memory(settings: DsentRouter, capacity: float) -> CactiSettings:
    point = settings.point
    return CactiSettings(
        node=point.node, supply=point.supply, temperature=point.temperature, cell_type="lop", capacity=capacity,
        width=settings.width, leakage_scale=point.leakage,
    )  # fmt: skip


def _leakage(settings: DsentRouter, area: Figure) -> Figure:
    own = logic_leakage(area.value, settings.point)
    if not settings.beyond:
        return own
    memory = cacti(_memory(settings, settings.beyond)).leakage_w
    assert memory is not None
    return Figure(own.value + memory.value, f"{own.formula} + buffer {memory.formula}", memory.source)


def _with_memory(area: Figure, settings: DsentRouter) -> Figure:
    if not settings.beyond:
        return area
    memory = sram_area(_memory(settings, settings.beyond))
    return Figure(area.value + memory.value, f"{area.formula} + buffer {memory.formula}", f"{SOURCE}; {memory.source}")


def dsent_density(settings: DsentPoint) -> float:
    """Watts per square metre that DSENT's own transistors leak, on its router of 64 bits."""
    points = [(row.node_nm, row.leakage_mw / row.area_mm2) for row in ROWS if row.width == 64]
    return log_log(points, min(max(settings.node / NM, 11.0), 45.0)) * 1e3


def _beyond(settings: DsentPoint, inside: float) -> float:
    edge = Point(inside * NM, nominal_supply(inside * NM), settings.flavour)
    here = Point(settings.node, nominal_supply(settings.node), settings.flavour)
    return scaling.energy_factor(edge, here)


def _at(settings: DsentRouter, quantity: Callable[[Row], float]) -> float:
    nodes = sorted({row.node_nm for row in ROWS})
    return over_nodes([(node, _over_width(settings, node, quantity)) for node in nodes], settings)


def _over_width(settings: DsentRouter, node_nm: float, quantity: Callable[[Row], float]) -> float:
    points = [(float(row.width), quantity(row)) for row in ROWS if row.node_nm == node_nm]
    return log_log(points, settings.width)


def _area(settings: DsentRouter) -> Figure:
    inside = min(max(settings.node / NM, 11.0), 45.0)
    nodes = sorted({row.node_nm for row in ROWS})
    points = [(node, _over_width(settings, node, lambda row: row.area_mm2)) for node in nodes]
    area = log_log(points, inside) * scaling.area_factor(inside * NM, settings.node) * MM2
    return Figure(area, f"{square(area)} for {_PORTS} ports of {settings.width:g} bit", SOURCE)


def _notes(settings: DsentRouter) -> tuple[str, ...]:
    ports = (f"a router of {settings.ports} ports is priced as one of {_PORTS}",) if settings.ports != _PORTS else ()
    return (*node_notes(settings.node, 11, 45), *range_notes("flit width in bits", settings.width, 64, 256), *ports)


_ISAAC = Reference(32)
_ISAAC_PJ_PER_BIT, _ISAAC_MM2 = 20.74 / 256, 0.151
_ISAAC_SOURCE = "ISAAC (ISCA 2016): 42 mW, 0.151 mm^2, 8 ports; 20.74 pJ per 256 bit by hwcomponents-library"


class IsaacRouter(Process):
    """Settings of ISAAC's router."""

    width: Bits


def isaac(settings: IsaacRouter) -> Estimate:
    """Price a flit on ISAAC's router, in proportion to its width."""
    point = settings.point
    energy, area = _ISAAC.energy(point), _ISAAC.area(point)
    flit = settings.width * _ISAAC_PJ_PER_BIT * PJ * energy
    formula = f"{settings.width:g} bit x {engineering(_ISAAC_PJ_PER_BIT * PJ, 'J')}{_ISAAC.words(point, energy)}"
    return Estimate(
        (("flit", Figure(flit, formula, _ISAAC_SOURCE)),),
        Figure(_ISAAC_MM2 * MM2 * area, f"{_ISAAC_MM2} mm^2 x {area:.4g}", _ISAAC_SOURCE),
        Figure(0.0, "counted in the published power", _ISAAC_SOURCE),
        notes=node_notes(settings.node),
    )


MODELS = (
    declare(
        "dsent", Kind.ROUTER, DsentRouter, router, source=SOURCE, validity="11 to 45 nm, 64 to 256 bit, five ports"
    ),
    declare("isaac", Kind.ROUTER, IsaacRouter, isaac, source=_ISAAC_SOURCE, validity="32 nm"),
)
