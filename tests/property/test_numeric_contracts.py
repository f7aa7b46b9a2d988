"""Contracts of the numeric crossbar on random arrays: round trips, independence of batches, linearity of wires."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from archsim.numeric import (
    BIT_SERIAL,
    CellLayout,
    CrossbarSettings,
    ExactWires,
    FixedRange,
    InputCircuit,
    IterativeBound,
    LowFrequencyNoise,
    OutputCircuit,
    Polarity,
    ReadNoise,
    Scaling,
    Span,
    Stream,
    WireResistance,
    effective_conductance,
    multiply,
    program,
)
from archsim.numeric.devices import IdealDevice, PcmDevice
from archsim.numeric.encodings import (
    BitSlices,
    CorrectedPairs,
    DifferentialPair,
    OffsetCell,
    RedundantPairs,
    SharedReference,
    SignificancePairs,
)
from archsim.numeric.wires import with_wires

SIGNIFICANCES = st.lists(st.floats(0.1, 8.0), min_size=1, max_size=4).map(tuple)
EXACT_ENCODINGS = st.one_of(
    st.builds(DifferentialPair, st.booleans()),
    st.builds(SignificancePairs, SIGNIFICANCES),
    st.builds(RedundantPairs, st.integers(1, 4)),
    st.builds(CorrectedPairs, SIGNIFICANCES),
    st.just(SharedReference()),
    st.just(OffsetCell()),
)


@st.composite
def slicings(draw):
    offset = draw(st.booleans())
    bits = draw(st.integers(2, 16))
    slices = draw(st.integers(1, bits if offset else bits - 1))
    return BitSlices(bits, slices, offset)


WEIGHTS = arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    elements=st.floats(-100, 100, allow_nan=False, width=32),
)
SCALINGS = st.builds(Scaling, st.sampled_from([Span.TILE, Span.COLUMN]), st.floats(0.1, 1.0), st.booleans())
DEVICES = st.sampled_from([IdealDevice(), IdealDevice(2.5e-6, 25e-6), IdealDevice(9e-6, 88.2e-6)])


@given(WEIGHTS, EXACT_ENCODINGS, SCALINGS, DEVICES)
def test_weights_come_back_from_conductances(weights, encoding, scaling, device):
    array = program(weights, CrossbarSettings(encoding=encoding, scaling=scaling, device=device), Stream(0))
    largest = np.abs(weights).max()
    np.testing.assert_allclose(array.weights_at(0.0), weights, atol=1e-12 * max(largest, 1e-300) / scaling.omega)
    for plane in array.planes:
        assert plane.target_s.min() >= device.g_min_s * (1 - 1e-12)
        assert plane.target_s.max() <= device.g_max_s * (1 + 1e-12)


@given(WEIGHTS, slicings(), SCALINGS, DEVICES)
def test_sliced_weights_come_back_to_half_a_step(weights, encoding, scaling, device):
    array = program(weights, CrossbarSettings(encoding=encoding, scaling=scaling, device=device), Stream(0))
    step = array.scale / (2 ** (encoding.weight_bits - 1) - 1)
    found = array.weights_at(0.0)
    assert (np.abs(found - weights) <= 0.5 * step * (1 + 1e-9)).all()


NOISY = CrossbarSettings(
    encoding=SharedReference(),
    device=PcmDevice(),
    read_noise=ReadNoise(LowFrequencyNoise.FRESH),
    inputs=InputCircuit(bits=6, waveform=BIT_SERIAL, polarity=Polarity.SPLIT_INPUTS, noise=0.01),
    outputs=OutputCircuit(bits=7, range=FixedRange(2.0), noise=0.05, bound_management=IterativeBound(4.0)),
)
STATE = program(np.random.default_rng(3).normal(size=(30, 17)), NOISY, Stream(5, (1,))).at(100.0)
VECTORS = np.random.default_rng(4).normal(size=(600, 30)).astype(np.float32)
WHOLE = multiply(STATE, VECTORS, first_sample=1000)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 600), max_size=4))
def test_splitting_a_batch_changes_no_bit(cuts):
    edges = [0, *sorted(cuts), 600]
    parts = [multiply(STATE, VECTORS[low:high], first_sample=1000 + low) for low, high in pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate([part.outputs for part in parts]), WHOLE.outputs)
    np.testing.assert_array_equal(np.concatenate([part.repeats for part in parts]), WHOLE.repeats)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 599))
def test_a_vector_alone_gives_what_it_gives_in_a_batch(index):
    alone = multiply(STATE, VECTORS[index : index + 1], first_sample=1000 + index)
    np.testing.assert_array_equal(alone.outputs[0], WHOLE.outputs[index])


@settings(deadline=None, max_examples=10)
@given(st.permutations(list(range(4))))
def test_the_order_of_blocks_changes_no_bit(order):
    def block(index):
        weights = np.random.default_rng(index).normal(size=(30, 17))
        return multiply(program(weights, NOISY, Stream(5, (index,))).at(100.0), VECTORS[:10]).outputs

    found = {index: block(index) for index in order}
    np.testing.assert_array_equal(np.stack([found[index] for index in range(4)]), FOUR_BLOCKS)


FOUR_BLOCKS = np.stack(
    [
        multiply(
            program(np.random.default_rng(i).normal(size=(30, 17)), NOISY, Stream(5, (i,))).at(100.0), VECTORS[:10]
        ).outputs
        for i in range(4)
    ]
)

CELLS = arrays(
    np.float64, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.floats(1e-7, 1e-3, allow_nan=False)
)
OHMS = st.one_of(st.just(0.0), st.floats(1e-3, 1e4))


@given(CELLS, OHMS, OHMS)
def test_wires_only_take_away(cells, row_ohm, column_ohm):
    effective = effective_conductance(cells, WireResistance(row_ohm, column_ohm))
    assert (effective > 0).all()
    # A column's current for all rows driven alike cannot exceed what perfect wires give.
    assert (effective.sum(axis=0) <= cells.sum(axis=0) * (1 + 1e-9)).all()


@given(CELLS, OHMS, OHMS)
def test_drivers_and_senses_can_be_swapped(cells, row_ohm, column_ohm):
    effective = effective_conductance(cells, WireResistance(row_ohm, column_ohm))
    swapped = effective_conductance(np.ascontiguousarray(cells[::-1, ::-1].T), WireResistance(column_ohm, row_ohm))
    np.testing.assert_allclose(swapped.T[::-1, ::-1], effective, rtol=1e-8, atol=1e-15)


@given(CELLS, st.floats(1e-3, 1e3))
def test_separate_planes_are_solved_apart(cells, ohm):
    wires = ExactWires(WireResistance(ohm, ohm), CellLayout.SEPARATE)
    both = with_wires([cells, cells / 2], wires)
    np.testing.assert_array_equal(both[0], effective_conductance(cells, wires.resistance))
    np.testing.assert_array_equal(both[1], effective_conductance(cells / 2, wires.resistance))
