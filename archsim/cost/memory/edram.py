"""Embedded DRAM buffers of published chips, per bit, re-sized by a stated rule.

ISAAC's and RAAAM's are one size each: energy goes with the depth to the 0.78 (Accelergy's rule), area with the
capacity. PUMA gives two sizes, 64 and 128 kB, whose slope is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import log

from archsim.cost.bill import Figure
from archsim.cost.estimate import FJ, MM2, Estimate, Kind, engineering, range_notes, square
from archsim.cost.memory.sram import KILOBYTE
from archsim.cost.model import CostModel, declare
from archsim.cost.published import Reference
from archsim.cost.scaling import node_notes
from archsim.cost.settings import Bits, Process
from archsim.cost.temperature import warmed_at

_DEPTH_EXPONENT = 0.78


@dataclass(frozen=True, slots=True)
class Edram:
    """A published eDRAM: energies per bit, leakage with refresh, and how energy and area go with the capacity."""

    reference: Reference
    kilobytes: float
    read_fj: float
    write_fj: float
    area_mm2: float
    leakage_w: float
    leakage_words: str
    source: str
    energy_exponent: float = _DEPTH_EXPONENT
    area_exponent: float = 1.0
    largest_kilobytes: float = 0.0
    latency_s: float | None = None


class EdramSettings(Process):
    """Settings of an embedded DRAM."""

    capacity: Bits


def edram(record: Edram, settings: EdramSettings) -> Estimate:
    """Price an embedded DRAM."""
    size = settings.capacity / KILOBYTE / record.kilobytes
    energy, area = record.reference.energy(settings.point), record.reference.area(settings.point)
    leakage = warmed_at(
        Figure(record.leakage_w * size * energy, f"{record.leakage_words} x {size:g} (capacity)", record.source),
        settings.point,
    )
    square_metres = record.area_mm2 * MM2 * size**record.area_exponent * area
    return Estimate(
        (
            ("read_bit", _energy(record, settings, record.read_fj)),
            ("write_bit", _energy(record, settings, record.write_fj)),
        ),
        Figure(
            square_metres,
            f"{square(record.area_mm2 * MM2)} x ({size:g})^{record.area_exponent:.3g} x {area:.4g} (node)",
            record.source,
        ),
        leakage,
        Figure(record.latency_s, "as published, not scaled", record.source) if record.latency_s else None,
        notes=_notes(record, settings),
    )


def _energy(record: Edram, settings: EdramSettings, femtojoules: float) -> Figure:
    size = settings.capacity / KILOBYTE / record.kilobytes
    factor = record.reference.energy(settings.point)
    words = record.reference.words(settings.point, factor)
    return Figure(
        femtojoules * FJ * factor * size**record.energy_exponent,
        f"{engineering(femtojoules * FJ, 'J')}/bit x ({size:g})^{record.energy_exponent:.3g} (capacity){words}",
        record.source,
    )


def _notes(record: Edram, settings: EdramSettings) -> tuple[str, ...]:
    largest = max(record.kilobytes, record.largest_kilobytes)
    size = range_notes("capacity in kB", settings.capacity / KILOBYTE, record.kilobytes, largest)
    return (*node_notes(settings.node), *size)


ISAAC = Edram(
    Reference(32),
    64,
    20.45e3 / 256,
    20.45e3 / 256,
    0.083,
    0.0,
    "refresh is counted in the published power",
    "ISAAC (Shafiee et al., ISCA 2016): 64 kB, 20.7 mW, 0.083 mm^2; 20.45 pJ per 256 bit by hwcomponents-library",
)
PUMA = Edram(
    Reference(32),
    64,
    17.2e3 / 256,
    17.2e3 / 256,
    0.086,
    0.46e-3,
    "0.46 mW per 64 kB",
    "PUMA (puma-simulator constants): 64 kB 17.2 pJ, 128 kB 25.35 pJ per 256 bit; 0.086 and 0.121 mm^2; 2 cycles",
    energy_exponent=log(25.35 / 17.2) / log(2),
    area_exponent=log(0.121 / 0.086) / log(2),
    largest_kilobytes=128,
    latency_s=2e-9,
)
RAAAM = Edram(
    Reference(16),
    128,
    2641.92e3 / 1024,
    2.46e3,
    0.1316,
    381e-6,
    "leakage and refresh, 381 uW per Mbit",
    "RAAAM 16 nm eDRAM of 1 Mbit, via hwcomponents-library",
)
_RECORDS = (("isaac-edram", ISAAC), ("puma-edram", PUMA), ("raaam-edram", RAAAM))


def _models(kind: Kind) -> tuple[CostModel, ...]:
    return tuple(
        declare(
            name,
            kind,
            EdramSettings,
            partial(edram, record),
            source=record.source,
            validity=f"{record.kilobytes:g} kB at {record.reference.node_nm:g} nm",
            sorts=("edram",),
        )
        for name, record in _RECORDS
    )


MODELS = (*_models(Kind.BUFFER), *_models(Kind.MEMORY))
