"""What parts draw beside their actions: leakage, running clocks, and waking, by the chip's power policies.

A part leaks as long as it has power, and takes its running power as long as its clock runs: at work (``active``) or
without (``idle``). A policy that rests takes a part's power away once it has waited, but for a share of its leakage,
and gives it back in time for its next work, at the cost of a wake. Nothing waits for a wake: what a run does when is
known before. A part that no work goes to at all rests from the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from archsim.accounting.hosts import Hosts, Sites, hosts_at, hosts_of
from archsim.accounting.steady import Steady, steady_use
from archsim.chip import Chip
from archsim.chip.power import RESTING, PartPower, Policy
from archsim.columns import Columns, Reals, Texts, texts
from archsim.cost import Bill, Component
from archsim.errors import InputError
from archsim.machine import Part, parts
from archsim.mapping import Placement
from archsim.program import Program, Rests, Trace
from archsim.units import PS_PER_S, picoseconds

Counts = NDArray[np.int64]
DRAWN = ("leakage", "active", "idle", "wake")
_NEVER = 2**62


def patience_of(chip: Chip, program: Program) -> Counts | None:
    """Picoseconds for which each resource of a program waits before it rests; None on a chip where nothing does.

    Raises
    ------
    InputError
        If parts that go with one resource rest after different times.
    """
    if not any(power.policy in RESTING for power in chip.power.parts.values()):
        return None
    waits = np.full(len(program.resources), _NEVER, np.int64)
    for part in parts(chip):
        power = chip.power.of(part.name)
        if power.policy not in RESTING:
            continue
        hosts = hosts_of(part, chip, program)
        if hosts.follows:
            _refuse_other_waits(part, waits[hosts.resources], _wait(power))
            waits[hosts.resources] = _wait(power)
    return waits


def _wait(power: PartPower) -> int:
    """From the last work to the rest, and from waking to the next."""
    return picoseconds(power.after or 0.0) + picoseconds(power.wake_time or 0.0)


def _refuse_other_waits(part: Part, waits: Counts, wait: int) -> None:
    if (waits[waits < _NEVER] != wait).any():
        raise InputError(
            f"{part.name} and another part that works with it rest after different times",
            where=f"power.parts.{part.name}",
            remedy="Give parts of one array (array, driver, sample-hold), or of one link (router, wire), the same "
            "'after' and 'wake_time'.",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """A stretch of a run, and how long servers worked and rested in it.

    Parameters
    ----------
    seconds : float
    busy : float64, shape (resources,)
        Seconds of work of one server, on average.
    rested, wakes : float64, shape (resources,)
        Seconds and times, of all its servers together.
    """

    seconds: float
    busy: NDArray[np.float64]
    rested: NDArray[np.float64]
    wakes: NDArray[np.float64]
    _known: dict[Hosts, tuple[float, float]] = field(default_factory=dict, repr=False)

    def there_and_busy(self, hosts: Hosts, servers: Counts) -> tuple[float, float]:
        """Instance-seconds that something uses, and at work; of the same hosts worked out once."""
        if hosts not in self._known:
            there = hosts.there(servers) * self.seconds
            self._known[hosts] = there, hosts.busy(self.busy, servers, self.seconds)
        return self._known[hosts]


def whole_run(trace: Trace, chip: Chip) -> Span:
    """The whole run, its end included, where what has waited long enough rests."""
    if trace.rests is None:
        return _restless_run(trace)
    program, total = trace.program, trace.makespan / PS_PER_S
    busy = trace.resource_busy / PS_PER_S / program.resources.servers
    rested, wakes = _by_resource(program, trace.rests.rested, trace.rests.times)
    return Span(total, busy, rested / PS_PER_S + _at_the_end(trace, trace.rests, chip), wakes)


def _restless_run(trace: Trace) -> Span:
    nothing = np.zeros(len(trace.program.resources))
    busy = trace.resource_busy / PS_PER_S / trace.program.resources.servers
    return Span(trace.makespan / PS_PER_S, busy, nothing, nothing)


def span_of(trace: Trace, steady: Steady) -> Span | None:
    """A pass in the steady state, else the whole run; None where its rests are a matter of the chip's policies, too."""
    return steady_span(trace, steady) or (_restless_run(trace) if trace.rests is None else None)


def steady_span(trace: Trace, steady: Steady) -> Span | None:
    """A pass in the steady state; None where the run found no period in which rests repeat."""
    if trace.period is None or (trace.rests is not None and trace.rests.period is None):
        return None
    program, total = trace.program, 1.0 / steady.passes_per_s
    busy = steady_use(trace, steady) * total
    if trace.rests is None or trace.rests.period is None:
        nothing = np.zeros(len(program.resources))
        return Span(total, busy, nothing, nothing)
    rested, wakes = _by_resource(program, *trace.rests.period)
    passes = trace.period[1]
    return Span(total, busy, rested / PS_PER_S / passes, wakes / passes)


def _by_resource(program: Program, rested: Counts, times: Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    size = len(program.resources)
    both = (np.bincount(program.actors.resource, weights=column, minlength=size) for column in (rested, times))
    first, second = both
    return first.astype(np.float64), second.astype(np.float64)


def _at_the_end(trace: Trace, rests: Rests, chip: Chip) -> NDArray[np.float64]:
    """Seconds that each resource's servers rest after their last work; those never used rest all the time."""
    program, size = trace.program, len(trace.program.resources)
    after = np.full(size, _NEVER, np.int64)
    for part in parts(chip):
        power = chip.power.of(part.name)
        if power.policy in RESTING and (hosts := hosts_of(part, chip, program)).follows:
            after[hosts.resources] = picoseconds(power.after or 0.0)
    owner = np.repeat(np.arange(size), program.resources.servers)
    wait = np.where(rests.free_since > 0, after[owner], np.minimum(after[owner], 0))
    rest = np.where(after[owner] < _NEVER, np.maximum(0, trace.makespan - rests.free_since - wait), 0)
    return np.asarray(np.bincount(owner, weights=rest / PS_PER_S, minlength=size), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Draw(Columns):
    """What parts draw beside their actions.

    Parameters
    ----------
    component : str, shape (components,)
    instances : int64 or float64, shape (components,)
        Of all chips.
    leakage, active, idle, wake : float64, shape (components,)
        Joules of a stretch of a run, or watts; of all instances.
    """

    component: Texts
    instances: NDArray[np.int64 | np.float64]
    leakage: Reals
    active: Reals
    idle: Reals
    wake: Reals

    @property
    def all(self) -> Reals:
        """All four together, shape ``(components,)``."""
        return self.leakage + self.active + self.idle + self.wake


def steady_draw(trace: Trace, steady: Steady, placement: Placement, bill: Bill) -> Draw:
    """What parts draw beside their actions in the steady state, else on average over the run, in watts."""
    drawn, seconds = _steady(trace, steady, placement, bill)
    return drawn.table(seconds)


def steady_watts(
    trace: Trace, steady: Steady, placement: Placement, bill: Bill, span: Span | None = None
) -> dict[str, float]:
    """The same of all parts together, for each of ``DRAWN``; the span of the run is found if it is not given."""
    drawn, seconds = _steady(trace, steady, placement, bill, span)
    return {state: float(row.sum()) for state, row in zip(DRAWN, drawn.joules / seconds, strict=True)}


def _steady(
    trace: Trace, steady: Steady, placement: Placement, bill: Bill, span: Span | None = None
) -> tuple[_Drawn, float]:
    """What parts draw, and in how many seconds."""
    span = span or span_of(trace, steady) or whole_run(trace, placement.chip)
    return _drawn_in(placement.chip, bill, placement.chips, trace.program, span), span.seconds


def unused_draw(part: Component, chip: Chip, bill: Bill) -> float:
    """Watts of an instance that nothing uses, and of what draws a share of them."""
    return _unused(part, chip) * bill.whole(part.name)


def _unused(part: Component, chip: Chip) -> float:
    power = chip.power.of(part.name)
    if power.policy in RESTING:
        return part.leakage_w.value * (power.kept or 0.0)
    return part.leakage_w.value if power.policy is Policy.CLOCK_GATED else part.standing_w


def standing(chip: Chip, bill: Bill, chips: int, program: Program, span: Span) -> Draw:
    """What parts draw beside their actions in a stretch of a run, in joules.

    Raises
    ------
    InputError
        If a policy is given for a part that the chip does not have, or that may not have it.
    """
    return _drawn_in(chip, bill, chips, program, span).table()


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What parts draw beside their actions.

    Parameters
    ----------
    components : tuple of str
    instances : tuple of int
        Of all chips.
    joules : float64, shape (states, components)
        By ``DRAWN``.
    """

    components: tuple[str, ...]
    instances: tuple[float, ...]
    joules: NDArray[np.float64]

    def table(self, each: float = 1.0) -> Draw:
        """One row per component, divided by some seconds."""
        return Draw(texts(self.components), np.array(self.instances), *(self.joules / each))


def _drawn_in(chip: Chip, bill: Bill, chips: int, program: Program, span: Span) -> _Drawn:
    described, sites = {part.name: part for part in parts(chip)}, Sites.of(chip)
    _refuse_unknown(chip, tuple(described))
    servers = program.resources.servers.astype(np.int64)
    columns = []
    for one in bill.components:
        total, part = one.count * chips * span.seconds, described.get(one.name)
        if part is None:
            instances = _Instances.always(total)
        else:
            power, hosts = chip.power.of(part.name), hosts_at(part, sites, program)
            instances = _Instances.of(power, hosts, total, servers, span, kept=part.stores)
        columns.append(_drawn(one, instances))
    joules = np.array(columns, np.float64).reshape(len(columns), len(DRAWN)).T.copy()
    _add_shares(joules, bill)
    names, counts = (tuple(one.name for one in bill.components), tuple(one.count * chips for one in bill.components))
    return _Drawn(names, counts, joules)


def _add_shares(joules: NDArray[np.float64], bill: Bill) -> None:
    """What some draw as a share of the others, state by state."""
    names = [part.name for part in bill.components]
    for part in bill.shares:
        joules[:, names.index(part.name)] = np.array([part.beside(name) for name in names]) @ joules.T


@dataclass(frozen=True, slots=True)
class _Instances:
    """All instances of a part, in instance-seconds, and how often one was woken."""

    power: PartPower
    total: float
    busy: float
    rested: float
    wakes: float

    @classmethod
    def always(cls, total: float) -> _Instances:
        """Of what a bill has and no chip describes."""
        return cls(PartPower(policy=Policy.ALWAYS_ON), total, total, 0.0, 0.0)

    @classmethod
    def of(cls, power: PartPower, hosts: Hosts, total: float, servers: Counts, span: Span, *, kept: bool) -> _Instances:
        """Of a part with such hosts, which may keep something that it must not lose."""
        there, busy = span.there_and_busy(hosts, servers)
        used = min(total, there)
        if power.policy not in RESTING:
            return cls(power, total, min(busy, total), 0.0, 0.0)
        # A store that would lose what it holds is off only where nothing uses it.
        if not hosts.follows or (kept and power.policy is Policy.POWER_GATED):
            return cls(power, total, min(busy, total), total - used, 0.0)
        rested, wakes = (float((hosts.each * column[hosts.resources]).sum()) for column in (span.rested, span.wakes))
        return cls(power, total, min(busy, total), rested + total - used, wakes)


def _drawn(part: Component, of: _Instances) -> tuple[float, float, float, float]:
    leakage, running = part.leakage_w.value, part.running_w.value
    kept, wake = of.power.kept or 0.0, of.power.wake_energy or 0.0
    waiting = of.total - of.busy - of.rested if of.power.policy is not Policy.CLOCK_GATED else 0.0
    return (
        leakage * (of.total - (1.0 - kept) * of.rested),
        running * of.busy,
        running * max(0.0, waiting),
        wake * of.wakes,
    )


def _refuse_unknown(chip: Chip, known: tuple[str, ...]) -> None:
    for name in chip.power.parts:
        if name not in known:
            raise InputError(
                f"there is no part {name!r}",
                where=f"chip {chip.name!r}, power.parts",
                remedy=f"Parts: {', '.join(known)}.",
            )
