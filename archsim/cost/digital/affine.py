"""Scale, offset, shift-and-add and partial sums behind the converters of one array.

``digital`` builds them of arithmetic and registers; ``adder-tree`` adds that many inputs in one go; the rest are
published shift-and-add units, whose scale is a power of two, so that a ``mac`` of theirs is one shift-and-add.
"""

from __future__ import annotations

from functools import partial
from math import ceil, log2

from archsim.cost import arithmetic
from archsim.cost.bill import Figure
from archsim.cost.estimate import Estimate, Kind, engineering, square
from archsim.cost.leakage import logic_leakage
from archsim.cost.model import declare
from archsim.cost.published import BitRule, Published, Reference, published
from archsim.cost.scaling import node_notes
from archsim.cost.settings import Count, Process


class Affine(Process):
    """Settings of an affine unit: ``input_bits`` times a factor of ``scale_bits``, added into ``sum_bits``."""

    lanes: Count
    sum_bits: Count
    input_bits: Count
    scale_bits: Count = 8


class AdderTree(Process):
    """Settings of an adder tree over ``inputs`` numbers of ``input_bits``."""

    lanes: Count
    inputs: Count
    input_bits: Count


class ShiftAdd(Process):
    """Settings of a published shift-and-add unit; ``per_array`` of them serve one array."""

    sum_bits: Count
    per_array: float = 1.0


def digital(settings: Affine) -> Estimate:
    """Price an affine unit by its arithmetic and registers."""
    point, bits = settings.point, settings.sum_bits
    product = arithmetic.integer_multiply(settings.input_bits, settings.scale_bits, point)
    total = arithmetic.integer_add(bits, point)
    operands = arithmetic.register(settings.input_bits + settings.scale_bits + bits, point)
    sums = arithmetic.register(2 * bits, point)
    source = f"{arithmetic.SOURCE}; registers {arithmetic.REGISTER_SOURCE}"
    mac = f"multiply {settings.input_bits} x {settings.scale_bits} bit + add {bits} bit + registers = "
    add = f"add {bits} bit + registers = "
    area = _area(settings)
    return Estimate(
        (
            ("mac", _figure(product + total + operands, mac, source)),
            ("add", _figure(total + sums, add, source)),
        ),
        area,
        logic_leakage(area.value, point),
        notes=node_notes(settings.node),
    )


def adder_tree(settings: AdderTree) -> Estimate:
    """Price one addition of a tree as the mean over its levels, whose adders widen by a bit each."""
    point, levels = settings.point, max(1, ceil(log2(settings.inputs)))
    adders = [(2 ** (levels - level), settings.input_bits + level) for level in range(1, levels + 1)]
    count = sum(number for number, _ in adders)
    energy = sum(number * arithmetic.integer_add(bits, point) for number, bits in adders) / count
    area = sum(number * arithmetic.adder_area(bits, point) for number, bits in adders) * settings.lanes
    figure = _figure(energy, f"mean of {count} adders of {adders[0][1]} to {adders[-1][1]} bit = ", arithmetic.SOURCE)
    return Estimate(
        (("mac", figure), ("add", figure)),
        Figure(area, f"{settings.lanes} lanes x {count} adders = {square(area)}", arithmetic.AREA_SOURCE),
        logic_leakage(area, point),
        notes=node_notes(settings.node),
    )


def shift_add(record: Published, settings: ShiftAdd) -> Estimate:
    """Price a published shift-and-add unit."""
    estimate = published(record, settings, settings.sum_bits)
    area, leakage = estimate.area_m2, estimate.leakage_w
    return Estimate(
        estimate.energy_j,
        area and Figure(area.value * settings.per_array, f"{settings.per_array:g} x {area.formula}", area.source),
        leakage and Figure(leakage.value * settings.per_array, leakage.formula, leakage.source),
        estimate.latency_s,
        estimate.notes,
    )


def _figure(value: float, formula: str, source: str) -> Figure:
    return Figure(value, f"{formula}{engineering(value, 'J')}", source)


def _area(settings: Affine) -> Figure:
    point, bits = settings.point, settings.sum_bits
    lane = (
        arithmetic.multiplier_area(settings.input_bits, settings.scale_bits, point)
        + arithmetic.adder_area(bits, point)
        + arithmetic.register_area(settings.input_bits + settings.scale_bits + 2 * bits, point)
    )
    return Figure(settings.lanes * lane, f"{settings.lanes} lanes x {square(lane)}", arithmetic.AREA_SOURCE)


ISAAC = Published(
    Reference(32),
    (("mac", 0.2 / (1.2 * 8)), ("add", 0.2 / (1.2 * 8))),
    60.0,
    0.0,
    "counted in the published power",
    "ISAAC (Shafiee et al., ISCA 2016): 4 units = 0.2 mW for 8 ADCs of 1.2 GS/s, 0.00024 mm^2; linear in the bits",
    bits=16,
    rule=BitRule.LINEAR,
)
PUMA = Published(
    Reference(32),
    (("mac", 0.05), ("add", 0.05)),
    60.0,
    0.0,
    "counted in the published power",
    "PUMA (puma-simulator constants): 0.05 mW at 1 GHz, 6e-5 mm^2; linear in the bits",
    bits=16,
    rule=BitRule.LINEAR,
)
NEURRAM = Published(
    Reference(130, 1.8),
    (("mac", 0.1), ("add", 0.1)),
    170.0,
    1e-7,
    "published leakage",
    "NeuRRAM (Wan et al., Nature 608, 2022), 130 nm 1.8 V, 8 bit, via hwcomponents-library; linear in the bits",
    bits=8,
    rule=BitRule.LINEAR,
)

MODELS = (
    declare("digital", Kind.AFFINE, Affine, digital, source=arithmetic.SOURCE, validity="7 to 180 nm, 8 to 32 bits"),
    declare("adder-tree", Kind.AFFINE, AdderTree, adder_tree, source=arithmetic.SOURCE, validity="7 to 180 nm"),
    *(
        declare(
            name,
            Kind.AFFINE,
            ShiftAdd,
            partial(shift_add, record),
            source=record.source,
            validity=f"{record.bits} bits at {record.reference.node_nm:g} nm",
        )
        for name, record in (("isaac", ISAAC), ("puma", PUMA), ("neurram", NEURRAM))
    ),
)
