"""The notation that networks are drawn in: slices, streams side by side, ports, edges back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsim.errors import InputError
from archsim.network import Digital, Edge, Previous, Same, Whole
from archsim.workloads.convolution import Kernel, convolution
from archsim.workloads.drafting import Draft, Feed, Piece, Stream, beside, later


def elements(stream: Stream) -> list[tuple[str, int]]:
    """Every element of a token, as (layer, index): what the notation must preserve."""
    return [(piece.layer, piece.start + index) for piece in stream.pieces for index in range(piece.elements)]


pieces = st.builds(Piece, st.sampled_from(["a", "b", "c"]), st.integers(0, 9), st.integers(1, 9))
streams = st.builds(Stream, st.lists(pieces, min_size=1, max_size=4).map(tuple), st.just(5))


@given(stream=streams, data=st.data())
def test_a_part_is_a_slice(stream: Stream, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, stream.width - 1))
    length = data.draw(st.integers(1, stream.width - start))
    assert elements(stream.part(start, length)) == elements(stream)[start : start + length]


@given(left=streams, right=streams)
def test_beside_is_concatenation(left: Stream, right: Stream) -> None:
    both = beside(left, right)
    assert elements(both) == elements(left) + elements(right)
    assert both.width == left.width + right.width


def test_streams_side_by_side_become_edges_with_offsets() -> None:
    draft = Draft("two")
    left, right = draft.source("left", 3, tokens=2), draft.source("right", 5, tokens=2)
    draft.sink("out", draft.dense("fc", beside(left, right.part(1, 4)), 6))
    edges = draft.finish().inputs_of("fc")
    assert edges == (
        Edge("left", "fc", Same(), 3),
        Edge("right", "fc", Same(), 4, source_start=1, target_start=3),
    )


def test_each_port_starts_at_its_first_element() -> None:
    draft = Draft("ports")
    left, right = draft.source("left", 4), draft.source("right", 4)
    summed = draft.each("sum", Digital("add"), left, right)
    draft.sink("out", summed)
    assert [(edge.port, edge.target_start) for edge in draft.finish().inputs_of("sum")] == [(0, 0), (1, 0)]


def test_an_edge_back_is_drawn_before_its_source() -> None:
    draft = Draft("loop")
    steps = draft.source("steps", 2, tokens=7)
    state = Feed(later("cell", 3, 7), Previous())
    draft.sink("out", draft.layer("cell", Digital("cell"), 3, Feed(steps), state, tokens=7))
    assert [edge.recurrent for edge in draft.finish().inputs_of("cell")] == [False, True]


def test_an_edge_to_nowhere_is_refused() -> None:
    draft = Draft("lost")
    draft.sink("out", later("nobody", 3, 7))
    with pytest.raises(InputError, match="nobody"):
        draft.finish()


def test_notes_reach_the_network() -> None:
    draft = Draft("noted")
    draft.sink("out", draft.source("in", 1))
    draft.note("a remark")
    assert draft.finish().notes == ("a remark",)


def test_a_sink_shows_the_whole_token() -> None:
    draft = Draft("wide")
    source = draft.source("in", 3, grid=(2, 4))
    draft.sink("out", source, source.part(0, 1))
    drawn = draft.finish().by_name["out"]
    assert (drawn.width, drawn.tokens, drawn.grid) == (4, 8, (2, 4))


@given(side=st.integers(1, 20), size=st.integers(1, 7), stride=st.integers(1, 3), pad=st.integers(0, 3))
def test_convolutions_have_the_textbook_output(side: int, size: int, stride: int, pad: int) -> None:
    """Positions counted one by one: starts at -pad, steps by the stride, and must end inside the padded image."""
    positions = [start for start in range(-pad, side + pad, stride) if start + size <= side + pad]
    if not positions:
        return
    draft = Draft("conv")
    image = draft.source("in", 2, grid=(side, side))
    drawn = convolution(draft, "conv", image, channels=5, kernel=Kernel(size, stride, pad=pad))
    assert drawn.grid == (len(positions), len(positions))


def test_a_convolution_along_one_axis_has_as_many_taps_as_its_kernel() -> None:
    draft = Draft("audio")
    frames = draft.source("mel", 80, grid=(3000,))
    draft.sink("out", convolution(draft, "conv", frames, channels=512, kernel=Kernel(3, 2)))
    layer = draft.finish().by_name["conv"]
    assert (layer.tokens, layer.operator.macs) == (1500, 3 * 80 * 512)


def test_a_window_over_the_whole_map_reads_it_whole() -> None:
    window = Kernel(4, pad=0).window((4, 4))
    assert [reach.tolist() for reach in window.reach(16, 1)] == [reach.tolist() for reach in Whole().reach(16, 1)]
