"""The SAR read-out of NeuroSim: circuit-simulated column power by node, a second opinion beside the survey.

Source: DNN+NeuroSim V1.4 (ac828e67), SarADC.cpp, constant.h. Power = p1 b + p0 + column current power k R^-m; energy
= power x (b + 1) ns; latency (b + 1) ns. Simulated with 0.5 V across the column. Between nodes the logarithm is
interpolated. The source gives no leakage. Area: 1752 inverter cells at 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

from archsim.cost.bill import Figure
from archsim.cost.estimate import Estimate, Kind, engineering, range_notes, square
from archsim.cost.model import declare
from archsim.cost.scaling import NM, log_log, node_notes
from archsim.cost.settings import Count, Ohms, Process, Volts

SOURCE = "DNN+NeuroSim V1.4 (ac828e67), SarADC.cpp"


@dataclass(frozen=True, slots=True)
class Column:
    """Coefficients of one node: microwatts per bit, microwatts, watts, exponent per decade of ohms."""

    node_nm: float
    per_bit: float
    offset: float
    current: float
    exponent: float


_LOW_POWER = (
    Column(130, 8.4483, 65.243, 0.169380, 2.303),
    Column(90, 5.9869, 37.462, 0.144323, 2.303),
    Column(65, 3.7506, 25.844, 0.121272, 2.303),
    Column(45, 2.1691, 16.693, 0.100225, 2.303),
    Column(32, 1.1294, 8.8998, 0.079449, 2.297),
    Column(22, 0.538, 4.3753, 0.072341, 2.303),
    Column(14, 0.3132, 2.5681, 0.061085, 2.303),
    Column(10, 0.1823, 1.5073, 0.051580, 2.303),
    Column(7, 0.1061, 0.8847, 0.043555, 2.303),
    Column(5, 0.0645, 0.5511, 0.0388, 2.303),
    Column(3, 0.0333, 0.2849, 0.0388, 2.303),
    Column(2, 0.0207, 0.1764, 0.0313, 2.303),
    Column(1, 0.0101, 0.0843, 0.0288, 2.303),
)
_HIGH_PERFORMANCE = (
    Column(130, 6.4806, 49.047, 0.207452, 2.367),
    Column(90, 4.3474, 31.782, 0.164900, 2.345),
    Column(65, 2.9503, 22.047, 0.128483, 2.321),
    Column(45, 2.1843, 11.931, 0.097754, 2.296),
    Column(32, 1.0157, 7.6286, 0.083709, 2.313),
    Column(22, 0.7213, 3.3041, 0.084273, 2.311),
    Column(14, 0.4710, 1.9529, 0.060584, 2.311),
    Column(10, 0.3076, 1.1543, 0.049418, 2.311),
    Column(7, 0.2008, 0.6823, 0.040310, 2.311),
)
# An inverter cell: two contacted poly pitches x the standard cell height, both in units of the node (constant.h).
_CELL_F2 = ((130.0, 7.6, 28.0), (22.0, 7.6, 28.0), (14.0, 11.142, 41.142), (10.0, 12.8, 33.0), (7.0, 16.2856, 34.285),
            (5.0, 20.4, 36.0))  # fmt: skip


class NeuroSim(Process):
    """Settings of NeuroSim's SAR read-out."""

    bits: Count
    column_resistance: Ohms
    read_voltage: Volts = 0.5


def neurosim(settings: NeuroSim) -> Estimate:
    """Price a converter by NeuroSim."""
    rows = _HIGH_PERFORMANCE if settings.flavour == "high-performance" else _LOW_POWER
    resistance = settings.column_resistance * 0.5 / settings.read_voltage
    points = [(row.node_nm, _power_uw(row, settings.bits, resistance)) for row in rows]
    power = log_log(points, settings.node / NM) * 1e-6 * (1 + 1.3e-3 * (settings.temperature - 300))
    time = (settings.bits + 1) * 1e-9
    formula = (
        f"(p1 b + p0 + k R^-m) (b + 1) ns = {engineering(power, 'W')} x {engineering(time, 's')}"
        f" at R = {engineering(resistance, 'ohm')}"
    )
    return Estimate(
        (("conversion", Figure(power * time, formula, SOURCE)),),
        _area(settings),
        Figure(0.0, "the source gives none apart from the energy", SOURCE),
        Figure(time, "(b + 1) ns", SOURCE),
        notes=(
            *node_notes(settings.node, rows[-1].node_nm, 130),
            *range_notes("bits", settings.bits, 1, 10),
        ),
    )


def _power_uw(row: Column, bits: int, resistance: float) -> float:
    current: float = 1e6 * row.current * 2.718281828459045 ** (-row.exponent * log10(resistance))
    return row.per_bit * bits + row.offset + current


def _area(settings: NeuroSim) -> Figure:
    cells = 269 + 109 * (settings.bits - 1) + 209 + 73 * (settings.bits - 1)
    cell = log_log([(node, width * height * (node * NM) ** 2) for node, width, height in _CELL_F2], settings.node / NM)
    return Figure(cells * cell, f"{cells} single-device cells x {square(cell)}", f"{SOURCE}, constant.h")


MODELS = (
    declare(
        "neurosim",
        Kind.ADC,
        NeuroSim,
        neurosim,
        source=SOURCE,
        validity="1 to 10 bits; high performance 7 to 130 nm, low power 1 to 130 nm",
        sorts=("sar",),
    ),
)
