"""Copies of layers that share a slow machine: they come to an end."""

import pytest

from archsim import workloads
from archsim.engine import run_compiled
from archsim.lowering import lower
from archsim.mapping import place
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
