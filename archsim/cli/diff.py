"""``archsim diff``: two runs, or two chips, beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.output import refuse_place
from archsim.cli.printing import TablePrintOptions
from archsim.cli.terminal import write
from archsim.errors import InputError

if TYPE_CHECKING:
    from archsim.report import Document

_METAVAR = "DIR|CHIP"


@grouped
def diff(
    printing: TablePrintOptions,
    *,
    before: Annotated[
        str,
        typer.Argument(metavar=_METAVAR, help="A directory of [bold]archsim run --out[/], a preset, or a chip file."),
    ],
    after: Annotated[str, typer.Argument(metavar=_METAVAR, help="Another of the same kind.")],
    page: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE.html", help="Write a page into this file.", rich_help_panel="The output"),
    ] = None,
) -> None:
    """Say which figures moved between two runs or two chips, and why: part by part, each table adding up.

    Of runs: energy by component and layer, the critical path by layer, what bounds them, silicon, and what was
    different in the command, the chip and the versions. Of chips: their own peak figures, by part and by field.

    Examples: [cyan]archsim diff before after --html diff.html[/], [cyan]archsim diff pcm-mesh-14nm my.yaml[/].
    """
    if page is not None:
        refuse_place(page, "--html", (".html",))
    document = _document(before, after)
    if page is None:
        printing.print(document)
        return
    from archsim.report.files import publish_text
    from archsim.report.html import html

    publish_text(page, html(document))
    write(f"{page}: {document.title}")


def _document(before: str, after: str) -> Document:
    from archsim.report import differences

    directories = [Path(name).is_dir() for name in (before, after)]
    _refuse_nowhere([name for name, there in zip((before, after), directories, strict=True) if not there])
    if all(directories):
        return differences.runs_document(*(differences.read_record(Path(name)) for name in (before, after)))
    if any(directories):
        raise InputError(
            "a run and a chip cannot be compared",
            where=f"{before}, {after}",
            remedy="Give two directories that archsim run --out has written, or two chips.",
        )
    return differences.chips_document(*(differences.chip_record(name) for name in (before, after)))


def _refuse_nowhere(names: list[str]) -> None:
    from archsim.chip import chip_names
    from archsim.chip.nearness import nearest

    presets = chip_names()
    for name in names:
        if name not in presets and not Path(name).exists():
            near = nearest(name, presets)
            raise InputError(
                f"there is no directory, chip file or preset {name!r}",
                where=_METAVAR,
                remedy=f"{f'Did you mean {near!r}? ' if near else ''}Give a directory that archsim run --out has "
                "written, a chip file, or a chip of archsim list chips.",
            )
