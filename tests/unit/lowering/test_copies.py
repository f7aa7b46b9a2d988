"""Copies of layers: what travels between them, and that they come to an end on slow machines."""

import numpy as np
import pytest

from archsim import workloads
from archsim.engine import reference, run_compiled
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Edge, Layer, Matrix, Network, Same, Sink, Source, Weights, Window
from archsim.program import Kind
from archsim.workloads import WorkloadOptions
from tests.chips import make_array, make_chip, make_fabric, make_input, make_issue


@pytest.mark.parametrize("copies", [6, 16])
def test_copies_that_pass_tokens_over_do_not_stall_what_skips_them(copies: int) -> None:
    """What a copy never touches lies there until its first firing is over: skip connections have room for that, too.

    A slow controller leaves little else on the way that would make up for it.
    """
    network = workloads.build("resnet18", WorkloadOptions(image=32))
    chip = make_chip(
        array=make_array(128, 128),
        arrays_per_tile=64,
        fabric={**make_fabric(8, 8), "link_width": 8},
        inputs=make_input(phase_ns=5000),
        issue=make_issue(time_ns=1, holds="product", order="program", joint=True),
    )
    first = {layer.name: copies for layer in network.matrices if layer.name.startswith("layer1")}
    placement = place(network, chip, replicate=first)
    assert run_compiled(lower(placement)).makespan > 0


TOKENS = 24


def chain(access, copies):
    """Two layers in copies, each on a tile of its own, and how many tokens enter and leave each node."""
    square = Matrix(Weights(8, 8))
    layers = (
        Layer("in", Source(), TOKENS, 8),
        Layer("a", square, TOKENS, 8),
        Layer("b", Matrix(Weights(24, 8), taps=3) if isinstance(access, Window) else square, TOKENS, 8),
        Layer("out", Sink(), TOKENS, 8),
    )
    edges = (Edge("in", "a", Same(), 8), Edge("a", "b", access, 8), Edge("b", "out", Same(), 8))
    chip = make_chip(array=make_array(24, 8), fabric=make_fabric(4, 4))
    placement = place(Network("chain", layers, edges), chip, replicate=dict(zip("ab", copies, strict=True)))
    program = lower(placement)
    trace = run_compiled(program)
    assert trace.makespan == reference.run(program).makespan
    return placement, program, trace


def carried(placement, program, trace, label, layer):
    """Tokens of a layer on the links into or out of nodes, by node."""
    actors, resources = program.actors, program.resources
    links = (resources.kind == Kind.LINK) & (resources.label == program.labels.resources.index(label))
    mine = np.flatnonzero(links[actors.resource] & (actors.layer == placement.index[layer]))
    node = (resources.index if label == "eject" else resources.node)[actors.resource[mine]]
    return np.bincount(node, weights=trace.firings[mine], minlength=16)


@pytest.mark.parametrize("copies", [(1, 1), (3, 4), (4, 3), (4, 8), (6, 6)])
def test_a_token_goes_only_to_the_copy_that_reads_it(copies):
    placement, program, trace = chain(Same(), copies)
    blocks = placement.blocks
    made, taken = (blocks.node[blocks.of(matrix)] for matrix in (0, 1))
    # Each copy takes its share from the host, and of what the layer before makes its own share.
    assert carried(placement, program, trace, "eject", "in")[made].tolist() == [TOKENS / copies[0]] * copies[0]
    assert carried(placement, program, trace, "inject", "a")[made].tolist() == [TOKENS / copies[0]] * copies[0]
    assert carried(placement, program, trace, "eject", "a")[taken].tolist() == [TOKENS / copies[1]] * copies[1]


def test_a_window_of_three_goes_to_the_three_copies_that_read_it():
    window = Window((TOKENS,), (TOKENS,), (3,), (1,), (1,), (1,))
    placement, program, trace = chain(window, (2, 8))
    taken = placement.blocks.node[placement.blocks.of(1)]
    # Copy j makes tokens j, j + 8 and j + 16 out of three each; the first and the last one see the border.
    expected = [8, 9, 9, 9, 9, 9, 9, 8]
    assert carried(placement, program, trace, "eject", "a")[taken].tolist() == expected
