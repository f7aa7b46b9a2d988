"""Random chains of operators: what changes when the model is run must be within what the edges say."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from dependencies import Trial
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from onnx_exports import Export

from archsim.network import Digital, Matrix, Source

MOST_ENTRIES = 400


@dataclass
class Chain:
    """A tensor that grows by random operators."""

    export: Export
    draw: st.DrawFn
    name: str
    shape: tuple[int, ...]

    def pick(self, *options: int) -> int:
        return self.draw(st.sampled_from(options))

    def axis(self) -> int:
        return self.draw(st.integers(0, len(self.shape) - 1))

    def set(self, name: str, shape: tuple[int, ...]) -> None:
        self.name, self.shape = name, tuple(shape)

    def ints(self, values: list[int]) -> str:
        return self.export.constant(np.array(values, np.int64))

    # movements

    def reshape(self) -> None:
        """Merge two neighbouring axes, or split one."""
        axis, shape = self.axis(), list(self.shape)
        divisors = [size for size in range(2, shape[axis]) if shape[axis] % size == 0]
        if divisors and len(shape) < 5 and self.pick(0, 1):
            part = self.pick(*divisors)
            shape[axis : axis + 1] = [part, shape[axis] // part]
        elif axis + 1 < len(shape) and len(shape) > 2:
            shape[axis : axis + 2] = [shape[axis] * shape[axis + 1]]
        self.set(self.export.op("Reshape", self.name, self.ints(shape)), tuple(shape))

    def transpose(self) -> None:
        order = self.draw(st.permutations(range(len(self.shape))))
        shape = tuple(self.shape[axis] for axis in order)
        self.set(self.export.op("Transpose", self.name, perm=list(order)), shape)

    def slice(self) -> None:
        axis = self.axis()
        size = self.shape[axis]
        if self.pick(0, 1):
            start, step = self.pick(0, min(1, size - 1)), self.pick(1, 2)
            indices = np.arange(start, size, step)
            bounds = (start, size, step)
        else:
            indices, bounds = np.arange(size)[::-1], (-1, -size - 5, -1)
        name = self.export.op("Slice", self.name, *(self.ints([value]) for value in (*bounds[:2], axis, bounds[2])))
        self.set(name, (*self.shape[:axis], len(indices), *self.shape[axis + 1 :]))

    def split_concat(self) -> None:
        axis = self.axis()
        size = self.shape[axis]
        assume(size > 1)
        cut = self.draw(st.integers(1, size - 1))
        parts = self.export.ops("Split", self.name, self.ints([cut, size - cut]), outputs=2, axis=axis)
        self.set(self.export.op("Concat", *parts[::-1], axis=axis), self.shape)

    def concat_constant(self) -> None:
        axis = self.axis()
        shape = (*self.shape[:axis], 1, *self.shape[axis + 1 :])
        name = self.export.op("Concat", self.export.weight(*shape), self.name, axis=axis)
        self.set(name, (*self.shape[:axis], self.shape[axis] + 1, *self.shape[axis + 1 :]))

    def concat_self(self) -> None:
        axis = self.axis()
        assume(prod(self.shape) * 2 <= MOST_ENTRIES)
        name = self.export.op("Concat", self.name, self.name, axis=axis)
        self.set(name, (*self.shape[:axis], 2 * self.shape[axis], *self.shape[axis + 1 :]))

    def pad(self) -> None:
        axis, rank = self.axis(), len(self.shape)
        mode = self.draw(st.sampled_from(["constant", "edge", "reflect"]))
        assume(mode != "reflect" or self.shape[axis] > 1)
        pads = [0] * (2 * rank)
        pads[axis] = 1
        name = self.export.op("Pad", self.name, self.ints(pads), mode=mode)
        self.set(name, (*self.shape[:axis], self.shape[axis] + 1, *self.shape[axis + 1 :]))

    def gather(self) -> None:
        axis = self.axis()
        indices = self.draw(st.lists(st.integers(0, self.shape[axis] - 1), min_size=1, max_size=4))
        name = self.export.op("Gather", self.name, self.ints(indices), axis=axis)
        self.set(name, (*self.shape[:axis], len(indices), *self.shape[axis + 1 :]))

    # work

    def matmul(self) -> None:
        assume(len(self.shape) > 1)
        columns = self.pick(2, 3)
        name = self.export.op("MatMul", self.name, self.export.weight(self.shape[-1], columns))
        self.set(name, (*self.shape[:-1], columns))

    def weighted_left(self) -> None:
        assume(len(self.shape) > 1)
        rows = self.pick(2, 3)
        name = self.export.op("MatMul", self.export.weight(rows, self.shape[-2]), self.name)
        self.set(name, (*self.shape[:-2], rows, self.shape[-1]))

    def gram(self) -> None:
        """x times its own transpose: a dynamic product."""
        assume(len(self.shape) > 1)
        order = [*range(len(self.shape) - 2), len(self.shape) - 1, len(self.shape) - 2]
        name = self.export.op("MatMul", self.name, self.export.op("Transpose", self.name, perm=order))
        self.set(name, (*self.shape[:-1], self.shape[-2]))

    def convolve(self) -> None:
        assume(len(self.shape) == 4)
        stride = self.pick(1, 2)
        pads = [self.pick(0, 1) for _ in range(4)]
        grid = [size + pads[axis] + pads[axis + 2] - 3 for axis, size in enumerate(self.shape[2:])]
        assume(min(grid) >= 0)
        kernel = self.export.weight(3, self.shape[1], 3, 3)
        name = self.export.op("Conv", self.name, kernel, strides=[stride, stride], pads=pads)
        self.set(name, (self.shape[0], 3, *(room // stride + 1 for room in grid)))

    def pool(self) -> None:
        assume(len(self.shape) == 4 and min(self.shape[2:]) >= 2)
        kind = self.draw(st.sampled_from(["MaxPool", "AveragePool"]))
        name = self.export.op(kind, self.name, kernel_shape=[2, 2], strides=[1, 2])
        self.set(name, (*self.shape[:2], self.shape[2] - 1, (self.shape[3] - 2) // 2 + 1))

    def activate(self) -> None:
        self.set(self.export.op("Tanh", self.name), self.shape)

    def softmax(self) -> None:
        self.set(self.export.op("Softmax", self.name, axis=self.axis()), self.shape)

    def normalise(self) -> None:
        axes = self.export.weight(self.shape[-1])
        self.set(self.export.op("LayerNormalization", self.name, axes), self.shape)

    def reduce(self) -> None:
        axis = self.axis()
        name = self.export.op("ReduceSum", self.name, self.ints([axis]), keepdims=1)
        self.set(name, (*self.shape[:axis], 1, *self.shape[axis + 1 :]))

    def add_reversed(self) -> None:
        axis = self.axis()
        bounds = (self.ints([value]) for value in (-1, -self.shape[axis] - 5, axis, -1))
        self.set(self.export.op("Add", self.name, self.export.op("Slice", self.name, *bounds)), self.shape)

    def accumulate(self) -> None:
        axis = self.export.constant(np.int64(self.axis()))
        self.set(self.export.op("CumSum", self.name, axis, reverse=self.pick(0, 1)), self.shape)


MOVES = ["reshape", "transpose", "slice", "split_concat", "concat_constant", "concat_self", "pad", "gather"]
WORK = [
    *("matmul", "weighted_left", "gram", "convolve", "pool", "activate", "softmax", "normalise", "reduce"),
    *("add_reversed", "accumulate"),
]
SHAPES = [(1, 3, 4, 4), (1, 2, 3, 5), (2, 3, 4, 3), (1, 6, 4), (2, 4, 6), (4, 6)]


@st.composite
def chains(draw: st.DrawFn, kinds: tuple[str, ...], longest: int) -> Chain:
    export = Export(seed=draw(st.integers(0, 5)))
    shape = draw(st.sampled_from(SHAPES))
    chain = Chain(export, draw, export.input("x", list(shape)), shape)
    for _ in range(draw(st.integers(1, longest))):
        getattr(chain, draw(st.sampled_from(kinds)))()
        assume(0 < prod(chain.shape) <= MOST_ENTRIES)
    return chain


RELAXED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def _trial(chain: Chain) -> Trial:
    trial = Trial(chain.export.model())
    assume("x" in trial.network.by_name)  # a chain may cut away all but its constants
    return trial


@RELAXED
@given(chains((*MOVES, *WORK), 7))
def test_every_change_is_within_what_the_edges_say(chain: Chain) -> None:
    chain.export.output(chain.export.op("Tanh", chain.name))
    trial = _trial(chain)
    unexpected = trial.seen_by_running() & ~trial.said()
    assert not unexpected.any(), np.argwhere(unexpected)


@RELAXED
@given(chains(tuple(MOVES), 5))
def test_movement_costs_nothing_and_is_followed_entry_by_entry(chain: Chain) -> None:
    """Through an identity matrix every row shows itself: each row must come from where the edges say."""
    assume(len(chain.shape) > 1)
    rows = chain.shape[-1]
    chain.export.output(chain.export.op("MatMul", chain.name, chain.export.array(np.eye(rows))))
    trial = _trial(chain)
    network = trial.network
    matrix = network.matrices[0]
    operators = [layer.operator for layer in network.layers]
    copies = [op for op in operators if isinstance(op, Digital)]
    assert all(op.kind == "copy" for op in copies)
    if copies:
        return
    cut_token = trial.run.tensors[trial.output].token
    assert isinstance(matrix.operator, Matrix)
    for token, element in np.ndindex(network.by_name["x"].tokens, network.by_name["x"].width):
        entries = (trial.view.token == token) & (trial.view.element == element)
        changed = np.argwhere(trial.changed(entries))
        found = {(int(cut_token[tuple(place)]), int(place[-1])) for place in changed}
        allowed, exact = _rows_by_edges(trial, matrix.name, token, element)
        assert found <= allowed
        if exact:
            assert found == allowed


def _rows_by_edges(trial: Trial, name: str, token: int, element: int) -> tuple[set[tuple[int, int]], bool]:
    """(token, row) pairs that may read an element, and whether the edges leave no room for doubt."""
    network = trial.network
    layer = network.by_name[name]
    assert isinstance(layer.operator, Matrix)
    taps, exact = layer.operator.taps, layer.operator.taps == 1
    pairs: set[tuple[int, int]] = set()
    for edge in network.inputs_of(name):
        assert isinstance(network.by_name[edge.source].operator, Source)
        first, last = edge.access.reach(network.by_name[edge.source].tokens, layer.tokens)
        readers = np.flatnonzero((first <= token) & (token <= last))
        exact = exact and not edge.scattered and bool((first == last).all())
        inside = edge.source_start <= element < edge.source_start + edge.elements
        if edge.scattered:
            rows = range(layer.operator.weights.rows)
        elif inside:
            place = edge.target_start + element - edge.source_start
            rows = range(place * taps, (place + 1) * taps)
        else:
            rows = range(0)
        pairs |= {(int(reader), row) for reader in readers for row in rows}
    return pairs, exact
