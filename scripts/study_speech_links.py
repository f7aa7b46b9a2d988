"""Chips and links for a speech network: python scripts/study_speech_links.py [STORE].

RNN-T on IBM's tiles (Nature 2023, where five chips of 37 stand in a row): chips of half as many, as published, and of
twice as many, as many chips as it takes, links of 1 to 64 Gbit/s and 20 ns to 2 us, in a row and each to each. All
points are simulated; a link costs nothing there, as nobody has published what it takes, so that only time is asked for.
"""

from __future__ import annotations

import sys
from pathlib import Path

import archsim
from archsim.report.exploration import exploration_page
from archsim.report.markdown import markdown

REPORT = Path(__file__).parents[1] / "reports" / "studies" / "speech-links.md"
STUDY = {
    "description": "Chips and links for a speech network",
    "networks": {"rnnt": {"batch": 4}},
    "chip": "ibm-14nm-34tile-x5",
    "set": ["system.chips=as needed"],
    "parameters": {
        "tiles": {
            "choices": {
                "19": {"fabric": {"rows": 4, "columns": 5, "tiles": 19}, "units": {"digital": {"every": 20}}},
                "37": None,
                "74": {"fabric": {"rows": 9, "columns": 9, "tiles": 74}},
            }
        },
        "system.link.bandwidth": ["1 Gbit/s", "4 Gbit/s", "16 Gbit/s", "64 Gbit/s"],
        "system.link.latency": ["20 ns", "200 ns", "2 us"],
        "system.topology": ["line", "all-to-all"],
    },
    "objectives": {"latency_s": "minimize", "throughput_per_s": "maximize"},
}


def main() -> None:
    """Explore, or go on, and write the report."""
    store = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("speech-links.explore")
    found = archsim.explore(STUDY, store=store, ledgers=False, bounds=False)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(f"{markdown(exploration_page(found))}\n\nRenew with `python scripts/study_speech_links.py`.\n")


if __name__ == "__main__":
    main()
