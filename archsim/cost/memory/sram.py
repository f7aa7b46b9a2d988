"""SRAM: fits to CACTI, by cell type, node and access width.

E per bit = k S^a with S the capacity in kilobytes, fitted to CACTI runs (one read-write port, one bank, 350 K) for 2
kB to 2 MB, access widths of 64 and 256 bits, and 45, 32 and 22 nm, at CACTI's own supplies. The largest error of each
fit is in the table. Below 22 nm the energy goes with Stillmaker's factor (optimistic) and the area with published bit
cells.

Leakage is not CACTI's but that of the cells' area, as of any other silicon of the chip: high-performance transistors
in ``hp`` cells, low-power ones in ``lop`` cells. CACTI's own (at 350 K: 19 nW per bit of 22 nm ``hp`` cells, 27 of
``lop``, rising as the node shrinks) is that of ITRS transistors, 50 times what a 14 nm chip of SRAM draws in all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from archsim.cost.bill import Figure
from archsim.cost.estimate import FJ, UM2, Estimate, Kind, engineering, range_notes, square
from archsim.cost.leakage import logic_leakage
from archsim.cost.model import CostModel, declare
from archsim.cost.published import Reference
from archsim.cost.scaling import NM, Flavour, Point, log_log, node_notes, nominal_supply
from archsim.cost.settings import Bits, Process, WattsPerBit

SOURCE = "CACTI (github HewlettPackard/cacti 1ffd8dfb), fitted for 2 kB to 2 MB"
KILOBYTE = 8192.0
SMALLEST_NM = 22.0

CellType = Literal["hp", "lop"]


@dataclass(frozen=True, slots=True)
class Power:
    """A power law k S^a: coefficient, exponent and the fit's largest error."""

    k: float
    exponent: float
    error: float

    def at(self, kilobytes: float) -> float:
        """Value at a capacity."""
        return float(self.k * kilobytes**self.exponent)


@dataclass(frozen=True, slots=True)
class Fit:
    """One row of the fit: energies in fJ per bit, time in ns, area in um^2 per bit."""

    node_nm: float
    width: int
    read: Power
    write: Power
    time: Power
    area_um2: float


_HP = (
    Fit(45, 64, Power(16.78, 0.548, 0.14), Power(67.1, 0.435, 0.24), Power(0.233, 0.386, 0.23), 0.44),
    Fit(45, 256, Power(14.00, 0.476, 0.33), Power(30.1, 0.568, 0.49), Power(0.124, 0.491, 0.34), 0.42),
    Fit(32, 64, Power(8.99, 0.562, 0.16), Power(38.3, 0.416, 0.30), Power(0.185, 0.364, 0.52), 0.22),
    Fit(32, 256, Power(7.35, 0.493, 0.31), Power(16.4, 0.559, 0.39), Power(0.091, 0.500, 0.29), 0.217),
    Fit(22, 64, Power(4.63, 0.571, 0.15), Power(18.8, 0.421, 0.26), Power(0.112, 0.398, 0.65), 0.104),
    Fit(22, 256, Power(3.70, 0.511, 0.30), Power(8.3, 0.563, 0.39), Power(0.053, 0.558, 0.33), 0.101),
)
_LOP = (
    Fit(45, 64, Power(8.97, 0.573, 0.14), Power(34.4, 0.426, 0.26), Power(0.663, 0.292, 0.49), 0.435),
    Fit(45, 256, Power(7.76, 0.494, 0.30), Power(15.4, 0.556, 0.37), Power(0.314, 0.433, 0.25), 0.428),
    Fit(32, 64, Power(4.48, 0.579, 0.13), Power(14.8, 0.439, 0.20), Power(0.418, 0.312, 0.54), 0.221),
    Fit(32, 256, Power(3.75, 0.513, 0.28), Power(7.4, 0.559, 0.38), Power(0.202, 0.465, 0.30), 0.213),
    Fit(22, 64, Power(2.88, 0.591, 0.12), Power(9.6, 0.447, 0.18), Power(0.336, 0.325, 0.62), 0.104),
    Fit(22, 256, Power(2.45, 0.526, 0.29), Power(5.0, 0.551, 0.39), Power(0.163, 0.467, 0.35), 0.102),
)
# Bit cells of 0.07 and 0.027 um^2 (unverified) and 0.021 um^2 (IEDM 2022), at the 70 % that 31.8 Mib/mm^2 at N3E shows.
_AREA_BELOW_22 = ((16.0, 0.100), (7.0, 0.0386), (5.0, 0.030))
_AREA_SOURCE = "bit cells 0.07 and 0.027 um^2 at 16 and 7 nm (unverified), 0.021 um^2 at 5 nm (IEDM 2022), 70 % used"


class CactiSettings(Process):
    """Settings of an SRAM."""

    capacity: Bits
    width: Bits
    cell_type: CellType | None = None
    leakage_per_bit: WattsPerBit | None = None

    @property
    def kilobytes(self) -> float:
        """Capacity."""
        return self.capacity / KILOBYTE

    @property
    def cells(self) -> CellType:
        """Cell type: as given, or as the technology's flavour suggests."""
        return self.cell_type or ("hp" if self.flavour == "high-performance" else "lop")


def cacti(settings: CactiSettings) -> Estimate:
    """Price an SRAM."""
    leakage = leakage_per_bit(settings)
    return Estimate(
        energy_j=(("read_bit", read_bit(settings)), ("write_bit", write_bit(settings))),
        area_m2=area(settings),
        leakage_w=Figure(
            leakage.value * settings.capacity, f"{settings.capacity:g} bit x ({leakage.formula})", leakage.source
        ),
        latency_s=_access_time(settings),
        notes=_notes(settings),
    )


def read_bit(settings: CactiSettings) -> Figure:
    """Joules per bit read."""
    return _energy(settings, {fit: fit.read for fit in _fits(settings)})


def write_bit(settings: CactiSettings) -> Figure:
    """Joules per bit written."""
    return _energy(settings, {fit: fit.write for fit in _fits(settings)})


def leakage_per_bit(settings: CactiSettings) -> Figure:
    """Watts per bit at the chip's temperature: that of the cell's area, made of its kind of transistors."""
    if settings.leakage_per_bit is not None:
        return Figure(settings.leakage_per_bit, "leakage_per_bit", "given as a parameter")
    flavour: Flavour = "high-performance" if settings.cells == "hp" else "low-power"
    bit = area(settings).value / settings.capacity
    figure = logic_leakage(bit, replace(settings.point, flavour=flavour))
    return Figure(figure.value, f"{engineering(figure.value, 'W')}/bit: {figure.formula}", figure.source)


def _fits(settings: CactiSettings) -> tuple[Fit, ...]:
    return _HP if settings.cells == "hp" else _LOP


def _energy(settings: CactiSettings, laws: dict[Fit, Power]) -> Figure:
    femto = _over_nodes(settings, {fit: law.at(settings.kilobytes) for fit, law in laws.items()})
    return Figure(
        femto * FJ,
        f"k S^a = {engineering(femto * FJ, 'J')}/bit at S = {settings.kilobytes:g} kB, {settings.width:g} bit wide, "
        f"itrs-{settings.cells}{_below(settings)}; fit error up to {max(law.error for law in laws.values()):.0%}",
        SOURCE,
    )


def _over_nodes(settings: CactiSettings, values: dict[Fit, float]) -> float:
    """A quantity over access width, then over the node, logarithmically."""
    nodes = sorted({fit.node_nm for fit in values})
    points = [(node, _over_width(settings, node, values)) for node in nodes]
    fitted = max(settings.node / NM, SMALLEST_NM)
    return log_log(points, fitted) * _shrink(settings)


def _over_width(settings: CactiSettings, node_nm: float, values: dict[Fit, float]) -> float:
    width = min(max(settings.width, 64), 256)
    return log_log([(fit.width, value) for fit, value in values.items() if fit.node_nm == node_nm], width)


def _shrink(settings: CactiSettings) -> float:
    if settings.node / NM >= SMALLEST_NM:
        return 1.0
    target = Point(settings.node, nominal_supply(settings.node), settings.flavour)
    return Reference(SMALLEST_NM).energy(target)


def _below(settings: CactiSettings) -> str:
    shrink = _shrink(settings)
    return "" if shrink == 1 else f", 22 nm x {shrink:.3g} (Stillmaker to {settings.node / NM:g} nm, optimistic)"


def area(settings: CactiSettings) -> Figure:
    """Square metres of the whole memory."""
    areas = {fit: fit.area_um2 for fit in _fits(settings)}
    if settings.node / NM < SMALLEST_NM:
        points = ((SMALLEST_NM, _over_width(settings, SMALLEST_NM, areas)), *_AREA_BELOW_22)
        per_bit, source = log_log(points, settings.node / NM), _AREA_SOURCE
    else:
        per_bit, source = _over_nodes(settings, areas), SOURCE
    return Figure(per_bit * UM2 * settings.capacity, f"{settings.capacity:g} bit x {square(per_bit * UM2)}", source)


def _access_time(settings: CactiSettings) -> Figure:
    nodes = sorted({fit.node_nm for fit in _fits(settings)})
    times = {fit: fit.time.at(settings.kilobytes) for fit in _fits(settings)}
    points = [(node, _over_width(settings, node, times)) for node in nodes]
    nanoseconds = log_log(points, max(settings.node / NM, SMALLEST_NM))
    return Figure(nanoseconds * 1e-9, f"{nanoseconds:.3g} ns, not scaled below 22 nm", SOURCE)


def _notes(settings: CactiSettings) -> tuple[str, ...]:
    return (
        *node_notes(settings.node, 5.0, 45.0),
        *range_notes("capacity in kB", settings.kilobytes, 2, 2048),
        *range_notes("access width in bits, held at its nearest end,", settings.width, 64, 256),
    )


_HOROWITZ_PJ = ((8.0, 10.0), (32.0, 20.0), (1024.0, 100.0))
_HOROWITZ_SOURCE = "Horowitz, ISSCC 2014, 45 nm 0.9 V: 8 kB 10 pJ per 64 bit; 32 kB 20 pJ and 1 MB 100 pJ unverified"


def horowitz(settings: CactiSettings) -> Estimate:
    """Price an SRAM by Horowitz's cache-like accesses: about three times CACTI's."""
    reference = Reference(45, 0.9)
    factor = reference.energy(settings.point)
    per_bit = log_log(_HOROWITZ_PJ, settings.kilobytes) / 64 * 1e-12
    figure = Figure(
        per_bit * factor,
        f"{engineering(per_bit, 'J')}/bit at {settings.kilobytes:g} kB{reference.words(settings.point, factor)}",
        _HOROWITZ_SOURCE,
    )
    fitted = cacti(settings)
    notes = (*node_notes(settings.node), *range_notes("capacity in kB", settings.kilobytes, 8, 1024))
    return Estimate((("read_bit", figure), ("write_bit", figure)), fitted.area_m2, fitted.leakage_w, None, notes)


def _models(kind: Kind) -> tuple[CostModel, ...]:
    return (
        declare(
            "cacti",
            kind,
            CactiSettings,
            cacti,
            source=SOURCE,
            validity="2 kB to 2 MB, 64 to 256 bit wide, 22 to 45 nm; scaled down to 5 nm",
            sorts=("sram",),
        ),
        declare(
            "horowitz",
            kind,
            CactiSettings,
            horowitz,
            source=_HOROWITZ_SOURCE,
            validity="8 kB to 1 MB; area and leakage as cacti",
            sorts=("sram",),
        ),
    )


MODELS = (*_models(Kind.BUFFER), *_models(Kind.MEMORY))
