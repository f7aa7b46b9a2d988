"""``--uncertainty``: how far the headline of a run can be believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.errors import InputError

if TYPE_CHECKING:
    from archsim.report import Question
    from archsim.simulation import Result
    from archsim.studies import Uncertainty

_PANEL = "Uncertainty"


@dataclass(frozen=True, slots=True)
class DoubtOptions:
    """Whether ranges of the chip's numbers are run, and what assumed ones get."""

    uncertainty: Annotated[
        bool,
        typer.Option(
            "--uncertainty",
            help="Run every number that has a range (42 fJ ± 20 %) at both ends, and chips drawn between all of them: "
            "bands on the headline, and the numbers that matter most.",
            rich_help_panel=_PANEL,
        ),
    ] = False
    assumed_within: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="Range of assumed numbers that have none, counts aside, as [bold]'20 %'[/].",
            rich_help_panel=_PANEL,
        ),
    ] = None
    draws: Annotated[
        int, typer.Option(metavar="N", min=1, max=100_000, help="Chips that are drawn.", rich_help_panel=_PANEL)
    ] = 100

    def check(self, question: Question) -> None:
        """Refuse what cannot be run, before the run.

        Raises
        ------
        InputError
            If no number has a range, or a range is given to nothing.
        """
        if not self.uncertainty:
            if self.assumed_within is not None:
                raise InputError(
                    "a range is given, and nothing is to be run with it",
                    where="--assumed-within",
                    remedy="Add --uncertainty, or leave it out.",
                )
            return
        from archsim.studies import ranged_numbers

        ranged_numbers(question.chip, question.overrides, self.assumed_within)

    def found(
        self, question: Question, result: Result, progress: Callable[[int, int], None] = lambda done, total: None
    ) -> Uncertainty | None:
        """What the ranges make of the headline; None where that was not wanted."""
        if not self.uncertainty:
            return None
        from archsim.studies import uncertainty

        return uncertainty(
            question.chip,
            question.overrides,
            question.settings,
            result,
            assumed=self.assumed_within,
            draws=self.draws,
            progress=progress,
        )
