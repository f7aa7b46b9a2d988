"""What parts do while they have no work: power states and policies."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Self

from pydantic import Field, model_validator

from archsim.chip.section import Fraction, Joules, Seconds, Section, refusal


class Policy(StrEnum):
    """What becomes of a part without work."""

    ALWAYS_ON = "always-on"
    """Its clock runs and it leaks."""
    CLOCK_GATED = "clock-gated"
    """Its clock stands still at once; it leaks."""
    POWER_GATED = "power-gated"
    """After a time it is off, and forgets what it held."""
    RETENTION = "retention"
    """After a time it keeps what it holds and does nothing else."""


RESTING = frozenset({Policy.POWER_GATED, Policy.RETENTION})


class PartPower(Section):
    """The policy of one kind of part.

    Parameters
    ----------
    policy : Policy
    after : Seconds, optional
        How long a part waits for work before it rests; at least the time that waking takes. Needed by policies that
        rest, as are the next three; refused by the others.
    kept : Fraction, optional
        Share of its leakage that it draws while it rests.
    wake_time : Seconds, optional
        It is woken so long before its work, and leaks meanwhile.
    wake_energy : Joules, optional
        Each time, of one part.
    """

    policy: Policy
    after: Seconds | None = None
    kept: Fraction | None = None
    wake_time: Seconds | None = None
    wake_energy: Joules | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        given = {"after": self.after, "kept": self.kept, "wake_time": self.wake_time, "wake_energy": self.wake_energy}
        rests = self.policy in RESTING
        for name, value in given.items():
            if rests and value is None:
                raise refusal(f"a part that is {self.policy} says nothing of {name}", f"Give {name}, with its source.")
            if not rests and value is not None:
                raise refusal(f"{name} is given for a part that is {self.policy} and never rests", f"Remove {name}.")
        if self.after is not None and self.wake_time is not None and self.after < self.wake_time:
            raise refusal(
                f"a part rests after {self.after:g} s without work, and waking it takes {self.wake_time:g} s",
                "Let it wait at least as long as waking takes.",
            )
        return self


class Power(Section):
    """What parts do without work.

    Parameters
    ----------
    policy : Policy
        Of all parts that have none of their own: ``always-on`` or ``clock-gated``. How long to wait and what waking
        takes differs from part to part.
    parts : dict of str to PartPower
        By the names of components, as ``archsim show chip --leakage`` lists them.
    """

    policy: Policy = Policy.ALWAYS_ON
    parts: dict[str, PartPower] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _general(self) -> Self:
        if self.policy in RESTING:
            raise refusal(
                f"{self.policy} is given for all parts at once",
                "Give each its own under power.parts: how long it waits and what waking it takes.",
            )
        return self

    def of(self, name: str) -> PartPower:
        """The policy of a component."""
        own = self.parts.get(name)
        return _alike(self.policy) if own is None else own


@cache
def _alike(policy: Policy) -> PartPower:
    """What parts have that have none of their own."""
    return PartPower.model_construct(policy=policy)
