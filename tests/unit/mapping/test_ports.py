"""How fast samples can enter and leave, by hand: flits of 64 bits a nanosecond, a byte a nanosecond from the host."""

import pytest

from archsim.mapping import place
from archsim.mapping.ports import HEADROOM, least_time_ps, port_time_ps
from archsim.network import Matrix, Weights
from tests.chips import NS, make_array, make_chip, make_fabric, make_system
from tests.networks import line

FAST_HOST = make_system(host_bandwidth=8e12)


def network(columns=8, tokens=10):
    return line(("a", Matrix(Weights(8, columns))), tokens=tokens)


@pytest.mark.parametrize(
    ("chip", "columns", "expected_ns"),
    [
        (make_chip(), 8, 10 * 8),  # ten tokens of eight bytes
        (make_chip(), 100, 10 * 100),  # they leave as a hundred
        (make_chip(system=FAST_HOST), 8, 10),  # a flit each
        (make_chip(system=FAST_HOST), 17, 10 * 3),
        (make_chip(system=FAST_HOST, fabric={**make_fabric(), "link_width": 128, "shared_flits": True}), 8, 10 / 2),
    ],
)
def test_what_host_and_port_take(chip, columns, expected_ns):
    assert port_time_ps(network(columns), chip) == expected_ns * NS
    assert least_time_ps(network(columns), chip) == int(HEADROOM * expected_ns * NS)


def test_copies_beyond_what_can_be_fed_are_not_made():
    """A token of 800 bytes takes 800 ns to the host, and a product 105: more copies help nobody."""

    def copies(columns, **kind):
        chip = make_chip(array=make_array(64, 800), fabric=make_fabric(4, 4), **kind)
        return place(network(columns, tokens=40), chip, replicate="balanced").replicas[1]

    assert copies(800) == 1
    # With a fast host it is the fabric's link at the port, of 100 flits: 28 products of 105 ns in 3/4 x 40 x 100 ns.
    assert copies(800, system=FAST_HOST) == 2
    # Without either, 14 copies make three products at most; the 16 arrays could make none with fewer.
    assert copies(8, system=FAST_HOST) == 14
