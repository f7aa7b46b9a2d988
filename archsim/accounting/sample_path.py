"""The critical path of one sample: the chain of work and waiting that is as long as its latency, by layer and kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from archsim import engine
from archsim.engine import Cause
from archsim.program import FiringLog, Program, Role, Trace

if TYPE_CHECKING:
    import pandas as pd


class Passing(StrEnum):
    """What time passes with."""

    PRODUCT = "product"
    CONVERSION = "conversion"
    DIGITAL = "digital"
    TRANSPORT = "transport"
    MEMORY = "memory"
    HOST = "host"
    WAITING = "waiting"


_OF_ROLE = {
    Role.SOURCE: Passing.HOST,
    Role.INTEGRATE: Passing.PRODUCT,
    Role.MULTIPLY: Passing.PRODUCT,
    Role.CONVERT: Passing.CONVERSION,
    Role.AFFINE: Passing.DIGITAL,
    Role.ACCUMULATE: Passing.DIGITAL,
    Role.COMPUTE: Passing.DIGITAL,
    Role.LINK: Passing.TRANSPORT,
    Role.WRITE: Passing.MEMORY,
    Role.READ: Passing.MEMORY,
    Role.SINK: Passing.HOST,
    Role.PROGRAM: Passing.MEMORY,
    Role.TURN: Passing.DIGITAL,
    Role.FETCH: Passing.MEMORY,
    Role.ISSUE: Passing.DIGITAL,
    Role.UPDATE: Passing.PRODUCT,
    Role.TRANSFER: Passing.MEMORY,
    Role.REFRESH: Passing.MEMORY,
}
_WAITS = {Cause.ROOM: "for room", Cause.SHARED: "for a busy resource"}


@dataclass(frozen=True, slots=True, eq=False)
class SamplePath:
    """The stretches of a sample's critical path, in order of time.

    Parameters
    ----------
    sample : int
        Number of the sample in the run, from 0.
    start_ps, stop_ps : int
        From its first token in to its last token out.
    stretches : DataFrame
        ``start_ps, end_ps, layer, role, passing, waits``: they touch, and cover the latency. ``waits`` says for what,
        where time passes with waiting.
    """

    sample: int
    start_ps: int
    stop_ps: int
    stretches: pd.DataFrame

    @property
    def by_layer(self) -> pd.DataFrame:
        """Picoseconds by what they pass with for each layer, layers in the order in which the path meets them.

        Returns
        -------
        DataFrame
            ``layer``, a column for each `Passing`, and ``total_ps``.
        """
        frame = self.stretches.assign(length=self.stretches.end_ps - self.stretches.start_ps)
        table = frame.pivot_table(index="layer", columns="passing", values="length", aggfunc="sum", fill_value=0)
        table = table.reindex(index=frame.layer.unique(), columns=[one.value for one in Passing], fill_value=0)
        table["total_ps"] = table.sum(axis=1)
        return table.astype(np.int64).rename_axis(columns=None).reset_index()


def sample_path(trace: Trace, sample: int, parts: Sequence[FiringLog]) -> SamplePath:
    """Follow a sample from its last token back to its first.

    Parameters
    ----------
    trace : Trace
        Of a complete run.
    sample : int
    parts : sequence of FiringLog
        The firings of `archsim.engine.sample_window`, each actor's in order.

    Raises
    ------
    Inconsistent
        If they do not hold what the sample waited for.
    """
    trail = engine.sample_trail(trace, sample, parts)
    begin, end = int(trace.sample_in[sample]), int(trace.sample_out[sample])
    return SamplePath(sample, begin, end, _stretches(trace.program, trail))


def _stretches(program: Program, trail: engine.Trail) -> pd.DataFrame:
    import pandas as pd  # late: a third of a start

    roles = program.actors.role[trail.actor]
    waiting = np.isin(trail.cause, list(_WAITS))
    kinds = np.array([_OF_ROLE[role].value for role in Role], dtype=object)
    words = np.array([_WAITS.get(cause, "") for cause in Cause], dtype=object)
    return pd.DataFrame(
        {
            "start_ps": trail.start,
            "end_ps": trail.end,
            "layer": np.array(program.labels.layers, dtype=object)[program.actors.layer[trail.actor]],
            "role": np.array([role.name.lower() for role in Role], dtype=object)[roles],
            "passing": np.where(waiting, Passing.WAITING.value, kinds[roles]),
            "waits": words[trail.cause],
        }
    )
