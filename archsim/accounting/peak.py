"""Peak figures: the chip's own, with every array busy with full products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archsim.accounting.energy import ratio
from archsim.chip.schema import Chip
from archsim.cost import Bill
from archsim.machine import BlockShapes, MatrixUnit, Pass, Purpose, Stage, matrix_unit, product_period, stages_of
from archsim.mapping import Floorplan
from archsim.network import Network
from archsim.units import PS_PER_S

TRAINING = (Pass.FORWARD, Pass.TRANSPOSED, Pass.UPDATE)
"""What each array does for each example, at its peak."""
PRODUCT = frozenset({Purpose.COMPUTE, Purpose.CONVERT})
"""What the parts that make products are for; what a product takes from stores is counted there."""
Actions = tuple[tuple[str, str, float], ...]
"""Component, action and count."""
Products = tuple[tuple[Stage, ...], ...]
"""The stages of each."""


@dataclass(frozen=True, slots=True)
class Peak:
    """What one chip could do if every array always had work.

    Parameters
    ----------
    operations_per_s : float
        Two per weight of every array, per product's initiation interval; of several passes, for all of them.
    energy_per_product_j : float
        Array, drivers, converters and affine of one full product, or of one of each pass.
    power_w : float
        Those of all arrays, the whole chip's leakage and running power, and what draws a share of these.
    area_m2 : float
    """

    operations_per_s: float
    energy_per_product_j: float
    power_w: float
    area_m2: float

    @property
    def gops_per_w(self) -> float:
        """GOP/s/W."""
        return ratio(self.operations_per_s / 1e9, self.power_w)

    @property
    def tops_per_mm2(self) -> float:
        """TOP/s/mm2."""
        return ratio(self.operations_per_s / 1e12, self.area_m2 * 1e6)


def peak_of(chip: Chip, bill: Bill, passes: Sequence[Pass] = (Pass.FORWARD,)) -> Peak:
    """Peak figures of one chip.

    Parameters
    ----------
    chip, bill
    passes : sequence of Pass
        What each array does in turn: a product, or `TRAINING`.
    """
    return peak_at(chip, bill, full_products(chip, passes))


def passes_of(network: Network) -> tuple[Pass, ...]:
    """What each array does for each sample of a network, at its peak."""
    return (Pass.FORWARD,) if network.learning is None else TRAINING


def full_products(chip: Chip, passes: Sequence[Pass]) -> Products:
    """As `full_product`, of each pass."""
    return tuple(full_product(matrix_unit(chip), doing) for doing in passes)


def peak_at(chip: Chip, bill: Bill, products: Products) -> Peak:
    """As `peak_of`, of full products in turn."""
    floorplan = Floorplan(chip)
    arrays, interval_s = floorplan.arrays, sum(map(_interval, products))
    operations = 2 * floorplan.unit.limits.weights * len(products) * arrays / interval_s
    energy = sum(_energy(_actions(product), bill) for product in products)
    whole = sum(_whole_energy(_actions(product), bill) for product in products)
    leakage = sum(part.count * part.standing_w * bill.whole(part.name) for part in bill.components)
    area = sum(part.count * part.area_m2.value for part in bill.components)
    return Peak(operations, energy, whole * arrays / interval_s + leakage, area)


def full_product(unit: MatrixUnit, doing: Pass = Pass.FORWARD) -> tuple[Stage, ...]:
    """The stages of a product with a full block, no other block's sums added; their columns have one row."""
    limits = unit.limits
    full = BlockShapes(*(np.array([size], np.int64) for size in (limits.rows, limits.columns, limits.weights)))
    return stages_of(unit.stages(full, doing), summed=False)


def product_interval(chip: Chip, doing: Pass = Pass.FORWARD) -> float:
    """Seconds between products that use the whole array, at full rate."""
    return _interval(full_product(matrix_unit(chip), doing))


def _interval(product: tuple[Stage, ...]) -> float:
    return int(product_period(product, summed=False)[0]) / PS_PER_S


def product_energy(chip: Chip, bill: Bill, doing: Pass = Pass.FORWARD) -> float:
    """Joules of one product that uses the whole array, its operands' transport aside."""
    return _energy(product_actions(chip, doing), bill)


def _energy(actions: Actions, bill: Bill) -> float:
    parts = ((bill.component(part), action, count) for part, action, count in actions)
    return sum(part.energy_of(action).value * count for part, action, count in parts if part.purpose in PRODUCT)


def _whole_energy(actions: Actions, bill: Bill) -> float:
    """The same, with what other parts draw as a share of it."""
    parts = ((bill.component(part), action, count) for part, action, count in actions)
    return sum(
        part.energy_of(action).value * count * bill.whole(part.name)
        for part, action, count in parts
        if part.purpose in PRODUCT
    )


def product_actions(chip: Chip, doing: Pass = Pass.FORWARD) -> Actions:
    """Component, action and count of what one product does that uses the whole array, its operands' transport aside."""
    return _actions(full_product(matrix_unit(chip), doing))


def _actions(product: tuple[Stage, ...]) -> Actions:
    return tuple(
        (action.component, action.action, float(action.count[0])) for stage in product for action in stage.actions
    )
