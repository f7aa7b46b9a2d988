"""Analog neurons without converters against converters at every edge: python scripts/study_analog_neurons.py.

Writes reports/studies/analog-neurons.md. The same chip with four ways to leave a column: its own converters, those of a
published survey at the same bits, squashing circuits as a published chip has them, and circuits that cost nothing,
which is the most that anybody can gain. Columns can only hand on what is whole: a layer that is cut by rows has sums to
add first, which takes codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

import archsim

REPORT = Path(__file__).parents[1] / "reports" / "studies" / "analog-neurons.md"
CHIP = "pcm-mesh-14nm"
NETWORKS = ("mlp-hermes", "digits-cnn", "lstm-ptb", "resnet18", "bert-base")
_GIVEN = {"tile.adc.cost.model": "null", "tile.adc.cost.scale": "null", "tile.adc.cost.leakage": "0 W"}
WAYS: Mapping[str, Mapping[str, str]] = {
    "oscillator converters": {},
    "survey converters": {"tile.adc.cost.model": "survey", "tile.adc.cost.scale": "null"},
    # Half of 71.26 fJ per MAC over 512 rows; 0.4 x 1.82 mm2 over 512 columns (Ambrogio et al., Nature 2018, derived).
    "squashing circuits": {
        **_GIVEN,
        "tile.adc.cost.energy.conversion": "18.243 pJ",
        "tile.adc.cost.area": "1422 um^2",
    },
    "nothing at all": {
        **_GIVEN,
        "tile.adc.cost.energy.conversion": "0 J",
        "tile.adc.cost.area": "0 mm^2",
        "tile.adc.conversion_time": "1 ps",
    },
}
PAGE = """# Analog neurons without converters, against converters at every edge

Renew with `python scripts/study_analog_neurons.py`. `{chip}`, 8 samples; only what stands at the columns' ends differs.
*Dynamic* is the energy of what happens, leakage left out. *Whole columns*: share of a network's products that are with
layers not cut by rows, whose results a column could hand on as they are; the others have to be added as codes, so that
for them the last two rows are out of reach. What squashing circuits do to accuracy is not in these figures, nor what it
takes to hold an analog value until a digital layer (pooling, softmax, normalisation) wants it.

{table}
"""


def compared(networks: Sequence[str] = NETWORKS, ways: Mapping[str, Mapping[str, str]] = WAYS) -> pd.DataFrame:
    """Figures of each network for each way to leave a column."""
    rows = []
    for network in networks:
        for way, changes in ways.items():
            settings = archsim.Settings(batch=8)
            changed = {"system.chips": "as needed", **changes}
            run = archsim.simulate(network, CHIP, settings, overrides=changed)
            told, energy = run.ledger.headline, run.ledger.energy
            spent = energy[energy.layer != "(leakage)"]
            dynamic = spent.energy_j.sum() / told.batch
            converting = spent[spent.component == "adc"].energy_j.sum() / told.batch
            rows.append(
                {
                    "network": network,
                    "columns end in": way,
                    "dynamic uJ/sample": f"{1e6 * dynamic:.4g}",
                    "of it at the ends": f"{converting / dynamic:.1%}",
                    "uJ/sample": f"{1e6 * told.energy_per_sample_j:.4g}",
                    "area mm2": f"{1e6 * told.area_m2:.4g}",
                    "samples/s": f"{told.throughput_per_s:.4g}",
                    "found by": told.throughput_basis,
                    "whole columns": f"{whole_share(run):.0%}",
                }
            )
    return pd.DataFrame(rows)


def whole_share(run: archsim.Result) -> float:
    """Share of a network's products that are with layers of one row block."""
    placement, network = run.placement, run.network
    whole = total = 0
    for layer in placement.network.order:
        rows = placement.blocks_of(placement.index[layer.name])
        products = layer.tokens * (rows.stop - rows.start)
        total += products
        whole += products if not placement.blocks.row[rows].any() else 0
    assert total, network.name
    return whole / total


def piped(frame: pd.DataFrame) -> str:
    """A table in Markdown."""
    lines = [frame.columns, ["---"] * len(frame.columns), *frame.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def main() -> None:
    """Simulate, and write the report."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(PAGE.format(chip=CHIP, table=piped(compared())))


if __name__ == "__main__":
    main()
