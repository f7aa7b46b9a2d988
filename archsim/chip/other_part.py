"""Parts that only take power and area."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from archsim.chip.section import CostChoice, Patterns, Serves, refusal


class OtherPart(CostChoice):
    """A part that only takes power and area.

    Parameters
    ----------
    serves : Serves
        What it is for: reports say by it whether a chip's figures include clock, control and power conversion.
    share : float, optional
        Its share of all that the parts of ``of`` and it draw together, below 1; in place of leakage and running power.
    of : str, optional
        Names of parts on the die, or patterns of names. Other shares may be among them.
    """

    serves: Serves = Serves.CONTROL
    share: Annotated[float, Field(gt=0, lt=1, strict=True)] | None = None
    of: Patterns | None = None

    @model_validator(mode="after")
    def _shared(self) -> Self:
        if (self.share is None) != (self.of is None):
            raise refusal("a share and what it is a share of go together", "Give both 'share' and 'of', or neither.")
        given = {"model": self.model, "leakage": self.leakage, "running": self.running, "energy": self.energy or None}
        for name, value in given.items():
            if self.share is not None and value is not None:
                raise refusal(
                    f"{name} is given for a part that draws a share of what others do", f"Remove {name}, or the share."
                )
        return self
