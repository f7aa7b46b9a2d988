"""Renew the pages of reports/baselines: python scripts/renew_baselines.py [PAGE ...]

What the figures of each chip include (`includes`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from archsim.chip import chip_names
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


PAGES: dict[str, Callable[[], str]] = {"includes": includes}


def main() -> None:
    """Write the pages that are named, or all."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PAGES:
        (FOLDER / f"{name}.md").write_text(PAGES[name]())


if __name__ == "__main__":
    main()
