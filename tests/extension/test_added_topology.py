"""A topology of another package, named by a chip file, from its price to a run."""

import pytest

from archsim.chip import load_chip
from archsim.cost import price
from archsim.errors import InputError
from archsim.mapping import Floorplan
from archsim.simulation import Settings, simulate

CUBE = ["fabric.topology=hypercube", "fabric.rows=4", "fabric.columns=4"]


def test_routers_that_differ_in_one_bit_are_neighbours():
    hops = Floorplan(load_chip("pcm-mesh-14nm", CUBE)).routes.hops
    assert hops.tolist() == [[(one ^ two).bit_count() for two in range(16)] for one in range(16)]


def test_links_and_ports_are_priced():
    bill = price(load_chip("pcm-mesh-14nm", CUBE))
    # 16 routers of 4 neighbours each; the router has ports for 8 links and a tile.
    assert bill.component("wire").count == 64
    assert bill.component("router").count == 16


def test_a_network_runs_on_it():
    result = simulate("digits-cnn", load_chip("pcm-mesh-14nm", CUBE), Settings(batch=4))
    links = result.ledger.resources["resource"][result.ledger.resources["kind"] == "link"]
    ends = [name.split(" ")[1].split("->") for name in links if name.startswith("chip0/link ")]
    assert ends
    assert all((int(tail) ^ int(head)).bit_count() == 1 for tail, head in ends)


def test_an_unknown_one_is_refused():
    with pytest.raises(InputError, match="'hypercubes' is not understood") as error:
        load_chip("pcm-mesh-14nm", ["fabric.topology=hypercubes"])
    assert "'hypercube'" in error.value.remedy
