"""What is priced is what is simulated: units, routers and links."""

import pytest

from archsim.chip import load_chip
from archsim.chip.schema import Topology
from archsim.machine.parts import directed_links, parts
from archsim.mapping import Floorplan
from archsim.mapping.topology import fabric_graph
from tests.chips import make_chip, make_fabric, make_unit


@pytest.mark.parametrize("topology", [topology for topology in Topology if topology is not Topology.BUS])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 5), (3, 4), (4, 4), (2, 7)])
def test_every_router_and_link_is_priced(topology, rows, columns):
    tiles = 2 if topology is Topology.CONCENTRATED_MESH else 1
    fabric = make_chip(fabric=make_fabric(rows, columns, topology=topology.value, concentration=tiles)).fabric
    graph = fabric_graph(fabric)
    assert fabric.switches == graph.number_of_nodes()
    assert directed_links(fabric) == graph.number_of_edges()


@pytest.mark.parametrize("every", [1, 2, 3, 5, 16])
def test_every_unit_is_priced(every):
    units = {"core": {**make_unit("router"), "every": every}}
    chip = make_chip(fabric=make_fabric(4, 4), units=units)
    priced = next(part for part in parts(chip) if part.name == "core")
    assert priced.count == len(Floorplan(chip).unit_nodes["core"]) == len(range(0, 16, every))


@pytest.mark.parametrize("name", ["ibm-14nm-34tile", "ibm-14nm-34tile-x5"])
def test_the_34_tile_chip_has_one_digital_part(name):
    assert len(Floorplan(load_chip(name)).unit_nodes["digital"]) == 1
