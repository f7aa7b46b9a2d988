"""More of one resource never slows a run beyond a scheduling anomaly.

A dataflow graph whose actors have resources of their own is monotonic: sooner is never later. Where actors share a
resource, those ready longest come first, and a firing that is ready sooner may take it from one that the end waits for
(Graham, 1966).
`BOUND` is what that may cost; what was found beyond one per cent is in reports/decisions/shared-machines.md.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from archsim.chip.schema import Chip
from archsim.engine import run_compiled
from archsim.errors import ArchsimError
from archsim.lowering import lower
from archsim.mapping import place
from tests.property.test_lowering import chips
from tests.random_networks import networks

BOUND = 0.05
"""Largest loss. A greedy list on m servers may lose up to 1 - 1/m; of 4,500 pairs, two lost 1.3 and 0.2 per cent."""


def scaled(chip: Chip, key: str, factor: int) -> Chip | None:
    """The chip with a field so many times as large (a time so many times shorter); None where it has no such field."""
    *path, name = key.split(".")
    told = chip.model_dump()
    parts = [told]
    for step in path:
        inside = [part[step] for part in parts if isinstance(part, dict) and part.get(step) is not None]
        parts = [each for part in inside for each in ([part] if step not in ("units", "memory") else part.values())]
    parts = [part for part in parts if isinstance(part, dict) and part.get(name) is not None]
    for part in parts:
        part[name] = part[name] / factor if name in ("time", "latency") else part[name] * factor
    return Chip.model_validate(told) if parts else None


FIELDS = (
    "tile.issue.width", "tile.issue.time", "tile.buffer.read_bandwidth", "tile.affine.clock", "units.clock",
    "units.count", "fabric.clock", "memory.bandwidth", "memory.latency", "system.host_bandwidth",
    "system.link.bandwidth",
)  # fmt: skip


@st.composite
def pairs(draw):
    """A placed network, and the same places on a chip with more of something."""
    network, chip, key = draw(networks()), draw(chips()), draw(st.sampled_from(FIELDS))
    more = scaled(chip, key, draw(st.sampled_from((2, 4))))
    if more is None:
        reject()
    try:
        return key, place(network, chip), place(network, more)
    except ArchsimError:
        reject()


def loss(pair, batch):
    """By how much the run with more is slower, as a share; below 0 where it is faster."""
    _, less, more = pair
    try:
        before, after = (run_compiled(lower(placement, batch=batch)).makespan for placement in (less, more))
    except ArchsimError:
        reject()
    return after / before - 1


@given(pairs(), st.integers(1, 3))
@settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_more_of_something_is_no_slower_beyond_an_anomaly(pair, batch):
    assert loss(pair, pair[1].interleave * batch) < BOUND


@pytest.mark.parametrize("key", FIELDS)
def test_every_field_is_scaled(key):
    from tests.chips import make_chip, make_issue, make_memory, make_system

    chip = make_chip(issue=make_issue(), read_bandwidth=1e9, memory=make_memory(), system=make_system(2))
    more = scaled(chip, key, 2)
    assert more is not None and more != chip
