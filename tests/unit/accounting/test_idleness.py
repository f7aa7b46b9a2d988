"""The note that most energy is no work: its bounds are what runs reach, or do not exceed."""

from __future__ import annotations

import re

import pytest

from archsim.simulation import Result, Settings, simulate


def _bounds(result: Result) -> list[tuple[float, float]]:
    """Samples a second and GOP/s/W, as the note says them."""
    (note,) = [note for note in result.ledger.notes if "is no work" in note]
    found = re.findall(r"at most ([\d,.e+]+) samples/s, ([\d,.e+]+) GOP/s/W", note)
    return [(float(rate.replace(",", "")), float(reached.replace(",", ""))) for rate, reached in found]


def test_a_larger_batch_reaches_what_the_note_says() -> None:
    (rate, reached), _ = _bounds(simulate("resnet18", "pcm-mesh-14nm"))
    headline = simulate("resnet18", "pcm-mesh-14nm", Settings(batch=6)).ledger.headline
    assert headline.throughput_per_s == pytest.approx(rate, rel=0.01)
    assert headline.gops_per_w == pytest.approx(reached, rel=0.01)


def test_copies_stay_below_what_the_note_says() -> None:
    _, (rate, reached) = _bounds(simulate("resnet18", "pcm-mesh-14nm"))
    headline = simulate("resnet18", "pcm-mesh-14nm", Settings(batch=16, replicate="balanced")).ledger.headline
    assert rate / 4 < headline.throughput_per_s <= rate
    assert reached / 4 < headline.gops_per_w <= reached


def test_where_work_takes_most_energy_nothing_is_said() -> None:
    busy = simulate("resnet18", "pcm-mesh-14nm", Settings(batch=16, replicate="balanced"))
    assert not [note for note in busy.ledger.notes if "is no work" in note]
