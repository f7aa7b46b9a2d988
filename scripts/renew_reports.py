"""Renew the example reports: python scripts/renew_reports.py [NAME ...]

Three networks, each on a chip that suits it, as ``archsim report`` explains them: with what changes would give, and
every assumed number of the chip varied. Minutes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "reports" / "examples"
REPORTS = {
    "resnet50": ("resnet50", "--replicate", "balanced", "--batch", "64"),
    "rnnt": ("rnnt", "--chip", "ibm-14nm-34tile-x5", "--batch", "4"),
    "bert-base": ("bert-base", "--batch", "16"),
}


def main() -> None:
    """Write each report, or those that are named, into the folder of examples."""
    for name in sys.argv[1:] or REPORTS:
        command = [sys.executable, "-m", "archsim", "report", *REPORTS[name], "--sensitivity", "--out", f"{name}.html"]
        subprocess.run(command, cwd=FOLDER, check=True)


if __name__ == "__main__":
    main()
