"""Renew the pages of reports/baselines: python scripts/renew_baselines.py [PAGE ...]

What the figures of each chip include (`includes`), and a CNN, an LSTM and a transformer on digital and analog chips
side by side (`README`, with its table and figure).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from archsim import figures
from archsim.chip import chip_names
from archsim.comparison import comparison, question
from archsim.report.comparison import comparison_document
from archsim.report.files import TableFormat, write_table
from archsim.report.markdown import markdown
from archsim.report.scope import scope_document

FOLDER = Path(__file__).parents[1] / "reports" / "baselines"
INCLUDES = """# What the figures of each chip include

Renew with `python scripts/renew_baselines.py includes`. Power, energy and area of a chip are sums over its parts. A
part whose leakage or area its chip file gives as 0 has no figure of its own: what the file says of it stands in
brackets, and "counted in ..." means that another part's figure contains it. *DRAM* is a memory beside the chip: its
accesses, and its power without them. The *host* is a bandwidth on every chip; nobody prices it. `archsim check FILE`
says the same of a chip file of your own, `archsim run` and `archsim compare` print it beside their figures.

"""


def includes() -> str:
    """The page on what figures include."""
    return INCLUDES + markdown(scope_document(chip_names())).partition("\n")[2].lstrip() + "\n"


NETWORKS = ("resnet18", "lstm-ptb", "bert-base")
CHIPS = ("v100", "h100", "tpu-v1", "pcm-mesh-14nm", "puma")
BATCHES = (1, 8, 64)
SIDE_BY_SIDE = """# Digital and analog chips side by side

Renew with `python scripts/renew_baselines.py README` (minutes), or ask for it:

    archsim compare {networks} --chips {chips} --batch {batches} --out results

A CNN, an LSTM and a transformer, one copy of each layer on the analog chips, the whole batch together on the digital
ones. What the figures of each chip include is below and in [includes.md](includes.md): compare like with like. All
numbers: [comparison.csv](comparison.csv).

![Energy and throughput against the baseline](comparison.svg)

Where weights are used seldom, a chip that fetches them from memory pays for the way, and one that holds them does
not: the LSTM at batch 1 is where the analog chips lie furthest ahead. As batches grow, each fetched weight is used by
more samples, and the ratio falls; an analog chip gains from a batch what fills its pipeline, and then works at the pace
of its slowest layer. A CNN uses each weight at every position and needs no batch for that: there the ratio is
smallest, and in throughput the GPUs lead where nothing is copied.

"""


def side_by_side() -> str:
    """The page with the comparison; its table and figure are written beside it."""
    found = comparison(question(NETWORKS, CHIPS, batch=BATCHES))
    write_table(FOLDER / "comparison", found.frame, TableFormat.CSV)
    figures.save(figures.comparison(found.frame, found.question.baseline), FOLDER / "comparison.svg")
    lists = {"networks": " ".join(NETWORKS), "chips": ",".join(CHIPS), "batches": ",".join(map(str, BATCHES))}
    return SIDE_BY_SIDE.format(**lists) + markdown(comparison_document(found)).partition("\n")[2].lstrip() + "\n"


PAGES: dict[str, Callable[[], str]] = {"includes": includes, "README": side_by_side}


def main() -> None:
    """Write the pages that are named, or all."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PAGES:
        (FOLDER / f"{name}.md").write_text(PAGES[name]())


if __name__ == "__main__":
    main()
