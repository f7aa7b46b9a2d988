"""When does a headline efficiency hold? python scripts/study_headline.py [--write]

The peak GOP/s/W of a chip counts full arrays that always have work. This study runs networks of several kinds on two
chips and shows what is left of the peak, rung by rung of the efficiency ladder.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

import archsim
from archsim.accounting import efficiency_ladder, scope_of
from archsim.report.scope import scope_sentence

CHIPS = ("nature2018-training", "pcm-mesh-14nm")
RUNS = (("mlp-l4", 1), ("mlp-l4", 64), ("lstm-ptb", 64), ("bert-base", 64), ("resnet50", 1), ("resnet50", 64))
REPORT = Path(__file__).parents[1] / "reports" / "headline.md"

PAGE = """# When does a headline efficiency hold?

Renew with `python scripts/study_headline.py --write`. GOP/s/W of the steady state after each rung of the
efficiency ladder, every rung counting the energy of those before it; balanced replication within the arrays of
as many chips as one copy takes. The chip `nature2018-training` is an identity: its peak was made from the
published 28,065 GOP/s/W.

{table}

The published figure comes without static power, so that waiting costs that chip nothing, and only partly filled
tiles and data movement take from it. With the static power of converters, routers and buffers of `pcm-
mesh-14nm` the peak holds only where tiles are full and always have work: a transformer at a large batch keeps
seven tenths of it, a perceptron at batch 1 an eighth.

## Not like for like

The two chips do not include the same, so that no row of one says anything against a row of the other:

{scopes}
The published figure is for training, with forward, backward and update counted as two operations each and all three
taken to cost alike; what runs here is the forward pass. More chips, and each one's parts without leakage or area:
[what the figures of each chip include](baselines/includes.md).
"""


def row(chip: archsim.Chip, network: str, batch: int) -> dict[str, str | int | float]:
    """One run: what is left of the peak after each rung, in GOP/s/W."""
    settings = archsim.Settings(batch=batch, replicate="balanced")
    result = archsim.simulate(network, chip, settings)
    ladder = efficiency_ladder(result.trace, result.placement, result.bill)
    headline = result.ledger.headline
    rungs = {rung.step.value: round(rung.operations_per_w / 1e9) for rung in ladder.rungs}
    return {
        "chip": chip.name,
        "network": network,
        "batch": batch,
        "arrays busy": f"{headline.array_utilisation:.0%}",
        "cells used": f"{headline.cell_utilisation:.0%}",
        **rungs,
        "of the peak": f"{headline.gops_per_w / headline.peak_gops_per_w:.0%}",
        "waits for": result.ledger.bottleneck.resource,
    }


def main() -> None:
    """Print the table; with --write, renew the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"renew {REPORT.name}")
    chips = [archsim.load_chip(name) for name in CHIPS]
    table = pd.DataFrame([row(chip, network, batch) for chip in chips for network, batch in RUNS])
    print(table.to_string(index=False))
    if parser.parse_args().write:
        REPORT.write_text(page(table))


def page(table: pd.DataFrame) -> str:
    """The report in Markdown."""
    lines = ["| " + " | ".join(map(str, cells)) + " |" for cells in [table.columns, *table.itertuples(index=False)]]
    lines.insert(1, "|---" * len(table.columns) + "|")
    return PAGE.format(table="\n".join(lines), scopes=scopes())


def scopes() -> str:
    """What power, energy and area of each chip include, as a list in Markdown."""
    priced = [(name, archsim.load_chip(name)) for name in CHIPS]
    told = [(name, scope_of(chip, archsim.price(chip))) for name, chip in priced]
    return "".join(f"* `{name}`: {scope_sentence(scope)}.\n" for name, scope in told)


if __name__ == "__main__":
    main()
