"""Routers: DSENT's five-port router by node and flit width, and ISAAC's.

Source: DSENT (gem5 ext/dsent), 5x5 ports, one virtual network, 2 virtual channels of 4 flits, 1 GHz, at 1.0, 0.9, 0.8
and 0.6 V for 45, 32, 22 and 11 nm. A flit pays buffer write and read, crossbar and arbitration, and one clock cycle
(the clock is gated; otherwise its power is static). Between nodes and widths logarithms are interpolated; the supply
enters squared. Below 11 nm and above 45 nm Stillmaker's factors continue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archsim.cost import scaling
from archsim.cost.bill import Figure
from archsim.cost.estimate import MM2, PJ, Estimate, Kind, engineering, range_notes, square
from archsim.cost.model import declare
from archsim.cost.published import Reference
from archsim.cost.scaling import NM, Flavour, Point, log_log, node_notes, nominal_supply
from archsim.cost.settings import Bits, Count, Hertz, Kelvin, Metres, Process, Settings, Volts
from archsim.cost.temperature import ROOM_K, growth

SOURCE = "DSENT (gem5 ext/dsent b1a44b89), 5x5 ports, 2 virtual channels of 4 flits, 1 GHz"
SUPPLIES = ((45.0, 1.0), (32.0, 0.9), (22.0, 0.8), (11.0, 0.6))
_PORTS = 5


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

    @property
    def traversal(self) -> float:
        """Picojoules of a flit without the clock."""
        return self.write + self.read + self.crossbar + self.arbitration


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

    @property
    def leakage_growth(self) -> float:
        """Leakage at the chip's temperature over that at 300 K."""
        return growth(self.node, self.flavour, self.temperature)

    @property
    def overdrive(self) -> float:
        """Square of the supply over DSENT's own at this node."""
        return (self.supply / tabulated_supply(self.node)) ** 2 if self.supply else 1.0


class DsentRouter(DsentPoint):
    """Settings of a DSENT router."""

    width: Bits
    ports: Count = _PORTS
    clock: Hertz = 1e9
    clock_gated: bool = True


def tabulated_supply(node: float) -> float:
    """Supply in volts at which DSENT ran, interpolated; held beyond its nodes."""
    return log_log(SUPPLIES, min(max(node / NM, 11.0), 45.0))


def over_nodes(points: list[tuple[float, float]], settings: DsentPoint) -> float:
    """A DSENT quantity at a node; beyond its nodes it goes on with Stillmaker's energy factor."""
    inside = min(max(settings.node / NM, 11.0), 45.0)
    return log_log(points, inside) * _beyond(settings, inside)


def router(settings: DsentRouter) -> Estimate:
    """Price a DSENT router."""
    traversal = _at(settings, lambda row: row.traversal) * PJ * settings.overdrive
    clock = _at(settings, lambda row: row.clock) * PJ * settings.overdrive
    gated = clock if settings.clock_gated else 0.0
    static = 0.0 if settings.clock_gated else clock * settings.clock
    leakage = _at(settings, lambda row: row.leakage_mw) * 1e-3 * settings.leakage_growth
    flit = f"write + read + crossbar + arbitration {engineering(traversal, 'J')} + clock {engineering(gated, 'J')}"
    warmth = "" if settings.temperature == ROOM_K else f" at {settings.temperature:g} K"
    power = f"leakage {engineering(leakage, 'W')}{warmth} + free-running clock {engineering(static, 'W')}"
    return Estimate(
        (("flit", Figure(traversal + gated, f"{flit}, {settings.width:g} bit", SOURCE)),),
        _area(settings),
        Figure(leakage + static, power, SOURCE),
        notes=_notes(settings),
    )


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
