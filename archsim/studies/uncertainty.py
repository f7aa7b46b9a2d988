"""How far a headline can be believed: what the ranges of a chip's numbers make of it, each alone and all together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archsim.accounting import Headline
from archsim.chip import Source, sources
from archsim.chip.ranges import read_range
from archsim.errors import ArchsimError, InputError
from archsim.network import Network
from archsim.simulation import Result, Settings, simulate
from archsim.units import same_unit

if TYPE_CHECKING:
    import pandas as pd

DRAWS = 100
"""Chips that are drawn."""
MOST_DRAWS = 100_000
"""Each is priced, and kept with its figures."""
MOST_NUMBERS = 10
"""Of a tornado."""
WITHIN = (0.05, 0.95)
"""Quantiles of the drawn chips' figures."""
BANDED = ("throughput_per_s", "latency_s", "energy_per_sample_j", "power_w", "gops_per_w", "tops_per_mm2", "area_m2")
"""Figures of the headline that get bands."""


@dataclass(frozen=True, slots=True)
class Ranged:
    """A number with a range, and the headlines at both of its ends.

    Parameters
    ----------
    source : Source
        With ``low`` and ``high``.
    low, high : Headline
    """

    source: Source
    low: Headline
    high: Headline

    def at(self, figure: str) -> tuple[float, float]:
        """A figure with the lower and with the higher end."""
        return float(getattr(self.low, figure)), float(getattr(self.high, figure))


@dataclass(frozen=True, slots=True)
class Corner:
    """A figure of the chips that have every number at the end where this figure is least, and where it is largest.

    Parameters
    ----------
    figure : str
        One of `BANDED`.
    at : pair of float
    """

    figure: str
    at: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What ranges make of a headline.

    Parameters
    ----------
    base : Headline
    ranged : tuple of Ranged
    corners : tuple of Corner
    draws : tuple of Headline
        Of chips whose numbers were drawn between their ends, all at once.
    """

    base: Headline
    ranged: tuple[Ranged, ...]
    corners: tuple[Corner, ...]
    draws: tuple[Headline, ...]

    @property
    def bands(self) -> pd.DataFrame:
        """One row per figure of `BANDED`.

        Returns
        -------
        DataFrame
            ``figure, value, worst_low, worst_high`` (all numbers at once at the ends that are worse by
            themselves), ``low, high`` (of the drawn chips from the 5th to the 95th hundredth, and the value itself).
        """
        import pandas as pd  # late: a third of a start

        return pd.DataFrame([self._band(figure) for figure in BANDED])

    def _band(self, figure: str) -> dict[str, object]:
        value = float(getattr(self.base, figure))
        worst = next((corner.at for corner in self.corners if corner.figure == figure), (value, value))
        drawn = np.array([float(getattr(one, figure)) for one in self.draws] or [value])
        low, high = np.quantile(drawn, WITHIN)
        return {
            "figure": figure,
            "value": value,
            "worst_low": min(value, worst[0]),
            "worst_high": max(value, worst[1]),
            "low": min(value, float(low)),
            "high": max(value, float(high)),
        }

    def tornado(self, figure: str = "gops_per_w") -> pd.DataFrame:
        """The numbers that move a figure most, each run alone at both of its ends.

        Parameters
        ----------
        figure : str
            One of `BANDED`.

        Returns
        -------
        DataFrame
            ``field, value, low, high, at_low, at_high, change_low, change_high`` (shares), at most `MOST_NUMBERS`.
        """
        import pandas as pd  # late: a third of a start

        base = float(getattr(self.base, figure))
        rows = [
            (one.source.path, one.source.value, one.source.low, one.source.high, *one.at(figure)) for one in self.ranged
        ]
        frame = pd.DataFrame(rows, columns=["field", "value", "low", "high", "at_low", "at_high"])
        frame["change_low"], frame["change_high"] = frame.at_low / base - 1.0, frame.at_high / base - 1.0
        most = frame[["change_low", "change_high"]].abs().max(axis=1)
        order = most.sort_values(ascending=False, kind="stable").index
        return frame.loc[order].head(MOST_NUMBERS).reset_index(drop=True)


def uncertainty(
    chip: str,
    overrides: Sequence[str],
    settings: Settings,
    base: Result,
    *,
    assumed: str | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Uncertainty:
    """Run a network with every number that has a range at both of its ends, and on chips drawn between all of them.

    Parameters
    ----------
    chip : str
        A preset's name or a chip file.
    overrides : sequence of str
    settings : Settings
    base : Result
        Of that chip with these settings.
    assumed : str, optional
        What assumed numbers get that have no range, as ``20 %``.
    draws : int
        Each number is drawn evenly between its ends, independently of the others.
    seed : int
    progress : callable, optional
        Told how many runs are done, and of how many.

    Raises
    ------
    InputError
        If no number has a range, the chip cannot be what one of them says, or too many are drawn.
    """
    _check_draws(draws)
    given = ranged_numbers(chip, overrides, assumed)
    total = 2 * len(given) + 2 * len(BANDED) + draws
    ends: list[Headline] = []
    for one in given:
        for value in (one.low, one.high):
            progress(len(ends), total)
            ends.append(_headline(base.network, chip, (*overrides, f"{one.path}={value}"), settings, one.path))
    varied = tuple(Ranged(one, low, high) for one, low, high in zip(given, ends[::2], ends[1::2], strict=True))
    head = base.ledger.headline
    met: dict[tuple[str, ...], Headline] = {(): head}

    def cornered(figure: str, largest: bool) -> float:
        changes = _at_worse_ends(varied, head, figure, largest=largest)
        if changes not in met:
            progress(2 * len(given) + len(met), total)
            met[changes] = _headline(base.network, chip, (*overrides, *changes), settings, "a chip with all numbers")
        return float(getattr(met[changes], figure))

    corners = tuple(Corner(figure, (cornered(figure, False), cornered(figure, True))) for figure in BANDED)
    found = []
    for number, changes in enumerate(_drawn(given, draws, seed)):
        progress(total - draws + number, total)
        found.append(_headline(base.network, chip, (*overrides, *changes), settings, "a chip drawn between all ranges"))
    return Uncertainty(head, varied, corners, tuple(found))


def _check_draws(draws: int) -> None:
    if not 0 <= draws <= MOST_DRAWS:
        raise InputError(
            f"{draws:,} chips to be drawn; up to {MOST_DRAWS:,} are kept", where="draws", remedy="Draw fewer."
        )


def _at_worse_ends(varied: Sequence[Ranged], base: Headline, figure: str, *, largest: bool) -> tuple[str, ...]:
    """Changes that bring every number that moves a figure to the end where it is largest, or least."""
    sign = 1.0 if largest else -1.0
    changes = []
    for one in varied:
        low, high = (sign * (value - float(getattr(base, figure))) for value in one.at(figure))
        if max(low, high) > 0:
            changes.append(f"{one.source.path}={one.source.low if low > high else one.source.high}")
    return tuple(changes)


def ranged_numbers(chip: str, overrides: Sequence[str], assumed: str | None = None) -> tuple[Source, ...]:
    """The numbers of a chip that have a range; assumed ones that have none with that which they are given here.

    Raises
    ------
    InputError
        If there are none, or the range for assumed numbers cannot be used.
    """
    numbers = [one for one in sources(chip, overrides) if one.is_number]
    found = [one if one.low else _assumed(one, assumed) for one in numbers]
    kept = tuple(one for one in found if one is not None)
    if not kept:
        raise InputError(
            "no number of this chip has a range",
            where=chip,
            remedy="Write one as '42 fJ ± 20 %' or '42 fJ [30 fJ, 60 fJ]', or give the assumed numbers one: "
            "--assumed-within '20 %'.",
        )
    return kept


def _assumed(one: Source, within: str | None) -> Source | None:
    if within is None or not one.assumed:
        return None
    span = read_range(f"{one.value} ± {within}", "--assumed-within")
    if span is None or _is_count(one.value):
        return None
    return Source(one.path, one.value, one.source, one.origin, span.low, span.high)


def _is_count(value: str) -> bool:
    """Whether a number is a whole one without a unit: a count, of which there is no share."""
    return value.lstrip("+-").isdigit()


def _drawn(given: Sequence[Source], draws: int, seed: int) -> Iterator[tuple[str, ...]]:
    """Changes to the chip file for each chip that is drawn."""
    shares: NDArray[np.float64] = np.random.default_rng(seed).random((draws, len(given)))
    for row in shares:
        yield tuple(f"{one.path}={_between(one, float(share))}" for one, share in zip(given, row, strict=True))


def _between(one: Source, share: float) -> str:
    """A value between a number's ends, in the unit of the lower."""
    low, unit = _split(one.low)
    high, other = _split(one.high)
    top = high * same_unit(other, unit)
    value = low + share * (top - low)
    whole = all(map(_is_count, (one.value, one.low, one.high)))
    return f"{round(value)}" if whole else f"{value:.12g} {unit}".strip()


def _split(text: str) -> tuple[float, str]:
    number, _, unit = text.partition(" ")
    return float(number), unit.strip()


def _headline(network: Network, chip: str, overrides: Sequence[str], settings: Settings, what: str) -> Headline:
    try:
        return simulate(network, chip, settings, overrides=overrides).ledger.headline
    except ArchsimError as error:
        raise InputError(
            f"{what} cannot be at an end of its range: {error.what}",
            where=error.where,
            remedy="Give a range within which the chip can be.",
        ) from error
