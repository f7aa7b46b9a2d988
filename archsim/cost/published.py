"""Components with published figures, moved to another node and resolution by stated rules.

Energy and leakage go with the node as switching energy does, area as logic area does (the rules of hwcomponents-
library), and leakage with the temperature. Where the source does not give the supply, both nodes' usual supplies are
taken, so that the figure is kept at its own node.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from archsim.cost import scaling
from archsim.cost.bill import Figure
from archsim.cost.estimate import PJ, UM2, Estimate, engineering, square
from archsim.cost.scaling import Point, log_log, node_notes, nominal_supply
from archsim.cost.settings import Count, Process
from archsim.cost.temperature import warmed_at


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a published figure was taken: node in nanometres, supply in volts or None where the source is silent."""

    node_nm: float
    supply: float | None = None

    def energy(self, point: Point) -> float:
        """Factor from here to an operating point for switching energy and for leakage."""
        return scaling.energy_factor(self._source(point), self._target(point))

    def area(self, point: Point) -> float:
        """Factor from here to an operating point for area."""
        return scaling.area_factor(self.node_nm * scaling.NM, point.node)

    def words(self, point: Point, factor: float) -> str:
        """The step in words; empty when there is none."""
        if factor == 1:
            return ""
        return f" x {factor:.4g} ({self._source(point)} to {self._target(point)})"

    def _source(self, point: Point) -> Point:
        node = self.node_nm * scaling.NM
        return Point(node, self.supply or nominal_supply(node), point.flavour)

    def _target(self, point: Point) -> Point:
        return point if self.supply else Point(point.node, nominal_supply(point.node), point.flavour)


class BitRule(StrEnum):
    """How a published figure goes with the number of bits."""

    FIXED = "does not depend on the bits"
    LINEAR = "in proportion to the bits"
    POWER = "doubling per bit"
    TABLE = "by the published table"


@dataclass(frozen=True, slots=True)
class Published:
    """A component as its authors give it.

    Parameters
    ----------
    reference : Reference
    energy_pj : tuple of (str, float)
        Per action, at ``bits``.
    area_um2 : float
    leakage_w : float
        Zero where the source counts it in the energy.
    leakage_words, source : str
    bits : int or None
    rule : BitRule
    table : tuple of (bits, energy factor, area factor)
        For `BitRule.TABLE`, relative to ``bits``.
    latency_s : float or None
    """

    reference: Reference
    energy_pj: tuple[tuple[str, float], ...]
    area_um2: float
    leakage_w: float
    leakage_words: str
    source: str
    bits: int | None = None
    rule: BitRule = BitRule.FIXED
    table: tuple[tuple[int, float, float], ...] = ()
    latency_s: float | None = None


class Resolution(Process):
    """Settings of a published converter: the process, and its bits."""

    bits: Count


def published(record: Published, settings: Process, bits: int | None = None) -> Estimate:
    """Move a published component to the settings' node and to a number of bits."""
    energy_bits, area_bits = _bit_factors(record, bits)
    energy = record.reference.energy(settings.point)
    area = record.reference.area(settings.point)
    return Estimate(
        energy_j=tuple((action, _energy(record, settings, pj, energy_bits)) for action, pj in record.energy_pj),
        area_m2=_area(record, settings, area * area_bits, area_bits),
        leakage_w=warmed_at(
            Figure(record.leakage_w * energy * energy_bits, record.leakage_words, record.source), settings.point
        ),
        latency_s=_latency(record),
        notes=node_notes(settings.node) + _bit_notes(record, bits),
    )


def converter(record: Published, settings: Resolution) -> Estimate:
    """Move a published converter to the settings' node and bits."""
    return published(record, settings, settings.bits)


def _energy(record: Published, settings: Process, picojoules: float, bits: float) -> Figure:
    factor = record.reference.energy(settings.point)
    steps = record.reference.words(settings.point, factor) + _bit_words(record, bits)
    return Figure(picojoules * PJ * factor * bits, f"{engineering(picojoules * PJ, 'J')}{steps}", record.source)


def _area(record: Published, settings: Process, factor: float, bits: float) -> Figure:
    node = record.reference.area(settings.point)
    step = "" if node == 1 else f" x {node:.4g} (area, {record.reference.node_nm:g} nm to {settings.point})"
    formula = f"{square(record.area_um2 * UM2)}{step}{_bit_words(record, bits)}"
    return Figure(record.area_um2 * UM2 * factor, formula, record.source)


def _latency(record: Published) -> Figure | None:
    if record.latency_s is None:
        return None
    return Figure(record.latency_s, "as published, not scaled", record.source)


def _bit_words(record: Published, factor: float) -> str:
    return "" if factor == 1 else f" x {factor:.4g} (bits: {record.rule})"


def _bit_factors(record: Published, bits: int | None) -> tuple[float, float]:
    if bits is None or record.bits is None or record.rule is BitRule.FIXED:
        return 1.0, 1.0
    if record.rule is BitRule.LINEAR:
        return bits / record.bits, bits / record.bits
    if record.rule is BitRule.POWER:
        return 2.0 ** (bits - record.bits), 2.0 ** (bits - record.bits)
    return _tabulated(record, bits)


def _tabulated(record: Published, bits: int) -> tuple[float, float]:
    # The smallest tabulated converter is kept below the table; above it the last step per bit continues.
    held = max(bits, record.table[0][0])
    energies = [(2.0**n, energy) for n, energy, _ in record.table]
    areas = [(2.0**n, area) for n, _, area in record.table]
    return log_log(energies, 2.0**held), log_log(areas, 2.0**held)


def _bit_notes(record: Published, bits: int | None) -> tuple[str, ...]:
    if bits is None or record.bits is None or bits == record.bits:
        return ()
    known = [n for n, _, _ in record.table] or [record.bits]
    if min(known) <= bits <= max(known):
        return ()
    return (f"{bits} bits are outside the published {min(known)} to {max(known)}; moved {record.rule}",)
