"""Copies that take rows: which, what their links carry, and when."""

from dataclasses import replace

import numpy as np
import pytest

from archsim import workloads
from archsim.chip import load_chip
from archsim.engine import reference, run_compiled
from archsim.lowering import lower
from archsim.mapping import place
from archsim.mapping.link_loads import busiest_link_ps
from archsim.mapping.rows import row_widths
from archsim.network import Edge, Layer, Matrix, Network, Same, Sink, Source, Weights, Window
from archsim.program import Kind
from archsim.workloads import WorkloadOptions
from tests.chips import make_array, make_chip, make_fabric

ROWS, WIDTH = 8, 6
KERNEL = Window((ROWS, WIDTH), (ROWS, WIDTH), (3, 3), (1, 1), (1, 1), (1, 1))


def convolutions(first, second):
    """Two convolutions of a small map, in copies, each on a tile of its own."""
    tokens = ROWS * WIDTH
    layers = (
        Layer("in", Source(), tokens, 4),
        Layer("a", Matrix(Weights(36, 4), taps=9), tokens, 4),
        Layer("b", Matrix(Weights(36, 4), taps=9), tokens, 4),
        Layer("out", Sink(), tokens, 4),
    )
    edges = (Edge("in", "a", KERNEL, 4), Edge("a", "b", KERNEL, 4), Edge("b", "out", Same(), 4))
    chip = make_chip(array=make_array(36, 4), fabric=make_fabric(4, 4))
    return place(Network("map", layers, edges), chip, replicate={"a": first, "b": second})


def dealt(placement, **runs):
    return replace(placement, runs=tuple(runs.get(layer.name, 1) for layer in placement.network.order))


def into(placement, layer):
    """Tokens of a layer's inputs that enter each of its tiles per sample."""
    program = lower(placement)
    trace = run_compiled(program)
    assert trace.makespan == reference.run(program).makespan
    resources, actors = program.resources, program.actors
    links = (resources.kind == Kind.LINK) & (resources.label == program.labels.resources.index("eject"))
    source = placement.index[next(edge.source for edge in placement.network.edges if edge.target == layer)]
    mine = np.flatnonzero(links[actors.resource] & (actors.layer == source))
    tokens = np.bincount(resources.index[actors.resource[mine]], weights=trace.firings[mine], minlength=64)
    blocks = placement.blocks
    return tokens[blocks.node[blocks.of(placement.matrix[layer])]]


def test_a_copy_of_rows_takes_these_and_their_neighbours():
    plain = convolutions(1, 4)
    # Each copy of a token in four sees windows over every row.
    assert into(plain, "b").tolist() == [ROWS * WIDTH] * 4
    # Rows j and j + 4 see the rows beside them, of which the border has none: 2 + 3, 3 + 3, 3 + 3, 3 + 2 rows.
    assert into(dealt(plain, b=WIDTH), "b").tolist() == [5 * WIDTH, 6 * WIDTH, 6 * WIDTH, 5 * WIDTH]


@pytest.mark.parametrize("runs", [{}, {"a": WIDTH}, {"b": WIDTH}, {"a": WIDTH, "b": WIDTH}])
@pytest.mark.parametrize("copies", [(1, 4), (4, 4), (2, 3)])
def test_the_busiest_link_is_as_busy_as_in_the_run(copies, runs):
    placement = dealt(convolutions(*copies), **runs)
    program = lower(placement)
    actors, resources = program.actors, program.resources
    busy = np.bincount(actors.resource, weights=actors.firings * actors.interval, minlength=len(resources))
    links = busy[np.isin(resources.kind, (Kind.LINK, Kind.CHIP_LINK))]
    # Tokens that several targets behind a link read are counted for each of them, up to all that there are.
    assert links.max() <= busiest_link_ps(placement) <= 1.35 * links.max()


def test_rows_are_those_of_windows_and_of_what_stands_behind():
    assert row_widths(convolutions(1, 1).network) == {"a": WIDTH, "b": WIDTH, "out": WIDTH}


def test_rows_are_taken_where_links_are_slower_than_arrays():
    """Behind a fast host, the image on its way to all copies of the first layer is the limit; rows spare most of it."""
    chip = load_chip("pcm-mesh-14nm", overrides=["system.host_bandwidth=512 Gbit/s"])
    placed = place(workloads.build("resnet18", WorkloadOptions()), chip, replicate="balanced")
    first = placed.dealt["conv1"]
    assert first.copies > 1
    assert first.run == 112
    assert busiest_link_ps(placed) < 0.75 * busiest_link_ps(replace(placed, runs=None))
    # Behind a slow one, arrays wait anyhow, and rows would only delay a sample.
    chip = load_chip("pcm-mesh-14nm", overrides=["system.host_bandwidth=8 Gbit/s"])
    slow = place(workloads.build("resnet18", WorkloadOptions()), chip, replicate="balanced")
    assert slow.runs is None
    # Nor where the chip file wants every token in turn.
    chip = load_chip("pcm-mesh-14nm", overrides=["system.host_bandwidth=512 Gbit/s", "mapping.dealing=tokens"])
    assert place(workloads.build("resnet18", WorkloadOptions()), chip, replicate="balanced").runs is None
