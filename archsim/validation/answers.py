"""What archsim says to each kind of question: an answer gives the simulated counterpart of any published value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from archsim.accounting import Headline, Ladder, efficiency_ladder, full_activity, peak_of, product_interval
from archsim.accounting.peak import TRAINING, product_actions
from archsim.chip import Chip, load_chip
from archsim.cost import Bill, price
from archsim.errors import InputError
from archsim.machine import Pass, matrix_unit
from archsim.mapping import Floorplan
from archsim.network import Network
from archsim.simulation import Result, Settings, load_network, simulate
from archsim.validation.schema import (
    Doing,
    Figure,
    LadderOf,
    Peak,
    PeakRatio,
    Product,
    Published,
    Question,
    Ratio,
    Run,
    Sums,
)
from archsim.workloads import WorkloadOptions

if TYPE_CHECKING:
    import pandas as pd


class Answer(Protocol):
    """The simulated side of a question."""

    def value(self, published: Published) -> float:
        """The counterpart of a published value, in the SI unit of its dimension, before division by ``per``."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A chip and its bill."""

    chip: Chip
    bill: Bill


@dataclass(frozen=True, slots=True)
class SumsAnswer:
    """Sums over components.

    Parameters
    ----------
    parts : DataFrame
        As ``full_activity`` makes it.
    weights_bits : float or None
        Storage of all arrays; None where they hold analog weights.
    operations_per_s : float
        At the chip's peak.
    """

    parts: pd.DataFrame
    weights_bits: float | None
    operations_per_s: float

    def value(self, published: Published) -> float:
        """Power, area or their share over the named components."""
        if published.figure is Figure.WEIGHTS:
            return self._stored_bits()
        chosen = self._chosen(published.of)
        if published.figure is Figure.AREA:
            return float(chosen.area_m2.sum())
        power = float(chosen.power_w.sum())
        if published.figure is Figure.FULL_EFFICIENCY:
            return self.operations_per_s / power
        return power / float(self.parts.power_w.sum()) if published.figure is Figure.POWER_SHARE else power

    def _stored_bits(self) -> float:
        if self.weights_bits is None:
            raise InputError(
                "the chip's weights are analog and hold no number of bits",
                where=f"case, {Figure.WEIGHTS}",
                remedy="Remove the figure, or give tile.array.weight.bits.",
            )
        return self.weights_bits

    def _chosen(self, components: tuple[str, ...]) -> pd.DataFrame:
        _refuse_unknown(components, self.parts.component)
        return self.parts[self.parts.component.isin(components)] if components else self.parts


@dataclass(frozen=True, slots=True)
class PeakAnswer:
    """Peak figures: the power is the products' and the whole chip's leakage.

    Parameters
    ----------
    priced : Priced
    passes : tuple of Pass
        What every array does in turn.
    """

    priced: Priced
    passes: tuple[Pass, ...] = (Pass.FORWARD,)

    def value(self, published: Published) -> float:
        """One of the peak figures."""
        peak = peak_of(self.priced.chip, self.priced.bill, self.passes)
        match published.figure:
            case Figure.THROUGHPUT:
                return peak.operations_per_s
            case Figure.EFFICIENCY:
                return peak.operations_per_s / peak.power_w
            case Figure.DENSITY:
                return peak.operations_per_s / peak.area_m2
            case Figure.POWER:
                return peak.power_w
            case Figure.POWER_DENSITY:
                return peak.power_w / peak.area_m2
        return peak.area_m2


@dataclass(frozen=True, slots=True)
class PeakRatioAnswer:
    """The peaks of two chips.

    Parameters
    ----------
    mine, theirs : PeakAnswer
    """

    mine: PeakAnswer
    theirs: PeakAnswer

    def value(self, published: Published) -> float:
        """How many times better the first is: faster, faster for its power, faster for its area."""
        of = {Figure.THROUGHPUT_GAIN: Figure.THROUGHPUT, Figure.ENERGY_GAIN: Figure.EFFICIENCY}
        asked = published.model_copy(update={"figure": of.get(published.figure, Figure.DENSITY)})
        return self.mine.value(asked) / self.theirs.value(asked)


@dataclass(frozen=True, slots=True)
class ProductAnswer:
    """One product of a whole array; its energy includes what its parts leak until the next one.

    Parameters
    ----------
    priced : Priced
    doing : Pass
        A product, or what else is done with the weights.
    """

    priced: Priced
    doing: Pass = Pass.FORWARD

    def value(self, published: Published) -> float:
        """Its interval, its energy, or its operations per joule."""
        if published.figure is Figure.INTERVAL:
            return product_interval(self.priced.chip, self.doing)
        energy = self._energy(published.of)
        operations = 2 * matrix_unit(self.priced.chip).limits.weights
        return operations / energy if published.figure is Figure.EFFICIENCY else energy

    def _energy(self, components: tuple[str, ...]) -> float:
        actions = product_actions(self.priced.chip, self.doing)
        _refuse_unknown(components, (part for part, _, _ in actions))
        bill, chosen = self.priced.bill, frozenset(components or (part for part, _, _ in actions))
        whole = (lambda name: 1.0) if components else bill.whole
        dynamic = sum(
            bill.component(part).energy_of(action).value * count * whole(part)
            for part, action, count in actions
            if part in chosen
        )
        parts = [part for part in bill.components if part.name in chosen]
        standing = sum(part.count * part.standing_w * whole(part.name) for part in parts)
        leakage = standing / Floorplan(self.priced.chip).arrays
        return dynamic + leakage * product_interval(self.priced.chip, self.doing)


@dataclass(frozen=True, slots=True)
class DoingAnswer:
    """One action of a part at a rate: its energy includes what the part draws until the next one."""

    priced: Priced
    asked: Doing

    def value(self, published: Published) -> float:
        """Its energy, or the area of the part."""
        name, _, action = self.asked.action.partition(".")
        part = self.priced.bill.component(name)
        if published.figure is Figure.AREA:
            return part.area_m2.value
        return part.energy_of(action).value + part.standing_w / self.asked.per_second


@dataclass(frozen=True)
class RunAnswer:
    """A network's run."""

    result: Result

    def value(self, published: Published) -> float:
        """One of the headline's figures."""
        return self.figure(published.figure)

    def figure(self, figure: Figure) -> float:
        """One of the headline's figures; a step is the latency over the tokens that go in."""
        headline = self.result.ledger.headline
        match figure:
            case Figure.LATENCY:
                return headline.latency_s
            case Figure.STEP:
                return headline.latency_s / self._tokens
            case Figure.TOKEN:
                return self._generated_s
            case Figure.THROUGHPUT:
                return headline.throughput_per_s * headline.operations_per_sample
            case Figure.SAMPLE_RATE:
                return headline.throughput_per_s
            case Figure.ENERGY:
                return headline.energy_per_sample_j
            case Figure.SAMPLES_PER_ENERGY:
                return 1.0 / headline.energy_per_sample_j
            case Figure.EFFICIENCY:
                return headline.gops_per_w * 1e9
            case Figure.POWER:
                return headline.power_w
            case Figure.OPERATIONS:
                return float(headline.operations_per_sample)
        return float(headline.chips)

    @property
    def _generated_s(self) -> float:
        made = self.result.ledger.headline.generation
        if made is None or made.time_per_token_s is None:
            raise InputError(
                f"{self.result.network.name} generates no second token",
                where=f"case, {Figure.TOKEN}",
                remedy="Ask it of a decoder, with 'generate' of at least 2.",
            )
        return made.time_per_token_s

    @cached_property
    def _tokens(self) -> int:
        network = self.result.network
        entered = {edge.target for edge in network.edges}
        return max(layer.tokens for layer in network.layers if layer.name not in entered)


@dataclass(frozen=True, slots=True)
class LadderAnswer:
    """The efficiency ladder of a run."""

    ladder: Ladder

    def value(self, published: Published) -> float:
        """Operations per joule, counting some of the losses."""
        if not published.counting:
            return self.ladder.rungs[-1].operations_per_w
        return self.ladder.counting(frozenset(published.counting))


@dataclass(frozen=True, slots=True)
class BandAnswer:
    """The ladders of the two ends of a band.

    Parameters
    ----------
    one, other : LadderAnswer
    """

    one: LadderAnswer
    other: LadderAnswer

    def value(self, published: Published) -> float:
        """The geometric middle of the two ends."""
        low, high = self.ends(published)
        return math.sqrt(low * high)

    def ends(self, published: Published) -> tuple[float, float]:
        """The lower and the higher end."""
        first, second = sorted((self.one.value(published), self.other.value(published)))
        return first, second


@dataclass(frozen=True, slots=True)
class RatioAnswer:
    """A network's runs on two chips.

    Parameters
    ----------
    mine, theirs : Headline
    """

    mine: Headline
    theirs: Headline

    def value(self, published: Published) -> float:
        """How many times better the first is."""
        match published.figure:
            case Figure.LATENCY_GAIN:
                return self.theirs.latency_s / self.mine.latency_s
            case Figure.THROUGHPUT_GAIN:
                return self.mine.throughput_per_s / self.theirs.throughput_per_s
            case Figure.ENERGY_GAIN:
                return self.theirs.energy_per_sample_j / self.mine.energy_per_sample_j
        return self.mine.tops_per_mm2 / self.theirs.tops_per_mm2


def answer(question: Question) -> Answer:
    """Ask archsim.

    Parameters
    ----------
    question : Question

    Raises
    ------
    ArchsimError
        With place and remedy, whatever goes wrong.
    """
    match question:
        case Sums():
            return _sums(question)
        case Peak():
            passes = TRAINING if question.training else (Pass.FORWARD,)
            return PeakAnswer(_priced(question.chip, question.overrides), passes)
        case PeakRatio():
            mine, theirs = (question.chip, question.overrides), (question.against, question.against_overrides)
            return PeakRatioAnswer(PeakAnswer(_priced(*mine)), PeakAnswer(_priced(*theirs)))
        case Product():
            return ProductAnswer(_priced(question.chip, question.overrides), Pass(question.doing))
        case Doing():
            return DoingAnswer(_priced(question.chip, question.overrides), question)
        case Run():
            return RunAnswer(run(question))
        case LadderOf(between=None):
            return _ladder(question)
        case LadderOf():
            return _band(question)
        case Ratio():
            return RatioAnswer(run(question).ledger.headline, _other(question).ledger.headline)


def _ladder(question: LadderOf) -> LadderAnswer:
    result = run(question)
    return LadderAnswer(efficiency_ladder(result.trace, result.placement, result.bill))


def _band(question: LadderOf) -> BandAnswer:
    assert question.between is not None
    ends = [question.model_copy(update={"overrides": (*question.overrides, *end)}) for end in question.between]
    return BandAnswer(_ladder(ends[0]), _ladder(ends[1]))


def run(question: Run | LadderOf | Ratio) -> Result:
    """Run the network of a question.

    Raises
    ------
    ArchsimError
        With place and remedy, whatever goes wrong.
    """
    settings = Settings(batch=question.batch, replicate=question.replicate)
    return simulate(_network(question), question.chip, settings, overrides=question.overrides)


def _other(question: Ratio) -> Result:
    """The run on the chip that the ratio is to."""
    settings = Settings(batch=question.batch)
    return simulate(_network(question), question.against, settings, overrides=question.against_overrides)


def _network(question: Run | LadderOf | Ratio) -> Network:
    return load_network(question.network, WorkloadOptions(seq=question.seq, generate=question.generate))


def _priced(name: str, overrides: tuple[str, ...]) -> Priced:
    chip = load_chip(name, overrides)
    return Priced(chip, price(chip))


def _sums(question: Sums) -> SumsAnswer:
    priced = _priced(question.chip, question.overrides)
    parts = full_activity(priced.chip, priced.bill, {one.action: one.per_second for one in question.activity})
    _refuse_unknown(question.without, parts.component)
    weights = matrix_unit(priced.chip).limits.weights * Floorplan(priced.chip).arrays
    kept = parts[~parts.component.isin(question.without)].reset_index(drop=True)
    peak = peak_of(priced.chip, priced.bill)
    bits = priced.chip.tile.weight_bits
    return SumsAnswer(kept, None if bits is None else float(weights * bits), peak.operations_per_s)


def _refuse_unknown(names: tuple[str, ...], known: Iterable[str]) -> None:
    there = tuple(dict.fromkeys(known))
    for name in names:
        if name not in there:
            raise InputError(f"there is no component {name!r} here", where="case", remedy=f"Known: {', '.join(there)}.")
