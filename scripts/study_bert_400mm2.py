"""The ten best chips for BERT in 400 mm2: python scripts/study_bert_400mm2.py [STORE].

Five technologies, arrays of 512, 768 or 1024 rows and columns, five sizes of mesh, as many chips as BERT takes: all of
them, apart from those whose silicon is too much before anything runs. It goes on where it was stopped.
"""

from __future__ import annotations

import sys
from pathlib import Path

import archsim
from archsim.report.exploration import exploration_document
from archsim.report.markdown import markdown

REPORT = Path(__file__).parents[1] / "reports" / "studies" / "bert-400mm2.md"
CAVEAT = "No accuracy is asked for: what drift and noise of these devices do to BERT is not in these figures."
STUDY = {
    "description": "The ten best chips for BERT in 400 mm2",
    "networks": {"bert-base": {"seq": 128, "batch": 4}},
    "chip": "pcm-mesh-14nm",
    "parameters": {
        "chip": ["pcm-mesh-14nm", "ecram-mesh-14nm", "capacitor-mesh-14nm", "reram-mesh-22nm", "sram-charge-22nm"],
        "tile.array.rows": [512, 768, 1024],
        "tile.array.columns": [512, 768, 1024],
        "mesh": {
            "choices": {
                f"{rows} x {columns}": {"fabric": {"rows": rows, "columns": columns}}
                for rows, columns in ((8, 8), (12, 8), (12, 12), (16, 12), (16, 16))
            }
        },
    },
    "constraints": ["area_m2 <= 400 mm^2"],
    "objectives": {"throughput_per_s": "maximize", "gops_per_w": "maximize"},
    "best": 10,
}


def main() -> None:
    """Explore, or go on, and write the report."""
    store = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("bert-400mm2.explore")
    found = archsim.explore(STUDY, store=store, ledgers=False)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    text = markdown(exploration_document(found))
    REPORT.write_text(
        f"# {STUDY['description']}\n\n{text}\n\n{CAVEAT}\n\nRenew with `python scripts/study_bert_400mm2.py`.\n"
    )
    for number in found.best.point.head(10):
        print(found.chip_file(number))


if __name__ == "__main__":
    main()
