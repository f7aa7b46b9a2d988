"""``archsim ladder``: from a tile's peak to the system's efficiency, loss by loss."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.options import (
    BatchOptions,
    ChipOptions,
    EngineName,
    LearningOptions,
    NetworkOptions,
    ReplicationOptions,
)
from archsim.cli.output import results
from archsim.cli.printing import PrintOptions


@grouped
def ladder(
    network: NetworkOptions,
    chip: ChipOptions,
    replication: ReplicationOptions,
    batch: BatchOptions,
    learning: LearningOptions,
    printing: PrintOptions,
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write ladder.csv, ladder.json and ladder.svg into this directory."),
    ] = None,
) -> None:
    """Show where a chip's peak efficiency goes, loss by loss, down to the system's.

    Losses: partly filled tiles, pipeline stalls, data movement, digital units, leakage, the system around the chips.

    Examples: [cyan]archsim ladder rnnt --chip ibm-14nm-34tile-x5 --out results[/],
    [cyan]archsim ladder mlp-nature --chip nature2018-training --training[/].
    """
    from archsim.accounting import efficiency_ladder
    from archsim.report import json_text
    from archsim.report.files import TableFormat, write_table, write_text
    from archsim.report.ladder import ladder_data, ladder_document, ladder_figure, ladder_rows
    from archsim.simulation import simulate

    with results(out) as folder:
        described = chip.load()
        settings = batch.settings(replication, EngineName.COMPILED, learning.samples(described))
        result = simulate(learning.derived(network.load()), described, settings)
        found = efficiency_ladder(result.trace, result.placement, result.bill)
        if folder is not None:
            write_table(folder / "ladder", ladder_rows(found), TableFormat.CSV)
            write_text(folder / "ladder.json", json_text(ladder_data(found)) + "\n")
            write_text(folder / "ladder.svg", ladder_figure(found))
    printing.print(ladder_document(found, result.ledger.tables.phases))
