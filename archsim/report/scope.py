"""What a chip's figures include, for readers."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from archsim.accounting import Aspect, Scope
from archsim.report.document import Table, names, table


def scope_sentence(scope: Scope) -> str:
    """What power, energy and area include, and what not, in one line."""
    left = scope.excluded
    return f"figures include {scope.included}" + (f"; not {left}" if left else "")


def scope_table(frame: pd.DataFrame) -> Table:
    """One row per chip, one column per aspect.

    Parameters
    ----------
    frame : DataFrame
        As ``scope_frame`` makes it.
    """
    return table("What the figures include", *(names(str(name), frame[name]) for name in frame.columns))


def scope_frame(chips: Sequence[tuple[str, Scope]]) -> pd.DataFrame:
    """One row per chip: its name, and how far each aspect is included.

    Returns
    -------
    DataFrame
        ``chip``, and a column for each `Aspect`.
    """
    rows = [(name, *(scope.extent(aspect).value for aspect in Aspect)) for name, scope in chips]
    return pd.DataFrame(rows, columns=["chip", *(aspect.value for aspect in Aspect)])
