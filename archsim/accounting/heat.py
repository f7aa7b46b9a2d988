"""Heat: a steady temperature for every site of the chips, by a network of resistances.

Each site gives its power to the ambient through the package, in proportion to its area, and to its neighbours through
the silicon between them. Temperatures are those at which all powers balance. Where leakage follows, each site's parts
leak as at its own temperature, and the balance is found again until nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import spsolve

from archsim.accounting.sites import leakage_sites, sites
from archsim.chip import Chip
from archsim.cost import Bill, price
from archsim.cost.temperature import HOTTEST_K, ROOM_K
from archsim.errors import InputError
from archsim.mapping import Placement
from archsim.program import Trace

if TYPE_CHECKING:
    import pandas as pd

Reals = NDArray[np.float64]
SILICON_W_PER_M_K = 148.0
"""Conductivity of silicon at 300 K; at 400 K it is 99."""
_GRID_K = np.arange(ROOM_K, HOTTEST_K + 1.0, 10.0)
_STILL_K = 1e-6
_MOST_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Cooling:
    """How heat leaves a chip.

    Parameters
    ----------
    ambient_k : float
    resistance : float
        From the silicon to the ambient, K m^2 / W: the package's K / W times the die's area.
    thickness_m : float
        Of the die, through which sites heat each other.
    conductivity : float
        Of the die, W / (m K).

    Raises
    ------
    InputError
        If one of them is not positive, or beyond what any package has.
    """

    ambient_k: float
    resistance: float
    thickness_m: float
    conductivity: float = SILICON_W_PER_M_K

    def __post_init__(self) -> None:
        for name, value, most, unit in (
            ("ambient", self.ambient_k, 1e3, "K"),
            ("thermal resistance", self.resistance, 10.0, "K m^2/W"),
            ("die thickness", self.thickness_m, 0.1, "m"),
            ("conductivity", self.conductivity, 1e4, "W/(m K)"),
        ):
            if not value > 0:
                raise InputError(f"{name} {value:g} is not positive", where="cooling", remedy="Give a positive value.")
            if value > most:
                raise InputError(
                    f"{name} {value:g} {unit} is beyond any package's",
                    where="cooling",
                    remedy=f"Give at most {most:g} {unit}.",
                )


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Temperatures in the steady state.

    Parameters
    ----------
    frame : DataFrame
        One row per site of all chips: ``chip, site, row, column, layers, power_w, density_w_m2, temperature_k``.
    cooling : Cooling
    follows : bool
        Whether leakage follows.
    power_w : float
        Of all sites.
    before_w : float
        The same with all leakage at the chip's own temperature.
    """

    frame: pd.DataFrame
    cooling: Cooling
    follows: bool
    power_w: float
    before_w: float

    @property
    def hottest_k(self) -> float:
        """Of the hottest site."""
        return float(self.frame.temperature_k.max())


def heat_map(trace: Trace, placement: Placement, bill: Bill, cooling: Cooling, *, follows: bool = False) -> HeatMap:
    """Find the steady temperatures of a run.

    Parameters
    ----------
    trace, placement, bill
        Of a run; power is averaged over it.
    cooling : Cooling
    follows : bool
        Let leakage follow each site's temperature; else it is that of the chip file's.

    Raises
    ------
    InputError
        If a temperature leaves the range of the leakage model, or leakage and heat drive each other without end.
    """
    frame = sites(trace, placement, bill).frame
    power, area = frame.power_w.to_numpy(), frame.area_m2.to_numpy()
    _refuse_without_silicon(frame)
    network = _network(frame, area, cooling)
    extra = _Leaking.of(trace, placement, bill).extra if follows else _nothing
    temperature = _steady(network, power, area, cooling, extra)
    whole = power + extra(temperature)
    told = frame[["chip", "site", "row", "column", "layers"]].assign(
        power_w=whole,
        density_w_m2=np.divide(whole, area, out=np.zeros_like(whole), where=area > 0),
        temperature_k=temperature,
    )
    return HeatMap(told, cooling, follows, float(whole.sum()), float(power.sum()))


def _refuse_without_silicon(frame: pd.DataFrame) -> None:
    if (frame.groupby("chip").area_m2.sum() <= 0).any():
        raise InputError(
            "the chip has no silicon that heat could leave by", where="cooling", remedy="Give its parts an area."
        )


def _nothing(temperature: Reals) -> Reals:
    return np.zeros_like(temperature)


def _steady(network: csr_array, power: Reals, area: Reals, cooling: Cooling, extra: Callable[[Reals], Reals]) -> Reals:
    leaving = area / cooling.resistance * cooling.ambient_k
    temperature = np.full(len(power), cooling.ambient_k)
    for _ in range(_MOST_ROUNDS):
        before = temperature
        temperature = np.asarray(spsolve(network, power + extra(before) + leaving), np.float64)
        if np.abs(temperature - before).max() < _STILL_K:
            return temperature
    raise _runaway(float(temperature.max()))


def _network(frame: pd.DataFrame, area: Reals, cooling: Cooling) -> csr_array:
    """Conductances between sites and to the ambient, watts per kelvin; sites are square."""
    import pandas as pd  # late: a third of a start

    size = len(frame)
    place = pd.Series(np.arange(size), index=pd.MultiIndex.from_frame(frame[["chip", "row", "column"]]))
    matrix = diags_array(area / cooling.resistance).tolil()
    sheet = cooling.conductivity * cooling.thickness_m
    for step in ((0, 1), (1, 0)):
        beside = pd.MultiIndex.from_arrays([frame.chip, frame.row + step[0], frame.column + step[1]])
        other = place.reindex(beside).to_numpy()
        here = np.flatnonzero(~np.isnan(other))
        there = other[here].astype(np.int64)
        for one, two in zip(here.tolist(), there.tolist(), strict=True):
            matrix[one, one] += sheet
            matrix[two, two] += sheet
            matrix[one, two] -= sheet
            matrix[two, one] -= sheet
    return csr_array(matrix)


@dataclass(frozen=True, slots=True, eq=False)
class _Leaking:
    """What sites leak beyond what they leak at the chip's own temperature, on a grid of temperatures."""

    watts: Reals

    @classmethod
    def of(cls, trace: Trace, placement: Placement, bill: Bill) -> _Leaking:
        here = leakage_sites(trace, placement, bill).to_numpy()
        grown = np.stack([_growth(placement.chip, bill, kelvin) for kelvin in _GRID_K])
        return cls(np.tile(grown @ here, placement.chips))

    def extra(self, temperature: Reals) -> Reals:
        """Watts of each site at its temperature."""
        if temperature.max() > HOTTEST_K:
            raise _runaway(float(temperature.max()))
        if temperature.min() < ROOM_K:
            raise InputError(
                f"a site at {temperature.min():.1f} K: leakage is known from {ROOM_K:g} K on",
                where="cooling",
                remedy=f"Give an ambient of at least {ROOM_K:g} K, or let leakage not follow.",
            )
        columns = np.arange(len(temperature))
        low = np.clip(np.searchsorted(_GRID_K, temperature, side="right") - 1, 0, len(_GRID_K) - 2)
        share = (temperature - _GRID_K[low]) / (_GRID_K[low + 1] - _GRID_K[low])
        return np.asarray(self.watts[low, columns] * (1 - share) + self.watts[low + 1, columns] * share, np.float64)


def _growth(chip: Chip, bill: Bill, kelvin: float) -> Reals:
    """Leakage of each component at a temperature over that at the chip's own, less 1."""
    technology = chip.technology.model_copy(update={"temperature": float(kelvin)})
    hot = price(chip.model_copy(update={"technology": technology}))
    ratios = [
        after.leakage_w.value / before.leakage_w.value - 1.0 if before.leakage_w.value else 0.0
        for before, after in zip(bill.components, hot.components, strict=True)
    ]
    return np.array(ratios, np.float64)


def _runaway(kelvin: float) -> InputError:
    return InputError(
        f"a site reaches {kelvin:.0f} K and its leakage grows on: nothing is known beyond {HOTTEST_K:g} K",
        where="cooling",
        remedy="Lower the thermal resistance or the ambient's temperature, or gate parts without work (power.parts).",
    )
