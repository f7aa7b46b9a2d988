"""Power of a chip at full activity, part by part: the sum that a published table of components is compared with.

Every part does at once as much as it can. Arrays, drivers, converters and affine stages follow each other's products at
full rate; a digital unit does the operation that takes most power in every lane and cycle; a router passes one flit a
cycle, a wire carries one; a link and a memory on the die run at their bandwidth. A buffer's width is not part of a
chip's description: it reads the inputs of the products, unless its rate is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from archsim.accounting.peak import full_product, product_actions, product_interval
from archsim.chip.schema import Chip
from archsim.cost import Bill, Component
from archsim.errors import InputError
from archsim.machine import BUFFER, matrix_unit
from archsim.mapping import Floorplan

if TYPE_CHECKING:
    import pandas as pd

Rate = tuple[str, str, float]
"""Component, action, actions per second on one chip."""


def full_activity(chip: Chip, bill: Bill, rates: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Power and area of every component of one chip at full activity.

    Parameters
    ----------
    chip : Chip
    bill : Bill
        Of that chip.
    rates : mapping of str to float, optional
        Actions per second and instance, by ``component.action``, in place of the rules above.

    Returns
    -------
    DataFrame
        One row per component of the bill: ``component, instances, dynamic_w, leakage_w, power_w, area_m2``, all
        instances of one chip.

    Raises
    ------
    InputError
        If a rate is given for what the chip does not do.
    MissingCost
        If something acts whose energy nobody has given.
    """
    import pandas as pd  # late: a third of a start

    given = rates or {}
    _refuse_unknown(bill, given)
    actions = {(part, action): rate for part, action, rate in _full_rates(chip, bill)}
    for name, rate in given.items():
        part, action = name.rsplit(".", 1)
        actions[part, action] = rate * bill.component(part).count
    rows = [
        _row(part, {action: rate for (name, action), rate in actions.items() if name == part.name})
        for part in bill.components
    ]
    frame = pd.DataFrame(rows, columns=["component", "instances", "dynamic_w", "leakage_w", "power_w", "area_m2"])
    watts = ["dynamic_w", "leakage_w", "power_w"]
    own = frame[watts].to_numpy()
    for share in bill.shares:
        frame.loc[frame.component == share.name, watts] = frame.component.map(share.beside).to_numpy() @ own
    return frame


def _row(part: Component, rates: Mapping[str, float]) -> tuple[str, int, float, float, float, float]:
    dynamic = sum(part.energy_of(action).value * rate for action, rate in rates.items())
    dynamic += part.count * part.running_w.value
    leakage = part.count * part.leakage_w.value
    return part.name, part.count, dynamic, leakage, dynamic + leakage, part.count * part.area_m2.value


def _refuse_unknown(bill: Bill, rates: Mapping[str, float]) -> None:
    known = [f"{part.name}.{action}" for part in bill.components for action, _ in part.energy_j]
    for name in rates:
        if name not in known:
            raise InputError(
                f"the chip has no action {name!r}", where="rates of activity", remedy=f"Known: {', '.join(known)}."
            )


def _full_rates(chip: Chip, bill: Bill) -> Iterator[Rate]:
    per_s = Floorplan(chip).arrays / product_interval(chip)
    for part, action, count in product_actions(chip):
        yield part, action, count * per_s
    read = sum(int(stage.input_bits[0]) for stage in full_product(matrix_unit(chip)))
    yield BUFFER, "read_bit", read * per_s
    for component in bill.components:
        if component.full_rates:
            yield _most_powerful(component)


def _most_powerful(part: Component) -> Rate:
    """Of what it can do, one at a time, what takes most power."""
    most = max(part.full_rates, key=lambda rate: rate.per_s * part.energy_of(rate.action).value)
    return part.name, most.action, part.count * most.per_s
