"""Analog against digital by weight reuse: python scripts/study_weight_reuse.py; writes reports/studies/weight-reuse.md.

A chip that holds its weights where they are used gains nothing from using them often; one that fetches them from DRAM
lives by it. Networks and batches by how often a run uses each weight, on a chip of each kind.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import archsim

CHIPS = ("pcm-mesh-14nm", "reram-mesh-22nm", "tpu-v1", "h100")
NETWORKS = ("mlp-l4", "lstm-ptb", "bert-base", "resnet18")
REPORT = Path(__file__).parents[1] / "reports" / "studies" / "weight-reuse.md"
PAGE = """# Analog against digital, by weight reuse

Renew with `python scripts/study_weight_reuse.py`. *Uses* of a weight in a run: multiplications per weight, the whole
batch together. Energy per operation with leakage, in the steady state where the run has one; ratios to `tpu-v1`, above
1 is better. The chips are not alike (last table).

{table}

Rank correlation of the energy ratio with the uses of a weight: {correlations}.

{scopes}
"""


def main() -> None:
    """Compare, and write the report."""
    frame = archsim.compare(NETWORKS, CHIPS, baseline="tpu-v1", batch=(1, 16))
    frame = frame[frame.failure.eq("") | frame.failure.isna()]
    told = pd.DataFrame(
        {
            "uses": frame.reuse.round().astype(int),
            "network": frame.network,
            "batch": frame.batch,
            "chip": frame.chip,
            "pJ/op": (1e12 * frame.energy_per_sample_j / frame.operations_per_sample).map("{:.3g}".format),
            "TOP/s": (frame.operations_per_sample * frame.throughput_per_s / 1e12).map("{:.3g}".format),
            "of peak": frame.of_peak.map("{:.1%}".format),
            "x energy": frame.energy_gain.map("{:.3g}".format),
            "x throughput": frame.throughput_gain.map("{:.3g}".format),
        }
    ).sort_values(["uses", "network", "chip"], kind="stable")
    scopes = frame.drop_duplicates("chip").loc[:, ["chip", "includes", "excludes"]]
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(PAGE.format(table=piped(told), correlations=correlations(frame), scopes=piped(scopes)))


def correlations(frame: pd.DataFrame) -> str:
    """Spearman's, chip by chip."""
    by_chip = frame.groupby("chip", sort=False)[["reuse", "energy_gain"]].corr(method="spearman")
    pairs = by_chip.xs("reuse", level=1).energy_gain.dropna()
    return ", ".join(f"{chip} {value:+.2f}" for chip, value in pairs.items())


def piped(frame: pd.DataFrame) -> str:
    """A table in Markdown."""
    lines = [
        list(map(str, row)) for row in (frame.columns, ["---"] * len(frame.columns), *frame.itertuples(index=False))
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
