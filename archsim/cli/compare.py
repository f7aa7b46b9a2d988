"""``archsim compare``: networks on several chips, side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.options import SizeOptions, TableFormat, Tables
from archsim.cli.output import results
from archsim.cli.parsing import read_batches, read_names, read_node, read_replicate
from archsim.cli.printing import TablePrintOptions

if TYPE_CHECKING:
    from archsim.comparison import Comparison, Question

_CHIP, _RUN, _OUTPUT = "The chips", "The runs", "The output"
FILES = ("comparison.csv", "comparison.parquet", "comparison.json", "comparison.md", "comparison.svg")
"""That a comparison may leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedChips:
    """Which chips, and what they are held against."""

    chips: Annotated[
        str,
        typer.Option(
            metavar="A,B,...",
            help="Names that [bold]archsim list chips[/] shows, or chip files in YAML.",
            rich_help_panel=_CHIP,
        ),
    ]
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="CHIP", help="The chip that ratios are to; the first where none is given.", rich_help_panel=_CHIP
        ),
    ] = None
    node: Annotated[
        str | None,
        typer.Option(
            metavar="LENGTH",
            help="Node of the estimates, as [bold]'14 nm'[/]; the baseline's where none is given.",
            rich_help_panel=_CHIP,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class ComparedRuns:
    """How all run."""

    batch: Annotated[
        str, typer.Option(metavar="N,M,...", help="Samples to run, one run for each.", rich_help_panel=_RUN)
    ] = "1"
    training: Annotated[
        bool,
        typer.Option(
            "--training",
            help="Train the networks on all chips: forward, backward and update, in mini-batches of --batch samples.",
            rich_help_panel=_RUN,
        ),
    ] = False
    replicate: Annotated[
        str,
        typer.Option(
            metavar="none|balanced|LAYER=N,...",
            help="Copies of layers, as in [bold]archsim run[/].",
            rich_help_panel=_RUN,
        ),
    ] = "none"


@grouped
def compare(
    beside: ComparedChips,
    sizes: SizeOptions,
    runs: ComparedRuns,
    printing: TablePrintOptions,
    *,
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL...", help="Names that [bold]archsim list networks[/] shows, or ONNX files."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write comparison.csv, .json, .md and .svg into this directory.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    table_format: TableFormat = Tables.CSV,
) -> None:
    """Run networks on several chips and show them side by side: speed, energy, area, and how many times better.

    For each network: latency, throughput, energy per inference, GOP/s/W, TOP/s/mm², silicon, power, ratios to the
    baseline and what bounds each chip; lengths and sizes go to the networks that have them. Beside them: node,
    precision, what the figures include (leakage, clock, DRAM, host ...), what is not alike, where one chip overtakes
    another as batches grow, and estimates at one node.

    Examples: [cyan]archsim compare resnet18 lstm-ptb bert-base --chips pcm-mesh-14nm,isaac,puma[/],
    [cyan]archsim compare mlp-l4 --chips isaac,puma --baseline puma --batch 1,8,64 --out results[/],
    [cyan]archsim compare mlp-mnist --chips nature2018-training,v100 --training --batch 1,64[/].
    """
    from archsim.comparison import comparison
    from archsim.report.comparison import comparison_document

    asked = _question(models, beside, runs, sizes)
    with results(out, replaces=FILES) as folder:
        with _steps() as step:
            found = comparison(asked, step)
        if folder is not None:
            _write(folder, found, table_format)
    printing.print(comparison_document(found))


def _question(models: list[str], beside: ComparedChips, runs: ComparedRuns, sizes: SizeOptions) -> Question:
    from archsim.comparison import question

    return question(
        models,
        read_names(beside.chips, "--chips"),
        baseline=beside.baseline,
        batch=read_batches(runs.batch),
        replicate=read_replicate(runs.replicate),
        options=sizes.workload,
        node=None if beside.node is None else read_node(beside.node),
        training=runs.training,
    )


def _write(folder: Path, found: Comparison, table_format: Tables) -> None:
    from archsim.figures import comparison as draw
    from archsim.figures import save
    from archsim.report import TableFormat as Format
    from archsim.report import json_text, write_table, write_text
    from archsim.report.comparison import comparison_data, comparison_document
    from archsim.report.markdown import markdown

    write_table(folder / "comparison", found.frame, Format(table_format.value))
    write_text(folder / "comparison.md", markdown(comparison_document(found)) + "\n")
    save(draw(found.frame, found.question.baseline), folder / "comparison.svg")
    write_text(folder / "comparison.json", json_text(comparison_data(found)) + "\n")


@contextmanager
def _steps() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr, where that is a terminal: told what runs, how many are done, and of how many."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("")
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)
