"""Peak figures: the chip's own, with every array busy with full products."""

from __future__ import annotations

from dataclasses import dataclass

from archsim.chip.schema import Chip
from archsim.cost import Bill
from archsim.mapping import Floorplan
from archsim.mapping.timing import combining_additions, conversions_per_column, product_period
from archsim.units import PS_PER_S


@dataclass(frozen=True, slots=True)
class Peak:
    """What one chip could do if every array always had work.

    Parameters
    ----------
    operations_per_s : float
        Two per weight of every array, per product's initiation interval.
    energy_per_product_j : float
        Array, drivers, converters and affine of one full product.
    power_w : float
        Those of all arrays, and the whole chip's leakage.
    area_m2 : float
    """

    operations_per_s: float
    energy_per_product_j: float
    power_w: float
    area_m2: float

    @property
    def gops_per_w(self) -> float:
        """GOP/s/W."""
        return self.operations_per_s / self.power_w / 1e9

    @property
    def tops_per_mm2(self) -> float:
        """TOP/s/mm2."""
        return self.operations_per_s / 1e12 / (self.area_m2 * 1e6)


def peak_of(chip: Chip, bill: Bill) -> Peak:
    """Peak figures of one chip."""
    array = chip.tile.array
    interval_s = product_interval(chip)
    arrays = Floorplan(chip).arrays
    operations = 2 * array.logical_rows * array.logical_columns * arrays / interval_s
    energy = product_energy(chip, bill)
    leakage = sum(part.count * part.leakage_w.value for part in bill.components)
    area = sum(part.count * part.area_m2.value for part in bill.components)
    return Peak(operations, energy, energy * arrays / interval_s + leakage, area)


def product_interval(chip: Chip) -> float:
    """Seconds between products that use the whole array, at full rate."""
    return product_period(chip, chip.tile.array.logical_columns, summed=False) / PS_PER_S


def product_energy(chip: Chip, bill: Bill) -> float:
    """Joules of one product that uses the whole array."""
    return sum(bill.component(part).energy_of(action).value * count for part, action, count in product_actions(chip))


def product_actions(chip: Chip) -> tuple[tuple[str, str, float], ...]:
    """Component, action and count of what one product does that uses the whole array, its operands' transport aside."""
    array, tile = chip.tile.array, chip.tile
    rows, columns = array.logical_rows, array.logical_columns
    driven = rows * array.weight.rows * tile.input.phases
    conversions = columns * array.weight.columns * conversions_per_column(chip)
    actions = (
        ("array", "cell", float(rows * columns * array.weight.devices)),
        ("array", "row", float(driven)),
        ("driver", "conversion", float(driven)),
        ("adc", "conversion", float(conversions)),
        ("sample-hold", "sample", float(conversions if tile.adc.held else 0)),
        ("affine", "mac", float(columns)),
        ("affine", "add", float(combining_additions(chip, columns))),
    )
    return tuple(action for action in actions if action[2])
