"""The two plots of the analog promise: python scripts/study_keynote.py; writes reports/studies/keynote.md.

Efficiency rises as devices conduct less; throughput per area rises as integration gets short, and becomes interesting
below 100 ns. Both of the tile alone (its peak) and of a network on the whole chip, where leakage, digital units and
what cannot be kept busy have their say.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

import archsim

REPORT = Path(__file__).parents[1] / "reports" / "studies" / "keynote.md"
CHIP, NETWORK = "pcm-mesh-14nm", "resnet18"
CONDUCTANCES = ("100 uS", "50 uS", "25 uS", "10.35 uS", "5 uS", "2 uS", "1 uS", "0.1 uS")
TIMES = ("1 us", "512 ns", "256 ns", "128 ns", "64 ns", "32 ns", "16 ns", "8 ns")
PAGE = """# Conductance and integration time

Renew with `python scripts/study_keynote.py`. {network} on `{chip}`, one field changed at a time.

## Efficiency rises as conductance falls

{conductances}

The tile's peak rises until its converters and drivers are all that is left; the network's efficiency on the whole chip
hardly moves where leakage is most of it (fourth column).

## Density against integration time

{times}

Only the phase is shortened: the converter counts as many steps in it, and costs what its model says. What bounds the
tile once its phase is short is its affine stage, which scales 512 columns on its lanes: the peak stands still there,
while the network, whose digital work and transfers stay, still gains.
"""


def swept(path: str, values: Sequence[str], network: str = NETWORK) -> pd.DataFrame:
    """Peak and network figures for each value of a field."""
    rows = []
    for value in values:
        run = archsim.simulate(network, CHIP, overrides={path: value, "system.chips": "as needed"})
        told = run.ledger.headline
        rows.append(
            {
                path.rpartition(".")[2]: value,
                "peak GOP/s/W": f"{told.peak_gops_per_w:,.0f}",
                "network GOP/s/W": f"{told.gops_per_w:,.1f}",
                "of it leakage": f"{told.leakage_share:.1%}",
                "peak TOP/s/mm2": f"{told.peak_tops_per_mm2:.3g}",
                "network TOP/s/mm2": f"{told.tops_per_mm2:.3g}",
            }
        )
    return pd.DataFrame(rows)


def piped(frame: pd.DataFrame) -> str:
    """A table in Markdown."""
    lines = [frame.columns, ["---"] * len(frame.columns), *frame.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def main() -> None:
    """Simulate, and write the report."""
    tables = {
        "conductances": piped(swept("tile.array.cell.max_conductance", CONDUCTANCES)),
        "times": piped(swept("tile.input.phase_time", TIMES)),
    }
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(PAGE.format(network=NETWORK, chip=CHIP, **tables))


if __name__ == "__main__":
    main()
