"""Which unit each digital layer goes to, on a 4 x 4 mesh whose first tiles in order are 0, 4, 8, 12: by hand."""

import pytest

from archsim.mapping import place
from archsim.network import Digital, Edge, Layer, Matrix, Network, Prefix, Primitive, Same, Sink, Source, Weights, Whole
from tests.chips import COST, KIB, make_array, make_chip, make_fabric, make_memory, make_system, make_unit
from tests.networks import additions, line


def homes(placement, layer):
    """Copy, elements and node of each part of a layer."""
    found, rows = placement.homes, placement.homes_of(placement.index[layer])
    columns = (found.replica, found.start, found.stop, found.node)
    return list(zip(*(column[rows].tolist() for column in columns), strict=True))


def whole(count):
    return additions(count, whole_token=True)


def test_whole_tokens_are_near_the_first_part_of_what_they_are_made_of():
    # The product before takes tile 0; that of 160 columns three tiles, 4, 8 and 12.
    network = line(("a", Matrix(Weights(8, 64))), ("b", Matrix(Weights(64, 160))), ("n", whole(160)), width=8)
    placement = place(network, make_chip())
    assert [node for *_, node in homes(placement, "b")] == [4, 8, 12]
    assert homes(placement, "n") == [(0, 0, 160, 4)]


def test_what_follows_an_input_is_near_the_first_tile():
    network = line(("n", whole(8)), ("a", Matrix(Weights(8, 8))), width=8)
    assert homes(place(network, make_chip()), "n") == [(0, 0, 8, 0)]


def test_of_two_inputs_that_are_made_on_the_chip_the_first_counts():
    layers = (
        Layer("in", Source(), 1, 8), Layer("a", Matrix(Weights(8, 8)), 1, 8), Layer("b", Matrix(Weights(8, 8)), 1, 8),
        Layer("n", whole(8), 1, 8), Layer("m", whole(8), 1, 8), Layer("out", Sink(), 1, 8),
    )  # fmt: skip
    edges = (
        Edge("in", "a", Same(), 8), Edge("a", "b", Same(), 8),
        # One reads the network's input first, and the second product before the first.
        Edge("in", "n", Same(), 8), Edge("b", "n", Same(), 8, port=1), Edge("a", "n", Same(), 8, port=2),
        Edge("a", "m", Same(), 8), Edge("n", "m", Same(), 8, port=1), Edge("m", "out", Same(), 8),
    )  # fmt: skip
    placement = place(Network("two", layers, edges), make_chip())
    assert [homes(placement, name)[0][3] for name in ("a", "b", "n", "m")] == [0, 4, 4, 0]


def test_elements_in_another_order_are_taken_whole():
    layers = (
        Layer("in", Source(), 2, 8), Layer("a", Matrix(Weights(8, 160)), 2, 160),
        Layer("d", additions(160), 2, 160), Layer("out", Sink(), 2, 160),
    )  # fmt: skip
    edges = (
        Edge("in", "a", Same(), 8), Edge("a", "d", Same(), 160, scattered=True), Edge("d", "out", Same(), 160),
    )  # fmt: skip
    placement = place(Network("mixed", layers, edges), make_chip())
    assert len(homes(placement, "a")) == 3
    assert homes(placement, "d") == [(0, 0, 160, 0)]


def test_the_first_kind_that_is_able_says_how_many_copies_it_takes():
    # Cores at routers are asked first: three cycles of 64 lanes a token, where a tile's only lane would take 160.
    units = {"local": make_unit(lanes=1), "core": make_unit("router", lanes=64)}
    network = line(("a", Matrix(Weights(8, 8))), ("n", whole(160)), tokens=20)
    assert len(homes(place(network, make_chip(units=units)), "n")) == 1


def test_there_are_not_more_copies_than_units():
    # 160 cycles a token against a product's 105 ask for two copies, and there is one core beside sixteen tiles.
    units = {"local": make_unit(lanes=16), "core": make_unit("router", lanes=1, every=16)}
    network = line(("a", Matrix(Weights(8, 8))), ("n", whole(160)), tokens=20)
    placement = place(network, make_chip(units=units))
    assert homes(placement, "n") == [(0, 0, 8, placement.floorplan.unit_nodes["core"][0])]


@pytest.mark.parametrize(("count", "beside"), [(25, True), (26, False)])
def test_copies_share_the_time_that_a_layer_takes(count, beside):
    # 160 ns for each of twenty tokens against 105: two copies of 80 a token. Beside one, 25 more keep the pace.
    units = {"core": make_unit("router", lanes=1)}
    network = line(("a", Matrix(Weights(8, 8))), ("n", whole(160)), ("m", whole(count)), tokens=20)
    placement = place(network, make_chip(units=units))
    (*_, first), (*_, second) = homes(placement, "n")
    assert first != second
    ((*_, node),) = homes(placement, "m")
    assert (node == first) == beside


def attention(heads, *, tokens=6, macs=40):
    """Attention whose queries and keys are eight elements a head, and so many operations for each key and head."""
    width = 8 * heads
    mix = Digital("mix", work_per_key=((Primitive.MAC, macs * heads),), keys_port=1, whole_token=True, heads=heads)
    layers = [Layer("in", Source(), tokens, 8), *(Layer(n, Matrix(Weights(8, width)), tokens, width) for n in "qk")]
    layers += [Layer("mix", mix, tokens, width), Layer("out", Sink(), tokens, width)]
    edges = [Edge("in", "q", Same(), 8), Edge("in", "k", Same(), 8), Edge("q", "mix", Same(), width)]
    edges += [Edge("k", "mix", Whole(), width, port=1), Edge("mix", "out", Same(), width)]
    return Network("attention", tuple(layers), tuple(edges))


def test_heads_that_do_not_divide_evenly_take_a_group_more():
    # Ten heads of 40 operations for six keys are 2,400 a token: 300 cycles on eight lanes, three times a product's 105
    # ns. Three heads together make four groups, of two or three heads, and there are three cores: one does two.
    units = {"core": make_unit("router", lanes=8)}
    chip = make_chip(array=make_array(64, 80), units=units, fabric=make_fabric(1, 3), memory=make_memory())
    found = homes(place(attention(10), chip), "mix")
    assert [(replica, start, stop) for replica, start, stop, _ in found] == [
        (0, 0, 16), (0, 16, 40), (0, 40, 56), (0, 56, 80),
    ]  # fmt: skip
    assert {node for *_, node in found} == {3, 4, 5}


def in_turn(one, two):
    """A network behind another, its layers named anew."""
    layers = (*one.layers[:-1], *(Layer(f"{layer.name}2", *fields_of(layer)) for layer in two.layers[1:]))
    edges = [edge for edge in one.edges if edge.target != "out"]
    for edge in two.edges:
        source = "mix" if edge.source == "in" else f"{edge.source}2"
        edges.append(Edge(source, f"{edge.target}2", edge.access, edge.elements, port=edge.port))
    return Network("two", layers, tuple(edges))


def fields_of(layer):
    return layer.operator, layer.tokens, layer.width


@pytest.mark.parametrize(("cores", "copies"), [(3, 2), (2, 1)])
def test_all_layers_with_keys_share_the_buffers(cores, copies):
    # Keys of two samples of six tokens and queries of one, of 8 bytes: 144 a layer. 120 operations a token on one lane
    # ask for two copies; a buffer of 256 has 192 for keys, so that three cores hold two copies of both, two one.
    core = {**make_unit("router", lanes=1), "buffer": {"capacity": 0.25 * KIB, "cost": COST}}
    fabric = make_fabric(1, cores, topology="concentrated-mesh", concentration=2)
    chip = make_chip(units={"core": core}, fabric=fabric, memory=make_memory())
    placement = place(in_turn(attention(1, macs=20), attention(1, macs=20)), chip)
    assert [len(homes(placement, name)) for name in ("mix", "mix2")] == [copies, copies]


def test_a_table_is_at_the_port_of_the_chip_whose_layer_it_follows():
    # Three products of an array each on chips of two tiles.
    network = line(
        ("a", Matrix(Weights(8, 64))), ("b", Matrix(Weights(64, 64))), ("c", Matrix(Weights(64, 64))),
        ("e", Digital("embedding", table=100)),
    )  # fmt: skip
    chip = make_chip(fabric=make_fabric(1, 2), memory=make_memory(), system=make_system(2))
    placement = place(network, chip)
    plan = placement.floorplan
    assert homes(placement, "c")[0][3] == plan.nodes
    assert homes(placement, "e") == [(0, 0, 64, plan.nodes + plan.port)]


def test_the_widest_part_says_how_many_copies_it_takes():
    # Parts of 53, 53 and 54 of 160 elements: of 312 sums on one lane the last takes 106 cycles, others 104, of 105 ns.
    layers = (
        Layer("in", Source(), 6, 8), Layer("a", Matrix(Weights(8, 160)), 6, 160), Layer("d", additions(312), 6, 160),
        Layer("out", Sink(), 6, 160),
    )  # fmt: skip
    edges = (Edge("in", "a", Same(), 8), Edge("a", "d", Prefix(), 160), Edge("d", "out", Same(), 160))
    placement = place(Network("wide", layers, edges), make_chip(units={"local": make_unit(lanes=1)}))
    assert [(replica, stop - start) for replica, start, stop, _ in homes(placement, "d")] == [
        (0, 53), (0, 53), (0, 54), (1, 53), (1, 53), (1, 54),
    ]  # fmt: skip


def test_parts_of_the_input_that_leave_a_gap_are_not_parts_of_the_output():
    # Elements 0 and 2 are made on the chip, and element 1 comes from outside: two elements of output are in one piece.
    layers = (
        Layer("in", Source(), 1, 8), Layer("a", Matrix(Weights(8, 1)), 1, 1), Layer("b", Matrix(Weights(8, 1)), 1, 1),
        Layer("n", additions(2), 1, 2), Layer("out", Sink(), 1, 2),
    )  # fmt: skip
    edges = (
        Edge("in", "a", Same(), 8), Edge("in", "b", Same(), 8), Edge("a", "n", Same(), 1),
        Edge("in", "n", Same(), 1, target_start=1), Edge("b", "n", Same(), 1, target_start=2),
        Edge("n", "out", Same(), 2),
    )  # fmt: skip
    placement = place(Network("gap", layers, edges), make_chip())
    assert [(start, stop) for _, start, stop, _ in homes(placement, "n")] == [(0, 2)]
