"""Lowering as a whole: every named network, options, samples, and layers with special needs."""

import numpy as np
import pytest

from archsim import workloads
from archsim.engine import reference
from archsim.errors import CapacityError, InputError
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Digital, Edge, Layer, Matrix, Network, Prefix, Primitive, Same, Sink, Source, Weights, Whole
from archsim.program import Kind, Role
from archsim.program.verify import verify
from archsim.workloads.options import WorkloadOptions
from tests.chips import NS, make_array, make_chip, make_fabric, make_large_chip, make_memory, make_system, make_unit
from tests.networks import additions, line

THOUSANDS_OF_TILES = ("gpt2-xl", "llama3-8b", "big-lstm", "lstm-2048")
SECONDS = ("whisper-small", "bert-large", "whisper-base")


@pytest.mark.parametrize("name", [name for name in workloads.names() if name not in (*THOUSANDS_OF_TILES, *SECONDS)])
def test_named_networks_lower_to_sound_programs(name):
    check_named(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SECONDS, "lstm-2048"])
def test_large_named_networks_lower_to_sound_programs(name):
    check_named(name)


def check_named(name):
    placement = place(workloads.build(name), make_large_chip())
    program = lower(placement)
    verify(program)
    integrations = program.actors.firings[program.actors.role == Role.INTEGRATE].sum()
    blocks = np.bincount(placement.uses.layer, minlength=len(placement.network.order))
    assert integrations == sum(layer.tokens * int(blocks[i]) for i, layer in enumerate(placement.network.order))
    weights = sum(layer.operator.macs for layer in placement.network.matrices)
    assert placement.blocks.weights.sum() == weights


@pytest.mark.parametrize("name", THOUSANDS_OF_TILES)
def test_the_largest_networks_are_placed(name):
    placement = place(workloads.build(name), make_large_chip())
    assert placement.chips > 8
    assert placement.blocks.weights.sum() == placement.network.weights


def simple(tokens=3, **samples):
    return place(line(("a", Matrix(Weights(8, 8))), tokens=tokens), make_chip(), **samples)


@pytest.mark.parametrize(("batch", "interleave"), [(0, None), (-1, None), (4, 3), (4, 0), (4, 8)])
def test_batches_that_cannot_be(batch, interleave):
    with pytest.raises(InputError) as caught:
        simple(batch=batch, interleave=interleave)
    assert caught.value.where and caught.value.remedy


@pytest.mark.parametrize("batch", [0, -4, 3, 6])
def test_a_run_has_whole_groups_of_what_was_placed(batch):
    with pytest.raises(InputError, match="no multiple of the 4 that take turns") as caught:
        lower(simple(batch=8, interleave=4), batch=batch)
    assert caught.value.where and caught.value.remedy


@pytest.mark.parametrize("interleave", [1, 2, 4])
def test_samples_are_marked_where_they_begin_and_end(interleave):
    program = lower(simple(batch=4, interleave=interleave), batch=4)
    trace = reference.run(program)
    assert (program.samples.count, program.samples.group) == (4, interleave)
    assert (np.diff(trace.sample_in) > 0).all() and (np.diff(trace.sample_out) > 0).all()
    # Host, fabric, product, fabric, host; a product every 105 ns once the pipeline is full.
    assert trace.sample_out[-1] == trace.makespan == (8 + 4 + 108 + 4 + 8 + 11 * 105) * NS
    # Interleaved, the last tokens of a group follow each other; else a sample's own tokens do.
    gaps = np.diff(trace.sample_out)[: interleave - 1] if interleave > 1 else np.diff(trace.sample_out)
    assert set(gaps.tolist()) == {105 * NS * (1 if interleave > 1 else 3)}


def test_an_embedding_is_read_from_memory():
    embedding = Digital("embedding", table=80000)
    network = line(("e", embedding), ("a", Matrix(Weights(8, 8))), tokens=4)
    program = lower(place(network, make_chip(memory=make_memory())))
    # The index goes in over the host's link, as wide as the layer before says; 8 bytes are read in 8 + 50 ns.
    assert reference.run(program).makespan / NS == 8 + 58 + 4 + 108 + 3 * 105 + 4 + 8
    with pytest.raises(CapacityError, match="look-up table"):
        lower(place(network, make_chip()))


def test_a_scalar_operand_reaches_every_part():
    """Squeeze and excitation: one gate per channel for the whole map, made from all of it, on four parts."""
    tokens, width = 9, 40
    gate = Digital("scale", ((Primitive.MULTIPLY, width),))
    layers = (
        Layer("in", Source(), tokens, 8),
        Layer("a", Matrix(Weights(8, width)), tokens, width),
        Layer("pool", Digital("average", ((Primitive.ADD, width * tokens),)), 1, width),
        Layer("fc", Matrix(Weights(width, width)), 1, width),
        Layer("gate", gate, tokens, width),
        Layer("out", Sink(), tokens, width),
    )
    edges = (
        Edge("in", "a", Same(), 8),
        Edge("a", "pool", Whole(), width),
        Edge("pool", "fc", Same(), width),
        Edge("a", "gate", Same(), width),
        Edge("fc", "gate", Whole(), width, port=1),
        Edge("gate", "out", Same(), width),
    )
    chip = make_chip(array=make_array(40, 10))
    program = lower(place(Network("se", layers, edges), chip), batch=2)
    trace = reference.run(program)
    names = program.labels.layers
    first = {name: min(trace.first_start[program.actors.layer == names.index(name)]) for name in ("a", "fc", "gate")}
    # No gate opens before the last token of the map is made and has been through the pool and the matrix.
    assert first["gate"] > first["fc"] > first["a"] + 8 * 105 * NS
    assert (program.actors.role[program.actors.layer == names.index("gate")] == Role.COMPUTE).sum() == 4


def parts_read(program, layer):
    """Parts of other layers that each part of a layer reads, links between them left out."""
    actors, names = program.actors, program.labels.layers
    pairs = list(zip(program.channels.source.tolist(), program.channels.target.tolist(), strict=True))
    before = {target: source for source, target in pairs if actors.role[target] == Role.LINK}
    read = {}
    for source, target in pairs:
        while source in before:
            source = before[source]
        part, other = int(actors.column[target]), names[actors.layer[source]]
        if names[actors.layer[target]] == layer != other:
            read.setdefault(part, set()).add((other, int(actors.column[source])))
    return read


def spread(*edges, work, width):
    """A digital layer ``d`` of so much work that reads ``a`` and ``b``, 40 elements each in four parts."""
    layers = [Layer("in", Source(), 5, 8), *(Layer(name, Matrix(Weights(8, 40)), 5, 40) for name in "ab")]
    layers += [Layer("d", work, 5, width), Layer("out", Sink(), 5, width)]
    edges = (*(Edge("in", name, Same(), 8) for name in "ab"), *edges, Edge("d", "out", Same(), width))
    return lower(place(Network("spread", tuple(layers), edges), make_chip(array=make_array(8, 10))))


ADD = Digital("add", ((Primitive.ADD, 40),))


def test_an_operand_as_wide_as_the_token_goes_part_by_part():
    read = parts_read(spread(Edge("a", "d", Same(), 40), Edge("b", "d", Same(), 40, port=1), work=ADD, width=40), "d")
    assert read == {part: {("a", part), ("b", part)} for part in range(4)}


@pytest.mark.parametrize(("elements", "parts"), [(1, {1}), (4, {1}), (15, {1, 2})])
def test_a_narrower_operand_goes_to_every_part(elements, parts):
    narrow = Edge("b", "d", Same(), elements, port=1, source_start=10)
    read = parts_read(spread(Edge("a", "d", Same(), 40), narrow, work=ADD, width=40), "d")
    assert read == {part: {("a", part), *(("b", other) for other in parts)} for part in range(4)}


def test_a_shuffled_operand_goes_to_every_part():
    shuffled = Edge("b", "d", Same(), 40, port=1, scattered=True)
    read = parts_read(spread(Edge("a", "d", Same(), 40), shuffled, work=ADD, width=40), "d")
    assert read == {part: {("a", part), *(("b", other) for other in range(4))} for part in range(4)}


def test_a_reduction_reads_all_of_its_input():
    edges = Edge("a", "d", Same(), 40), Edge("b", "d", Same(), 20, source_start=20, target_start=40)
    read = parts_read(spread(*edges, work=Digital("sum", ((Primitive.ADD, 59),)), width=1), "d")
    assert read == {0: {*(("a", part) for part in range(4)), ("b", 2), ("b", 3)}}


def test_concatenated_inputs_keep_their_parts():
    edges = Edge("a", "d", Same(), 20), Edge("b", "d", Same(), 20, source_start=10, target_start=20)
    read = parts_read(spread(*edges, work=ADD, width=40), "d")
    assert read == {0: {("a", 0)}, 1: {("a", 1)}, 2: {("b", 1)}, 3: {("b", 2)}}


def test_heads_that_share_keys_wait_for_all_of_them():
    """Four heads of 8 elements, two to a group, each group on a unit of its own; keys come in pieces of 4 columns."""
    heads, groups, size, tokens = 4, 2, 8, 6
    work = ((Primitive.MAC, 2 * heads * size),)
    mix = Digital("attention", work_per_key=work, keys_port=1, whole_token=True, heads=groups, product=True)
    widths = {"q": heads * size, "k": groups * size, "v": groups * size}
    layers = [
        Layer("in", Source(), tokens, 8),
        *(Layer(n, Matrix(Weights(8, w)), tokens, w) for n, w in widths.items()),
    ]
    layers += [Layer("mix", mix, tokens, heads * size), Layer("out", Sink(), tokens, heads * size)]
    edges = [Edge("in", name, Same(), 8) for name in widths]
    edges += [
        Edge(name, "mix", Prefix() if port else Same(), wide, port=port)
        for port, (name, wide) in enumerate(widths.items())
    ]
    network = Network("grouped", tuple(layers), (*edges, Edge("mix", "out", Same(), heads * size)))
    units = {"core": make_unit("router", lanes=1)}
    placement = place(network, make_chip(array=make_array(8, 4), fabric=make_fabric(5, 5), units=units))
    rows, homes = placement.homes_of(placement.index["mix"]), placement.homes
    assert set((homes.stop[rows] - homes.start[rows]).tolist()) == {heads // groups * size}
    read = parts_read(lower(placement), "mix")
    # Each group reads the four blocks of its heads' queries, and both blocks of its keys and of its values.
    for group in range(groups):
        expected = {("q", 4 * group + block) for block in range(4)}
        expected |= {(name, 2 * group + block) for name in ("k", "v") for block in (0, 1)}
        assert read[group] == expected


def test_inputs_and_outputs_on_different_chips():
    layers = [("a", Matrix(Weights(64, 128))), ("b", Matrix(Weights(128, 128)))]
    chip = make_chip(fabric=make_fabric(1, 2), system=make_system("as needed"))
    program = lower(place(line(*layers, tokens=3, width=64), chip))
    hosts = program.resources.kind == Kind.HOST
    assert sorted(program.resources.chip[hosts].tolist())[0] == 0
    assert len(set(program.resources.chip[hosts].tolist())) == 2
    reference.run(program)


def test_decoding_grows_with_its_context():
    times = []
    for context in (0, 512):
        options = WorkloadOptions(seq=2, generate=3, context=context)
        placement = place(workloads.build("gpt2", options), make_large_chip(buffer_kib=4096))
        times.append(reference.run(lower(placement)).makespan)
    assert times[1] > times[0]


def test_two_lowerings_are_identical():
    one, two = (lower(simple(), batch=2) for _ in range(2))
    for table in ("actors", "channels", "resources", "actions", "curves"):
        for name in type(getattr(one, table)).__slots__:
            assert np.array_equal(getattr(getattr(one, table), name), getattr(getattr(two, table), name)), name


def test_copies_of_a_digital_layer_take_turns_at_its_tokens():
    # Forty additions on sixteen lanes are three cycles for each of five tokens: three for one copy, two for the other.
    network = line(("a", Matrix(Weights(8, 8))), ("d", additions(40)), tokens=5)
    program = lower(place(network, make_chip(), replicate={"a": 2}), batch=2)
    mine = (program.actors.layer == program.labels.layers.index("d")) & (program.actors.role == Role.COMPUTE)
    assert program.actors.firings[mine].tolist() == [6, 4]
    assert program.actors.interval[mine].tolist() == [3000, 3000]
    assert program.actors.latency[mine].tolist() == [4000, 4000]
