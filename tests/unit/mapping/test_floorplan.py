"""What is priced is what is simulated: units, routers and links."""

import pytest

from archsim.chip import load_chip
from archsim.errors import InputError
from archsim.machine import parts
from archsim.mapping import Floorplan, place
from archsim.network import Matrix, Weights
from archsim.topology import topologies
from tests.chips import fabric_graph, make_chip, make_fabric, make_unit
from tests.networks import line
from tests.systolic_chips import LINKED


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


def test_systems_are_estimated_before_their_tables_are_built():
    """72 bytes for each pair of chips; 8 for each of 16 tiles, 4 cores and a port: one kind of unit, and its keys."""
    plan = Floorplan(make_chip(fabric=make_fabric(4, 4), units={"core": {**make_unit("router"), "every": 4}}))
    most = max(chips for chips in range(10_000) if 72 * chips**2 + chips * 21 * 2 * 8 <= 2**31)
    plan.check_chips(most)
    with pytest.raises(InputError, match=f"At most {most:,} such chips fit 2 GiB") as caught:
        plan.check_chips(most + 1)
    assert caught.value.where == "system.chips"
    # 72 * 10^12 bytes, and 21 * 16 * 10^6.
    with pytest.raises(InputError, match="1,000,000 chips, and the loads of their 21,000,000 nodes, take 67,056 GiB"):
        plan.check_chips(1_000_000)


@pytest.mark.parametrize(("chip", "link"), [("isaac", ()), ("tpu-v1", LINKED)])
def test_too_many_chips_are_refused_by_every_mapping(chip, link):
    with pytest.raises(InputError, match="chips fit 2 GiB"):
        place(line(("a", Matrix(Weights(8, 8)))), load_chip(chip, [*link, "system.chips=1000000"]))
