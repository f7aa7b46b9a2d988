"""Links of the fabric: repeated wires by DSENT or by their capacitance, NVIDIA's ground-referenced wires, ISAAC's bus.

DSENT's figures are for random data at 1 mm and 1 GHz. Its repeaters leak as its router does; here both leak as the
chip's own transistors: the repeaters by what those leak over what DSENT's do on a router's area. Repeated wires run
over the logic: their area is 0 here, and the silicon of their repeaters is not modelled.
"""

from __future__ import annotations

from archsim.cost.bill import Figure
from archsim.cost.estimate import FJ, MM2, Estimate, Kind, engineering
from archsim.cost.fabric.router import DsentPoint, dsent_density, over_nodes
from archsim.cost.leakage import logic_leakage
from archsim.cost.model import declare
from archsim.cost.published import Reference
from archsim.cost.scaling import node_notes
from archsim.cost.settings import Bits, FaradsPerMetre, Fraction, Metres, Process

SOURCE = "DSENT (gem5 ext/dsent b1a44b89), repeated global link, 64 bit, 1 mm, random data"
_FJ_PER_BIT_MM = ((45.0, 40.4), (32.0, 32.4), (22.0, 23.6), (11.0, 13.2))
_LEAKAGE_UW_PER_64_MM = ((45.0, 27.7), (32.0, 21.8), (22.0, 15.4), (11.0, 5.4))
_MM = 1e-3
_OVER_LOGIC = Figure(0.0, "0: routed over the logic; repeaters are not modelled", "assumed")


class DsentWire(DsentPoint):
    """Settings of a DSENT link."""

    width: Bits
    length: Metres


class Capacitance(Process):
    """Settings of a link priced by its capacitance; ``rising`` is the share of bits that charge it."""

    width: Bits
    length: Metres
    wire_capacitance: FaradsPerMetre = 0.2e-15 / 1e-6
    rising: Fraction = 0.25


class Bus(Process):
    """Settings of a published link."""

    width: Bits
    length: Metres


def dsent(settings: DsentWire) -> Estimate:
    """Price one bit over a link by DSENT."""
    per_mm = over_nodes(list(_FJ_PER_BIT_MM), settings) * FJ * settings.overdrive
    theirs = over_nodes(list(_LEAKAGE_UW_PER_64_MM), settings) * 1e-6 * settings.width / 64 * settings.length / _MM
    leakage = logic_leakage(theirs / dsent_density(settings), settings.point)
    energy = per_mm * settings.length / _MM
    return Estimate(
        (("bit_hop", Figure(energy, f"{engineering(per_mm, 'J')}/bit/mm x {settings.length / _MM:g} mm", SOURCE)),),
        _OVER_LOGIC,
        Figure(
            leakage.value,
            f"repeaters of {settings.width:g} bit x {settings.length / _MM:g} mm: {leakage.formula}",
            f"{SOURCE}; {leakage.source}",
        ),
        notes=node_notes(settings.node, 11, 45),
    )


def capacitance(settings: Capacitance) -> Estimate:
    """Price one bit over a link as C V^2 of the bits that rise."""
    supply = settings.point.supply
    line = settings.wire_capacitance * settings.length
    return Estimate(
        (
            (
                "bit_hop",
                Figure(
                    settings.rising * line * supply**2,
                    f"{settings.rising:g} x {engineering(line, 'F')} x ({supply:g} V)^2",
                    "0.2 fF/um: hwcomponents wire model, DNN+NeuroSim; a quarter of random bits rise (DSENT)",
                ),
            ),
        ),
        _OVER_LOGIC,
        Figure(0.0, "0: no repeaters in this model", "assumed"),
    )


def grs(settings: Bus) -> Estimate:
    """Price one bit over NVIDIA's ground-referenced on-chip wires."""
    source = "NVIDIA ground-referenced signalling, on chip, 16 Gb/s: 170 fJ/bit/mm"
    energy = 170 * FJ * settings.length / _MM
    return Estimate(
        (("bit_hop", Figure(energy, f"170 fJ/bit/mm x {settings.length / _MM:g} mm, not scaled", source)),),
        _OVER_LOGIC,
        Figure(0.0, "counted in the energy at full rate", source),
    )


def isaac_bus(settings: Bus) -> Estimate:
    """Price one bit over ISAAC's eDRAM-to-IMA bus, whatever its length."""
    source = "ISAAC (Shafiee et al., ISCA 2016): 384 wires, 0.090 mm^2; 54 fJ/bit by hwcomponents-library"
    reference = Reference(32)
    energy, shrink = reference.energy(settings.point), reference.area(settings.point)
    area = 0.090 * MM2 * settings.width / 384 * shrink
    return Estimate(
        (("bit_hop", Figure(54 * FJ * energy, f"54 fJ{reference.words(settings.point, energy)}", source)),),
        Figure(area, f"0.090 mm^2 x {settings.width:g} / 384 wires x {shrink:.4g}", source),
        Figure(0.0, "counted in the published power", source),
        notes=node_notes(settings.node),
    )


MODELS = (
    declare("dsent", Kind.WIRE, DsentWire, dsent, source=SOURCE, validity="11 to 45 nm; repeated wires"),
    declare("capacitance", Kind.WIRE, Capacitance, capacitance, source="C V^2", validity="any node"),
    declare("grs", Kind.WIRE, Bus, grs, source="NVIDIA GRS paper's abstract", validity="16 Gb/s, 28 nm class"),
    declare("isaac-bus", Kind.WIRE, Bus, isaac_bus, source="ISAAC, ISCA 2016", validity="32 nm, 384 wires"),
)
