"""Reading an array: conduction of its devices, its word lines, and what its bit lines swing.

Circuit basics: a device conducts G V^2 for as long as its input is on; a line of capacitance C that is driven once
takes C V^2. Not modelled: charge that a distributed line loses while it settles, and sneak paths.
"""

from __future__ import annotations

from math import pi, sqrt

from archsim.cost.bill import Figure
from archsim.cost.estimate import FJ, Estimate, Kind, engineering, square
from archsim.cost.memory.sram import CactiSettings, leakage_per_bit
from archsim.cost.model import declare
from archsim.cost.settings import (
    Count,
    Farads,
    FaradsPerMetre,
    Fraction,
    Process,
    Seconds,
    Siemens,
    SquareMetres,
    Swing,
    Volts,
    WattsPerBit,
)

WIRE_CAPACITANCE = 0.2e-15 / 1e-6
WIRE_SOURCE = "0.2 fF/um: hwcomponents wire model, DNN+NeuroSim"
GATE_SOURCE = "0.1 fF per device, taken for its gate and its drain: surveyed RRAM 1T1R cell (NVMExplorer)"


class Geometry(Process):
    """Settings that any array has: its shape, its cell, and how it is driven.

    ``phases`` are those in which one device conducts: a bit-serial input's, but one only of the sign phases.
    ``amplitude`` says that inputs are voltages rather than pulses: their energy goes with ``mean_square``, which is
    that of half-normal inputs of the ``mean_activity`` where it is not given.
    """

    rows: Count
    columns: Count
    devices: Count
    cell_area: SquareMetres
    phases: Count
    mean_activity: Fraction
    amplitude: bool = False
    mean_square: Fraction | None = None
    wire_capacitance: FaradsPerMetre = WIRE_CAPACITANCE
    gate_capacitance: Farads = 0.1 * FJ
    word_line_voltage: Volts | None = None
    bit_line_swing: Swing = 0.0

    @property
    def duty(self) -> float:
        """Mean energy of an input relative to full scale: of a voltage, the mean of its square."""
        if not self.amplitude:
            return self.mean_activity
        half_normal = min(pi / 2 * self.mean_activity**2, self.mean_activity)
        return half_normal if self.mean_square is None else self.mean_square


class Conduction(Geometry):
    """Settings of a resistive array."""

    max_conductance: Siemens
    mean_conductance: Fraction
    read_voltage: Volts
    phase_time: Seconds


class Charge(Geometry):
    """Settings of a charge-domain array: each cell charges a capacitor."""

    unit_capacitance: Farads
    leakage_per_cell: WattsPerBit | None = None


def conduction(settings: Conduction) -> Estimate:
    """Price a read of a resistive array."""
    conductance = settings.max_conductance * settings.mean_conductance
    time = settings.phase_time * settings.phases * settings.duty
    cell = Figure(
        conductance * settings.read_voltage**2 * time,
        f"G V^2 t = {engineering(conductance, 'S')} x ({settings.read_voltage:g} V)^2 x "
        f"{engineering(settings.phase_time, 's')} x {settings.phases} phases x activity {settings.duty:g}",
        "Joule's law",
    )
    leakage = Figure(0.0, "no path from supply to ground while the word lines are off", "non-volatile cell")
    return Estimate((("cell", cell), ("row", _row(settings))), _area(settings), leakage)


def charge(settings: Charge) -> Estimate:
    """Price a read of a charge-domain array."""
    supply = settings.point.supply
    cell = Figure(
        settings.unit_capacitance * supply**2 * settings.phases * settings.duty,
        f"C V^2 = {engineering(settings.unit_capacitance, 'F')} x ({supply:g} V)^2 x {settings.phases} phases x "
        f"activity {settings.duty:g}",
        "charge of a capacitor from its supply",
    )
    return Estimate((("cell", cell), ("row", _row(settings))), _area(settings), _charge_leakage(settings))


def _charge_leakage(settings: Charge) -> Figure:
    if settings.leakage_per_cell is not None:
        total = settings.leakage_per_cell * settings.devices
        return Figure(total, f"{settings.devices} cells x leakage_per_cell", "given as a parameter")
    sram = CactiSettings(
        node=settings.node,
        flavour=settings.flavour,
        temperature=settings.temperature,
        leakage_scale=settings.leakage_scale,
        capacity=settings.devices,
        width=64,
    )
    figure = leakage_per_bit(sram)
    return Figure(figure.value * settings.devices, f"{settings.devices} cells x ({figure.formula})", figure.source)


def _row(settings: Geometry) -> Figure:
    pitch = sqrt(settings.cell_area * settings.devices / (settings.rows * settings.columns))
    wire = settings.wire_capacitance * pitch
    volts = settings.word_line_voltage or settings.point.supply
    gates = settings.devices / settings.rows
    line = gates * settings.gate_capacitance + settings.columns * wire
    swing = volts**2 + settings.bit_line_swing**2
    cell = (
        f"({gates:g} gates x {engineering(settings.gate_capacitance, 'F')} + {settings.columns} columns x wire "
        f"{engineering(wire, 'F')})"
    )
    swings = f"(word line ({volts:g} V)^2 + its share of the bit lines ({settings.bit_line_swing:g} V)^2)"
    return Figure(
        line * swing,
        f"{cell} x {swings}",
        f"C V^2 per pulse; {WIRE_SOURCE}; {GATE_SOURCE}; square cells assumed",
    )


def _area(settings: Geometry) -> Figure:
    return Figure(
        settings.devices * settings.cell_area,
        f"{settings.devices} devices x {square(settings.cell_area)}",
        "the chip's cell; the periphery is priced by its own components",
    )


MODELS = (
    declare(
        "conduction",
        Kind.ARRAY,
        Conduction,
        conduction,
        source="circuit basics",
        validity="resistive cells; the settled part of the read",
    ),
    declare(
        "charge",
        Kind.ARRAY,
        Charge,
        charge,
        source="circuit basics; leakage from CACTI",
        validity="charge-domain SRAM and capacitor cells",
    ),
)
