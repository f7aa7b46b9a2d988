"""Which edges leave a buffer that is too full, where rooms and traffic are told: by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from archsim.errors import CapacityError
from archsim.lowering.dependencies import Dependencies
from archsim.lowering.keeping import Choices, Keep, choose_keeping
from archsim.mapping import Placement, place
from archsim.network import Edge, Layer, Matrix, Network, Same, Sink, Source, Weights
from tests.chips import make_chip, make_memory

FULL, SLOWER, WINDOW, LEAST, NOTHING = Keep
ROOM = 1000
"""Bits of every buffer."""


def pairs(*rows: tuple[int, int, int]) -> Dependencies:
    """Edge, node and bits of pairs of actors, each with a stream of its own."""
    edge, node, bits = (np.array(column, np.int64) for column in (zip(*rows, strict=True) if rows else ((), (), ())))
    one, number = np.ones(len(rows), np.int64), 10 * edge + np.arange(len(rows))
    none = np.zeros_like(one)
    return Dependencies(number, number, node, node, one, one, none, none, one, bits, bits, edge)


@dataclass(kw_only=True)
class Told(Choices):
    """Choices whose rooms are told: bits at each node by edge and what is kept, and elements moved for it."""

    told: dict[tuple[int, Keep], dict[int, int]]
    moved: dict[tuple[int, Keep], float]

    def of(self, edge: int, keep: Keep) -> Dependencies:
        there = self.told.get((edge, keep), dict.fromkeys(self.told[edge, FULL], 0))
        return pairs(*((edge, node, bits) for node, bits in there.items()))

    def traffic(self, edge: int, keep: Keep) -> float:
        return self.moved.get((edge, keep), 0.0)


def two_edges(*, memory: bool = True) -> Placement:
    """An input and a product, an edge before and one behind it."""
    layers = (Layer("in", Source(), 4, 8), Layer("a", Matrix(Weights(8, 8)), 4, 8), Layer("out", Sink(), 4, 8))
    network = Network("two", layers, (Edge("in", "a", Same(), 8), Edge("a", "out", Same(), 8)))
    return place(network, make_chip(buffer_kib=ROOM / 8192, memory=make_memory() if memory else None))


def chosen(
    rooms: dict[tuple[int, Keep], dict[int, int]],
    moved: dict[tuple[int, Keep], float],
    *,
    fixed: Dependencies | None = None,
    most: tuple[Keep, Keep] = (FULL, FULL),
    crowded: tuple[bool, bool] = (False, False),
    memory: bool = True,
) -> tuple[Keep, ...]:
    full = [pairs() for _ in range(2)]
    slower = [pairs() if slow else same for same, slow in zip(full, crowded, strict=True)]
    told = Told(None, two_edges(memory=memory), None, None, full, slower, told=rooms, moved=moved)  # type: ignore[arg-type]
    return choose_keeping(told, fixed or pairs(), most)


def test_what_fits_stays() -> None:
    assert chosen({(0, FULL): {3: 600}, (1, FULL): {3: 400}}, {}) == (FULL, FULL)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Traffic per bit saved: 10 / 600 and 8 / 401, then 10 / 600 and 6 / 401.
        (10.0, 8.0, (NOTHING, FULL)),
        (10.0, 6.0, (FULL, NOTHING)),
    ],
)
def test_what_costs_least_per_bit_leaves(first: float, second: float, expected: tuple[Keep, Keep]) -> None:
    rooms = {(0, FULL): {3: 600}, (1, FULL): {3: 401}}
    rooms |= {(edge, keep): {3: 0} for edge in (0, 1) for keep in (WINDOW, LEAST, NOTHING)}
    rooms |= {(0, SLOWER): {3: 600}, (1, SLOWER): {3: 401}}
    moved = {(0, NOTHING): first, (1, NOTHING): second, (0, WINDOW): first, (1, WINDOW): second}
    assert chosen(rooms, moved) == expected


def test_a_window_that_saves_little_does_not_leave_before_a_whole_edge() -> None:
    # The window of the first saves 100 of 600 bits for 30 elements; the second's 500 bits cost 100.
    rooms = {
        (0, FULL): {3: 600}, (0, SLOWER): {3: 600}, (0, WINDOW): {3: 500}, (0, LEAST): {3: 500}, (0, NOTHING): {3: 0},
        (1, FULL): {3: 500}, (1, SLOWER): {3: 500}, (1, NOTHING): {3: 0},
    }  # fmt: skip
    moved = {(0, WINDOW): 30.0, (0, LEAST): 30.0, (0, NOTHING): 1e6, (1, WINDOW): 100.0, (1, NOTHING): 100.0}
    assert chosen(rooms, moved) == (FULL, NOTHING)
    # For 19 elements it does, and is enough.
    moved |= {(0, WINDOW): 19.0, (0, LEAST): 19.0}
    assert chosen(rooms, moved) == (WINDOW, FULL)


def test_an_edge_is_relieved_where_it_is_too_large_though_it_ends_elsewhere_too() -> None:
    # Node 3 is too full by 100, node 5 has room; another edge at node 5 stays.
    rooms = {(0, FULL): {3: 1100, 5: 300}, (1, FULL): {5: 700}}
    rooms |= {(0, SLOWER): {3: 1000, 5: 250}, (1, SLOWER): {5: 700}, (0, NOTHING): {3: 0, 5: 0}, (1, NOTHING): {5: 0}}
    assert chosen(rooms, {(0, NOTHING): 50.0, (0, WINDOW): 50.0}) == (SLOWER, FULL)


def test_edges_begin_with_less_room_where_full_rate_was_crowded() -> None:
    rooms = {(0, FULL): {3: 900}, (0, SLOWER): {3: 700}, (1, FULL): {3: 200}, (1, SLOWER): {3: 200}}
    assert chosen(rooms, {}, crowded=(True, False)) == (SLOWER, FULL)
    # 100 bits less than full rate needs, and there they are.
    assert chosen(rooms | {(1, FULL): {3: 100}}, {}, crowded=(True, False)) == (SLOWER, FULL)


def test_what_must_lie_in_memory_is_kept_as_far_as_there_is_room() -> None:
    rooms = {(0, keep): {3: bits} for keep, bits in zip(Keep, (900, 800, 300, 200, 0), strict=True)}
    rooms |= {(1, FULL): {3: 100}, (1, SLOWER): {3: 100}}
    moved = {(0, WINDOW): 10.0, (0, LEAST): 10.0, (0, NOTHING): 40.0}
    assert chosen(rooms, moved, most=(WINDOW, FULL)) == (WINDOW, FULL)


def test_what_left_in_vain_comes_back() -> None:
    # Of 2,100 bits at node 3 the first is cheapest and too small; once the second has left, there is room for it again.
    rooms = {(0, FULL): {3: 300}, (0, SLOWER): {3: 300}, (0, NOTHING): {3: 0}}
    rooms |= {(1, FULL): {3: 1800}, (1, SLOWER): {3: 1800}, (1, NOTHING): {3: 0}}
    moved = {(0, NOTHING): 1.0, (0, WINDOW): 1.0, (1, NOTHING): 1800.0, (1, WINDOW): 1800.0}
    assert chosen(rooms, moved) == (FULL, NOTHING)
    # With 701 bits of sums there is not.
    assert chosen(rooms, moved, fixed=pairs((-1, 3, 701))) == (NOTHING, NOTHING)
    assert chosen(rooms, moved, fixed=pairs((-1, 3, 700))) == (FULL, NOTHING)


def test_what_nothing_can_relieve_is_refused() -> None:
    rooms = {(0, FULL): {3: 300}, (0, NOTHING): {3: 0}, (1, FULL): {5: 10}}
    moved = {(0, NOTHING): 1.0, (0, WINDOW): 1.0}
    with pytest.raises(CapacityError, match=r"partial sums alone take 126 bytes of buffer at node 3"):
        chosen(rooms, moved, fixed=pairs((-1, 3, 1008)))
    with pytest.raises(CapacityError, match="the buffer at node 3 of chip 0 must hold 138 bytes and has room for 125"):
        chosen({**rooms, (0, FULL): {3: 1100}}, moved, memory=False)
