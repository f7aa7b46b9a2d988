"""Which resources each part goes with, and for how long: on chips small enough to count everything."""

from __future__ import annotations

import numpy as np
import pytest

from archsim.accounting.hosts import Hosts, hosts_of
from archsim.chip.schema import Chip
from archsim.lowering import lower
from archsim.machine import parts
from archsim.mapping import place
from archsim.network import Matrix, Network, Weights
from archsim.program import Program, resource_name
from tests.chips import make_adc, make_array, make_chip, make_fabric, make_memory, make_system, make_unit
from tests.networks import additions, line
from tests.unit.accounting import hand_run
from tests.unit.accounting.hand_run import near


def lowered(network: Network, chip: Chip) -> Program:
    return lower(place(network, chip), batch=2)


def gone_with(name: str, chip: Chip, program: Program) -> tuple[Hosts, list[str]]:
    """Hosts of a part, and what they are called."""
    (part,) = (part for part in parts(chip) if part.name == name)
    found = hosts_of(part, chip, program)
    return found, [resource_name(program, row) for row in found.resources.tolist()]


def small() -> tuple[Chip, Program]:
    """One tile of sixteen works: an array of 64 x 64, its converters and what follows them, a unit beside it."""
    chip = hand_run.chip()
    return chip, lowered(hand_run.network(), chip)


@pytest.mark.parametrize(
    ("part", "resource", "each"),
    [
        ("array", "array0", 1),
        ("driver", "array0", 64),
        ("sample-hold", "array0", 64),
        ("adc", "adc0", 64),
        ("affine", "affine0", 1),
        ("local", "local0", 1),
    ],
)
def test_what_multiplies_goes_with_its_array(part: str, resource: str, each: float) -> None:
    found, names = gone_with(part, *small())
    assert names == [f"chip0/node0/{resource}"] and found.each.tolist() == [each] and found.follows


def test_routers_go_port_by_port_with_the_links_that_leave_them() -> None:
    # Sixteen routers have 48 links to each other and one to each of sixteen tiles and the port; inputs and outputs
    # leave the first by two of these, and no wire between routers is used.
    found, names = gone_with("router", *small())
    assert names == ["chip0/eject 0->0", "chip0/eject 0->16"]
    assert found.each == near(16 / 65) and found.follows
    assert gone_with("wire", *small())[1] == []


def test_a_tiles_buffer_goes_with_all_of_its_tile() -> None:
    found, names = gone_with("buffer", *small())
    assert names == ["chip0/node0/array0", "chip0/node0/local0"]
    assert (found.each.tolist(), not found.follows) == ([1, 1], True)
    assert found.group is not None and found.group.tolist() == [0, 0]


def clustered() -> tuple[Chip, Program]:
    """Ten blocks of 8 x 8 on arrays of two a tile, four tiles at two routers a chip; a core at every second router."""
    chip = make_chip(
        array=make_array(8, 8),
        adc=make_adc(held=True, shared=4),
        units={"local": make_unit(count=2), "core": make_unit("router", every=2)},
        fabric=make_fabric(1, 2, topology="concentrated-mesh", concentration=2),
        memory=make_memory(),
        system=make_system(2),
        arrays_per_tile=2,
    )
    layers = (("a", Matrix(Weights(8, 80))), ("r", additions(80)), ("n", additions(80, whole_token=True)))
    return chip, lowered(line(*layers, tokens=3), chip)


TILES = [f"chip0/node{node}" for node in range(4)] + ["chip1/node0"]


def test_converters_of_all_chips() -> None:
    found, names = gone_with("adc", *clustered())
    # Eight columns on converters of four.
    assert names == [f"{tile}/adc{number}" for tile in TILES for number in range(2)]
    assert found.each.tolist() == [2] * 10
    servers = np.ones(100, np.int64)
    assert found.there(servers) == 20
    # Converter n works for n seconds: twice 0 + 1 + ... + 9, from the first of them on.
    seconds = np.zeros(100)
    seconds[found.resources] = np.arange(10)
    assert found.busy(seconds, servers, 100.0) == 90


def test_units_count_by_their_servers() -> None:
    chip, program = clustered()
    found, names = gone_with("local", chip, program)
    assert names == [f"{tile}/local0" for tile in TILES]
    servers = program.resources.servers.astype(np.int64)
    assert servers[found.resources].tolist() == [2] * 5 and found.there(servers) == 10
    # A second of work of each server: two of each pair.
    assert found.busy(np.ones(len(servers)), servers, 100.0) == 10


def test_tiles_of_two_chips_have_buffers_of_their_own() -> None:
    chip, program = clustered()
    found, names = gone_with("buffer", chip, program)
    owner = [TILES.index(name.rsplit("/", 1)[0]) for name in names]
    assert found.group is not None and found.group.tolist() == owner
    servers = program.resources.servers.astype(np.int64)
    assert found.there(servers) == 5
    # Two arrays and a unit work for two seconds each: six, of which a buffer has been at work for five at most.
    assert found.busy(np.full(len(servers), 2.0), servers, 100.0) == 5 * 6
    assert found.busy(np.full(len(servers), 2.0), servers, 5.0) == 5 * 5


def test_a_cores_buffer_goes_with_the_core_alone() -> None:
    chip, program = clustered()
    found, names = gone_with("core-buffer", chip, program)
    core, cores = gone_with("core", chip, program)
    # One core a chip, at the first of two routers.
    assert names == cores and {name.split("/", 1)[1] for name in names} == {"node4/core0"}
    assert found.each.tolist() == core.each.tolist() == [1] * len(names)
    assert found.group is not None and found.group.tolist() == list(range(len(names)))


def test_fabric_and_links_between_chips() -> None:
    chip, program = clustered()
    router, ports = gone_with("router", chip, program)
    wire, wires = gone_with("wire", chip, program)
    # A chip's two routers have two links to each other, and lead to four tiles, a core and the port.
    assert router.each == near(2 / 8) and all("inject" not in port for port in ports)
    assert {port for port in ports if "/link" in port} == set(wires)
    assert set(wires) <= {f"chip{chip}/link {ends}" for chip in range(2) for ends in ("0->1", "1->0")}
    assert wire.each.tolist() == [1] * len(wires)
    link, links = gone_with("chip-link", chip, program)
    assert links and all("/chip-link" in name for name in links) and link.each.tolist() == [1] * len(links)


def test_memories_by_name() -> None:
    chip, program = clustered()
    assert gone_with("dram", chip, program)[1] == []
    asking = line(("a", Matrix(Weights(8, 8))), tokens=40)
    low = make_chip(buffer_kib=0.03, memory=make_memory(), fabric=make_fabric(2, 2), array=make_array(8, 8))
    found, names = gone_with("dram", low, lowered(asking, low))
    assert names == ["chip0/node4/dram0"] and found.each.tolist() == [1]


def test_groups_take_what_their_first_resource_has() -> None:
    hosts = Hosts(np.array([3, 1, 0, 2]), np.array([2.0, 2.0, 5.0, 2.0]), np.array([0, 0, 1, 0]))
    seconds = np.array([1.0, 2.0, 4.0, 8.0])
    # The first group works for 8 + 2 + 4, at most 10 seconds; the second for one.
    assert hosts.busy(seconds, np.full(4, 7), 10.0) == 2 * 10 + 5 * 1
    assert hosts.there(np.full(4, 7)) == 7
    alone = Hosts(hosts.resources, hosts.each)
    servers = np.array([1, 2, 3, 4])
    assert alone.there(servers) == 2 * 4 + 2 * 2 + 5 * 1 + 2 * 3
    assert alone.busy(seconds, servers, 10.0) == 2 * 4 * 8 + 2 * 2 * 2 + 5 * 1 * 1 + 2 * 3 * 4
