"""Links between chips: die-to-die, package and board.

Energies are the published ones of the link's own process and do not scale with the chip's node. Where no area is
published the chip file must give it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from archsim.cost.bill import Figure
from archsim.cost.estimate import MM2, PJ, Estimate, Kind, engineering, range_notes, square
from archsim.cost.model import CostModel, declare
from archsim.cost.settings import BitsPerSecond, Hertz, Metres, Settings

_UCIE = "UCIe (Das Sharma, Hot Interconnects 2025, convergedigest)"
_UCIE_FAST_HZ = 16e9
_IDLE_SOURCE = "0: counted in the energy per bit, so a link that idles costs nothing; give leakage otherwise"


@dataclass(frozen=True, slots=True)
class Link:
    """A published link: energy per bit, what area is known, latency."""

    name: str
    pj_per_bit: float
    source: str
    validity: str
    latency_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ucie:
    """A UCIe package: energy per bit up to 16 GT/s and above, and shoreline bandwidth in bytes per second and metre."""

    name: str
    slow_pj: float
    fast_pj: float
    shoreline: float


class LinkSettings(Settings):
    """Settings of a published link."""

    bandwidth: BitsPerSecond


class UcieSettings(LinkSettings):
    """Settings of a UCIe link; its area is the shoreline that the bandwidth takes x the ``depth`` of its circuits."""

    rate: Hertz = 16e9
    depth: Metres = 1e-3


LINKS = (
    Link("ucie-3d", 0.05, f"{_UCIE}: 0.05 to 0.01 pJ/bit", "hybrid bonding"),
    Link("grs-package", 0.54, "NVIDIA GRS, 28 nm, organic package", "20 Gb/s per pin, 4.5 mm"),
    Link("grs-board", 1.17, "NVIDIA GRS over a board", "25 Gb/s per pin"),
    Link("parallel-32nm", 1.4, "IBM 32 nm SOI parallel I/O", "16 lanes of 12 Gb/s"),
    Link("nvlink-c2c", 1.3, "unverified (from memory)", "die to die"),
    Link("serdes-112g", 7.5, "long-reach 112 Gb/s PAM4, 5 to 10 pJ/bit, unverified (from memory)", "backplanes"),
)
PACKAGES = (
    Ucie("ucie-standard", 0.5, 0.6, 224e9 / 1e-3),
    Ucie("ucie-advanced", 0.25, 0.3, 1.3e12 / 1e-3),
)


def link(record: Link, settings: LinkSettings) -> Estimate:
    """Price a published link."""
    energy = Figure(record.pj_per_bit * PJ, f"{record.pj_per_bit:g} pJ/bit, not scaled", record.source)
    latency = Figure(record.latency_s, "as published", record.source) if record.latency_s else None
    return Estimate((("bit", energy),), None, Figure(0.0, _IDLE_SOURCE, record.source), latency)


def ucie(package: Ucie, settings: UcieSettings) -> Estimate:
    """Price a UCIe link by its package, transfer rate and bandwidth."""
    picojoules = package.slow_pj if settings.rate <= _UCIE_FAST_HZ else package.fast_pj
    shoreline = settings.bandwidth / 8 / package.shoreline
    return Estimate(
        (("bit", Figure(picojoules * PJ, f"{picojoules:g} pJ/bit at {engineering(settings.rate, 'T/s')}", _UCIE)),),
        Figure(
            shoreline * settings.depth,
            f"shoreline {engineering(shoreline, 'm')} x depth {engineering(settings.depth, 'm')}",
            f"{_UCIE}; depth of the circuits assumed",
        ),
        Figure(0.0, _IDLE_SOURCE, _UCIE),
        Figure(2e-9, "about 2 ns round trip", _UCIE),
    )


class HyperTransport(LinkSettings):
    """Settings of one HyperTransport link of ISAAC, 6.4 GB/s; a chip has as many as its ``ports`` say."""


def hypertransport(settings: HyperTransport) -> Estimate:
    """Price HyperTransport as ISAAC and PUMA do: its power is drawn all the time, the bits are free.

    10.4 W over 4 links of 6.4 GB/s is 50.8 pJ per bit at full rate; the 26 pJ per 128 bit of hwcomponents-library
    do not agree with the power table and are not used.
    """
    source = "ISAAC (ISCA 2016) and PUMA: 4 links of 6.4 GB/s, 10.4 W, 22.88 mm^2"
    power, area = 10.4 / 4, 22.88 * MM2 / 4
    rate = range_notes("bandwidth in bit/s", settings.bandwidth, 0, 6.4e9 * 8)
    return Estimate(
        (("bit", Figure(0.0, "0: its power is drawn whether bits pass or not", source)),),
        Figure(area, f"22.88 mm^2 / 4 links = {square(area)}", source),
        Figure(power, f"10.4 W / 4 links = {engineering(power, 'W')}", source),
        Figure(5e-9, "per packet of 32 bytes", "PUMA simulator"),
        notes=rate,
    )


def _link_models() -> tuple[CostModel, ...]:
    return tuple(
        declare(
            record.name,
            Kind.CHIP_LINK,
            LinkSettings,
            partial(link, record),
            source=record.source,
            validity=record.validity,
        )
        for record in LINKS
    )


MODELS = (
    *(
        declare(one.name, Kind.CHIP_LINK, UcieSettings, partial(ucie, one), source=_UCIE, validity="4 to 32 GT/s")
        for one in PACKAGES
    ),
    *_link_models(),
    declare(
        "hypertransport",
        Kind.CHIP_LINK,
        HyperTransport,
        hypertransport,
        source="ISAAC (ISCA 2016), PUMA (ASPLOS 2019)",
        validity="6.4 GB/s per link",
    ),
)
