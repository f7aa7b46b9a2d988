"""Array size against converter bits: python scripts/study_arrays_and_converters.py [STORE].

Energy and accuracy of a small convolutional network on arrays of 64 to 512 rows and columns with converters of 4 to 9
bits, a day after programming, with global drift compensation. It goes on where it was stopped.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import archsim
from archsim.report.exploration import exploration_page
from archsim.report.markdown import markdown

REPORT = Path(__file__).parents[1] / "reports" / "studies" / "arrays-and-converters.md"
SIZES, BITS = (64, 128, 256, 512), (4, 5, 6, 7, 8, 9)


def study(sizes: tuple[int, ...] = SIZES, bits: tuple[int, ...] = BITS, seeds: int = 3) -> dict[str, Any]:
    """All sizes with all converters."""
    return {
        "description": "Array size against converter bits, for energy and accuracy",
        "networks": {"digits-cnn": {"batch": 8}},
        "chip": "pcm-mesh-14nm",
        "parameters": {
            "array": {
                "choices": {f"{size} x {size}": {"tile.array": {"rows": size, "columns": size}} for size in sizes}
            },
            "tile.adc.bits": list(bits),
        },
        "accuracy": {"model": "digits-cnn", "at": "1 day", "seeds": seeds, "compensation": "global"},
        "objectives": {"energy_per_sample_j": "minimize", "accuracy": "maximize"},
    }


def main() -> None:
    """Explore, or go on, and write the report."""
    store = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("arrays-and-converters.explore")
    found = archsim.explore(study(), store=store, ledgers=False, bounds=False)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    page = markdown(exploration_page(found))
    REPORT.write_text(f"{page}\n\nRenew with `python scripts/study_arrays_and_converters.py`.\n")


if __name__ == "__main__":
    main()
