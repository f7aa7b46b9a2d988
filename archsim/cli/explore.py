"""``archsim explore``: many chips for some networks, and which of them are best."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.options import TableFormat, Tables
from archsim.cli.output import results
from archsim.cli.printing import TablePrintOptions

if TYPE_CHECKING:
    from archsim.errors import InputError
    from archsim.exploration import Exploration

_STORE, _WORK, _OUTPUT = "Where it is kept", "Who works", "The output"


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Where points are kept."""

    store: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep every point here, and go on from what is there; [bold]STUDY.explore[/] where not given.",
            rich_help_panel=_STORE,
        ),
    ] = None
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Keep points in a database instead of a file, as [bold]postgresql://user@host/name[/].",
            rich_help_panel=_STORE,
        ),
    ] = None
    ledgers: Annotated[
        bool, typer.Option(help="Keep the whole ledger of every point, as Parquet.", rich_help_panel=_STORE)
    ] = True


@dataclass(frozen=True, slots=True)
class WorkOptions:
    """Who works, and how much."""

    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Processes; one for each core where not given.", rich_help_panel=_WORK),
    ] = None
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Let a Dask cluster work: [bold]tcp://host:8786[/].", rich_help_panel=_WORK),
    ] = None
    points: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="So many points instead of what the study says.", rich_help_panel=_WORK),
    ] = None
    bounds: Annotated[
        bool | None,
        typer.Option(
            "--bounds/--no-bounds",
            help="Pass over points whose closed-form bounds show that they are not wanted; where not given, for grid, "
            "random and quasi-random.",
            rich_help_panel=_WORK,
        ),
    ] = None


@grouped
def explore(
    study: Annotated[
        Path,
        typer.Argument(
            metavar="STUDY.yaml",
            help="What may change, what is wanted, how it is sought (reports/guide/exploring.md): a file, or "
            "[bold]converters[/], an example.",
        ),
    ],
    kept: StoreOptions,
    work: WorkOptions,
    printing: TablePrintOptions,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write all tables, a page (report.html) and the best points as chip files into this directory.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    table_format: TableFormat = Tables.CSV,
) -> None:
    """Search a space of chips and mappings, on all cores or a cluster, and go on after any interruption.

    Every point that is finished stays in the store; the same command goes on from there, and shows what was found when
    nothing is left to do. Each point runs again with [cyan]archsim run[/], by the command that the results give.

    Examples: [cyan]archsim explore study.yaml --out results[/], [cyan]archsim explore study.yaml --scheduler
    tcp://head:8786 --storage postgresql://me@head/studies[/].
    """
    from archsim.report.exploration import EXPLORATION_FILES, exploration_document, write_exploration
    from archsim.report.files import TableFormat as Format

    chips = () if out is None else tuple(file.name for file in out.glob("chip-*.yaml"))
    with results(out, replaces=(*EXPLORATION_FILES, *chips)) as folder:
        found = _explored(study, kept, work)
        if folder is not None:
            write_exploration(folder, found, Format(table_format.value))
    printing.print(exploration_document(found))
    if found.fruitless:
        raise _nothing(study, len(found.points))


def _explored(study: Path, kept: StoreOptions, work: WorkOptions) -> Exploration:
    from rich.console import Console

    from archsim.cli.exploring import StudyProgress
    from archsim.errors import InputError

    try:
        from archsim.exploration import explore
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("archsim"):
            raise
        raise InputError(
            f"{error.name} is not installed", where="archsim explore", remedy="pip install 'archsim[explore]'."
        ) from None
    with StudyProgress(Console(stderr=True)) as progress:
        return explore(
            study,
            store=kept.store,
            storage=kept.storage,
            ledgers=kept.ledgers,
            workers=work.workers,
            scheduler=work.scheduler,
            points=work.points,
            bounds=work.bounds,
            watch=progress,
        )


def _nothing(study: Path, points: int) -> InputError:
    from archsim.errors import InputError

    return InputError(
        f"none of {points:,} points could be run",
        where=str(study),
        remedy="The reasons are in the results: correct the study, and give it another --store.",
    )
