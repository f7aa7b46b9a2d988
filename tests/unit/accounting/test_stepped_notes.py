"""Figures of a device that works layer by layer: its multipliers' use and what is fetched, by hand."""

from __future__ import annotations

import pytest

from archsim.accounting.stepped import multipliers_used, multiplying_s, weight_notes
from archsim.accounting.traffic import WEIGHTS, Accesses
from archsim.engine import run_compiled
from archsim.lowering import lower
from archsim.mapping import Placement, place
from archsim.network import Matrix, Weights
from archsim.program import Role, Trace
from tests.chips import make_chip
from tests.networks import additions, line
from tests.systolic_chips import systolic
from tests.unit.accounting.hand_run import near

OVERRIDES = ("tile.rows=16", "tile.columns=8", "tile.clock=1 GHz")
TOKENS, BATCH = 5, 2


def ran() -> tuple[Trace, Placement]:
    """A product of 8 x 6, sums, and one of 6 x 4, for five tokens of two samples."""
    network = line(("a", Matrix(Weights(8, 6))), ("d", additions(6)), ("b", Matrix(Weights(6, 4))), tokens=TOKENS)
    placement = place(network, systolic(*OVERRIDES), batch=BATCH)
    return run_compiled(lower(placement, batch=BATCH)), placement


def test_multipliers_are_used_for_their_products_of_the_cycles_in_which_the_array_multiplies() -> None:
    trace, placement = ran()
    busy_s = multiplying_s(trace)
    roles = trace.program.actors.role
    assert busy_s == near(sum(busy for busy, role in zip(trace.busy.tolist(), roles, strict=True)
                              if role == Role.MULTIPLY) * 1e-12)  # fmt: skip
    # 16 x 8 multipliers of a cycle of a nanosecond; 48 and 24 products for each of ten tokens.
    assert multipliers_used(trace, placement) == near(10 * (48 + 24) / (busy_s * 128 * 1e9))


def traffic() -> Accesses:
    rows = [
        ("hbm", "read_bit", source, "b", 1, bits)
        for source, bits in ((WEIGHTS, 8000.0), ("a", 4000.0), (WEIGHTS, 400.0))
    ]
    return Accesses.of_rows(rows)


@pytest.mark.parametrize(
    ("batch", "words"), [(1, "one sample goes"), (2, "2 samples go"), (3, "3 samples go")]
)  # fmt: skip
def test_how_samples_go_and_what_is_fetched(batch: int, words: str) -> None:
    network = line(("a", Matrix(Weights(8, 6))), ("b", Matrix(Weights(6, 4))), tokens=TOKENS)
    placement = place(network, systolic(*OVERRIDES), batch=batch)
    assert list(weight_notes(traffic(), placement)) == [
        f"{words} through each layer together; weights of 1,050 bytes are fetched in the whole run, and 0 of 4 tensors "
        "go through memory"
    ]


def test_nothing_is_said_of_chips_whose_layers_work_together() -> None:
    placement = place(line(("a", Matrix(Weights(8, 6)))), make_chip())
    assert list(weight_notes(traffic(), placement)) == []
