"""The firing log as a table with names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archsim.program import Program, Role, Trace, actor_name, resource_name

if TYPE_CHECKING:
    import pandas as pd


def firing_table(trace: Trace) -> pd.DataFrame:
    """One row per logged firing, in order of start.

    Parameters
    ----------
    trace : Trace
        With a log.

    Returns
    -------
    DataFrame
        ``start_ps, end_ps, layer, role, actor, firing, resource``: names are categories; ``end_ps`` is when the
        resource is free again, ``firing`` counts from 0.
    """
    import pandas as pd  # late: a third of a start

    log = trace.log
    assert log is not None
    program = trace.program
    seen, code = np.unique(log.actor, return_inverse=True)
    actors = seen.tolist()
    return pd.DataFrame(
        {
            "start_ps": log.start,
            "end_ps": log.start + _held(program, log.actor, log.firing),
            "layer": _names(code, [program.labels.layers[program.actors.layer[actor]] for actor in actors]),
            "role": _names(code, [Role(int(program.actors.role[actor])).name.lower() for actor in actors]),
            "actor": _names(code, [actor_name(program, actor) for actor in actors]),
            "firing": log.firing,
            "resource": _names(code, [resource_name(program, int(program.actors.resource[actor])) for actor in actors]),
        }
    )


def _names(code: NDArray[np.int64], names: list[str]) -> pd.Categorical:
    """A column of names from one name per code; several codes may share a name."""
    import pandas as pd  # late: a third of a start

    categories, place = np.unique(np.array(names, dtype=object), return_inverse=True)
    return pd.Categorical.from_codes(place[code], categories=categories.tolist())


def _held(program: Program, actor: NDArray[np.int64], firing: NDArray[np.int64]) -> NDArray[np.int64]:
    """Picoseconds that each firing holds its resource, shape ``(firings,)``."""
    held = program.actors.interval[actor]
    table = program.actors.interval_table[actor]
    varied = np.flatnonzero(table >= 0)
    rows, durations = table[varied], program.durations
    held[varied] = durations.values[durations.start[rows] + firing[varied] % durations.length[rows]]
    return held
