"""Renew the example reports: python scripts/renew_reports.py

Three networks, each on a chip that suits it, as ``archsim report`` explains them.
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
    """Write each report into the folder of examples."""
    for name, arguments in REPORTS.items():
        command = [sys.executable, "-m", "archsim", "report", *arguments, "--out", f"{name}.html"]
        subprocess.run(command, cwd=FOLDER, check=True)


if __name__ == "__main__":
    main()
