"""The bar that says how long things are."""

from __future__ import annotations

from math import floor, log10

from archsim.report.quantities import engineering

_STEPS = (5, 2, 1)
_SHARE = 0.3


def bar_of(width: float) -> tuple[float, str]:
    """The longest bar of 1, 2 or 5 times a power of ten metres within a third of a drawing's width.

    Examples
    --------
    >>> bar_of(0.0262)
    (0.005, '5 mm')
    """
    most = _SHARE * width
    power = 10.0 ** floor(log10(most))
    length = next(step * power for step in _STEPS if step * power <= most)
    return length, engineering(length, "m", digits=3)
