"""What was different before anything ran: what was asked, on which chip, with which versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from archsim.report.document import Part, Remark, Table, names, table

NOTHING = "not given"


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> pd.DataFrame:
    """``field, before, after`` of what is not the same in both, in the order in which they have them."""
    fields = [field for field in dict.fromkeys((*before, *after)) if before.get(field) != after.get(field)]
    rows = [(field, before.get(field, NOTHING), after.get(field, NOTHING)) for field in fields]
    return pd.DataFrame(rows, columns=["field", "before", "after"])


def input_parts(what: str, frame: pd.DataFrame) -> Iterator[Part]:
    """A table of differences, or that there are none."""
    if frame.empty:
        yield Remark(f"{what}: the same in both.")
    else:
        yield input_table(what, frame)


def input_table(what: str, frame: pd.DataFrame) -> Table:
    """One row per field that differs."""
    return table(what, names("field", frame.field), names("before", frame.before), names("after", frame.after))
