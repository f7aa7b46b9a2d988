"""How much each assumed number of a chip matters: one at a time, a little less and a little more."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from archsim.accounting import Headline
from archsim.chip import Source, sources
from archsim.errors import ArchsimError
from archsim.network import Network
from archsim.program import Program
from archsim.simulation import Result, Settings, simulate

if TYPE_CHECKING:
    import pandas as pd

STEP = 0.1
"""By how much a number is changed, as a share of it."""
FIGURES = ("gops_per_w", "tops_per_mm2", "throughput_per_s", "latency_s")
"""Figures of the headline that are watched."""
_NUMBER = re.compile(r"^([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Varied:
    """A number of the chip with the headlines of two variants.

    Parameters
    ----------
    source : Source
        The number as it stands.
    values : tuple of str
        The lower and the higher value.
    headlines : tuple of (Headline or None)
        With each of them; None where the chip cannot be so.
    fault : str
        Why not; empty otherwise.
    """

    source: Source
    values: tuple[str, ...]
    headlines: tuple[Headline | None, ...]
    fault: str = ""

    def change(self, base: Headline, figure: str) -> tuple[float, ...]:
        """A figure with each value over that of the base, less one; NaN where there is none."""
        before = float(getattr(base, figure))
        return tuple(
            np.nan if one is None or not before else float(getattr(one, figure)) / before - 1.0
            for one in self.headlines
        )


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """All assumed numbers of a chip, varied one at a time.

    Parameters
    ----------
    base : Headline
    varied : tuple of Varied
        The one with the largest effect on any figure first.
    """

    base: Headline
    varied: tuple[Varied, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """One row per number.

        Returns
        -------
        DataFrame
            ``field, value, low, high``, for each watched figure ``<figure>_low, <figure>_high`` (its change over the
            base), ``effect`` (the largest of these), ``fault``.
        """
        import pandas as pd  # late: a third of a start

        return pd.DataFrame([_row(one, self.base) for one in self.varied])


def _row(one: Varied, base: Headline) -> dict[str, object]:
    changes = {
        f"{figure}_{side}": change
        for figure in FIGURES
        for side, change in zip(("low", "high"), one.change(base, figure), strict=True)
    }
    low, high = one.values
    told = {"field": one.source.path, "value": one.source.value, "low": low, "high": high}
    return {**told, **changes, "effect": effect(one, base), "fault": one.fault}


def effect(one: Varied, base: Headline) -> float:
    """The largest change of any watched figure; 0 where none could be had."""
    changes = np.array([one.change(base, figure) for figure in FIGURES])
    return 0.0 if np.isnan(changes).all() else float(np.nanmax(np.abs(changes)))


def sensitivity(
    chip: str,
    overrides: Sequence[str],
    settings: Settings,
    base: Result,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Sensitivity:
    """Vary every assumed number of a chip by a tenth, down and up, and run or price the network again.

    What placing and lowering do not read changes no trace: `simulate` then prices anew what has been run before.

    Parameters
    ----------
    chip : str
        A preset's name or a chip file.
    overrides : sequence of str
    settings : Settings
    base : Result
        Of that chip with these settings.
    progress : callable, optional
        Told how many numbers are done, and of how many.
    """
    assumed = [source for source in sources(chip, overrides) if source.is_number and source.assumed]
    headline = base.ledger.headline
    varied = []
    for done, source in enumerate(assumed):
        progress(done, len(assumed))
        values = neighbours(source.value)
        found = [_headline(base.network, chip, (*overrides, f"{source.path}={value}"), settings) for value in values]
        faults = [one for one in found if isinstance(one, str)]
        headlines = tuple(None if isinstance(one, str) else one for one in found)
        varied.append(Varied(source, values, headlines, faults[0] if faults else ""))
    varied.sort(key=lambda one: -effect(one, headline))
    return Sensitivity(headline, tuple(varied))


def neighbours(text: str) -> tuple[str, str]:
    """A number a tenth less and a tenth more, with its unit; a count at least one less and one more.

    Examples
    --------
    >>> neighbours("2 ns"), neighbours("8"), neighbours("0.5")
    (('1.8 ns', '2.2 ns'), ('7', '9'), ('0.45', '0.55'))
    """
    match = _NUMBER.match(text.strip())
    assert match is not None
    number, unit = match.groups()
    if not unit.strip() and number.lstrip("+-").isdigit():
        count = int(number)
        step = max(1, round(STEP * count))
        return f"{count - step}", f"{count + step}"
    low, high = (float(number) * (1.0 + sign * STEP) for sign in (-1, 1))
    return f"{low:.12g}{unit}", f"{high:.12g}{unit}"


def _headline(network: Network, chip: str, overrides: Sequence[str], settings: Settings) -> Headline | str:
    """The headline of a variant, or why it cannot be had."""
    try:
        return simulate(network, chip, settings, overrides=overrides).ledger.headline
    except ArchsimError as error:
        return str(error)


def same_timing(one: Program, other: Program) -> bool:
    """Whether two programs run alike: all tables that an engine reads are equal."""
    tables = (field.name for field in fields(Program) if field.name not in ("actions", "labels", "samples"))
    return all(
        np.array_equal(getattr(getattr(one, table), column.name), getattr(getattr(other, table), column.name))
        for table in tables
        for column in fields(getattr(one, table))
    )
