"""What is priced is what is simulated: units, routers and links."""

import pytest

from archsim.chip import load_chip
from archsim.machine import parts
from archsim.mapping import Floorplan
from archsim.topology import topologies
from tests.chips import fabric_graph, make_chip, make_fabric, make_unit


@pytest.mark.parametrize("topology", [name for name, shape in topologies().items() if not shape.shared])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 5), (3, 4), (4, 4), (2, 7)])
def test_every_router_and_link_is_priced(topology, rows, columns):
    tiles = 2 if topology == "concentrated-mesh" else 1
    fabric = make_chip(fabric=make_fabric(rows, columns, topology=topology, concentration=tiles)).fabric
    graph = fabric_graph(fabric)
    assert fabric.switches == graph.number_of_nodes()
    assert fabric.links == graph.number_of_edges()


@pytest.mark.parametrize("every", [1, 2, 3, 5, 16])
def test_every_unit_is_priced(every):
    units = {"core": {**make_unit("router"), "every": every}}
    chip = make_chip(fabric=make_fabric(4, 4), units=units)
    priced = next(part for part in parts(chip) if part.name == "core")
    assert priced.count == len(Floorplan(chip).unit_nodes["core"]) == len(range(0, 16, every))


@pytest.mark.parametrize(
    ("routers", "sites"), [(1, [0]), (3, [0, 5, 10]), (7, [0, 2, 4, 6, 9, 11, 13]), (16, list(range(16)))]
)
def test_units_are_spread_over_any_share_of_the_routers(routers, sites):
    """Site i of n is at router 16 i / n, rounded down."""
    units = {"core": {**make_unit("router"), "routers": routers}}
    chip = make_chip(fabric=make_fabric(4, 4), units=units)
    plan = Floorplan(chip)
    assert plan.router[plan.unit_nodes["core"]].tolist() == sites
    assert next(part for part in parts(chip) if part.name == "core").count == routers


@pytest.mark.parametrize("name", ["ibm-14nm-34tile", "ibm-14nm-34tile-x5"])
def test_the_34_tile_chip_has_one_digital_part(name):
    assert len(Floorplan(load_chip(name)).unit_nodes["digital"]) == 1
