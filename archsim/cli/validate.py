"""``archsim validate``: simulated figures beside published ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from archsim.cli.grouping import grouped
from archsim.cli.output import results
from archsim.cli.printing import PrintOptions
from archsim.cli.terminal import tell

if TYPE_CHECKING:
    from archsim.validation import Outcome

UNEXPECTED = 1
"""Exit code where a row is not as its case says."""


@grouped
def validate(
    printing: PrintOptions,
    *,
    case: Annotated[
        str | None,
        typer.Argument(
            metavar="CASE", help="A case that comes with archsim, or a case file in YAML; all where none is given."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a page for each case, with figures, into this directory."),
    ] = None,
) -> None:
    """Hold archsim against published chips: identities, sums and predictions, each with its error.

    Cases: converters, dadiannao, eyeriss, gpus, hermes, ibm-34tile, ibm-mesh, isaac, nature2018-training, neurram,
    pcm-cluster, pimsim-nn, puma, puma-gpu, puma-networks, rapid, sram-charge, tpu-v1, truenorth.

    Examples: [cyan]archsim validate[/] (minutes), [cyan]archsim validate isaac[/],
    [cyan]archsim validate hermes --out results[/].

    Leaves with code 1 where a row misses without an explanation in its case, or no longer misses.
    """
    from archsim.report.validation import validation_document, write_validation

    with results(out) as folder:
        outcomes = _outcomes(case)
        if folder is not None:
            write_validation(folder, outcomes, whole=case is None)
    printing.print(validation_document(outcomes))
    _leave(outcomes)


def _outcomes(case: str | None) -> list[Outcome]:
    from archsim.validation import case_names
    from archsim.validation import validate as held_against

    names = case_names() if case is None else (case,)
    return [held_against(name, asking=_tell_progress) for name in names]


def _tell_progress(question: str) -> None:
    if sys.stderr.isatty():
        tell(Text(question, style="dim"))


def _leave(outcomes: list[Outcome]) -> None:
    surprises = [(outcome.name, row) for outcome in outcomes for row in outcome.rows if not row.verdict.expected]
    for name, row in surprises:
        figure = f"{row.published.figure.value} ({row.published.label})"
        tell(Text(f"{name}, {row.question.name}, {figure}: {row.verdict.value}", style="red"))
    if surprises:
        raise typer.Exit(UNEXPECTED)
