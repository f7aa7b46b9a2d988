"""What the passes of a layer multiply, read and make: the questions that its device answers with steps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from archsim.columns import Ids
from archsim.machine.stepped import Elementwise, Keeping, Operands, Product, Shared
from archsim.mapping import Placement
from archsim.mapping.stepped import Kept, StepPlan
from archsim.network import NOTHING, Digital, Edge, Layer, Matrix, Primitive, Use, keys_read, weights_of
from archsim.network.work import scaled, together

Work = Product | Elementwise


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass of a layer.

    Parameters
    ----------
    layer : Layer
    start, stop : int
        Tokens of each sample.
    again : bool
        Whether the layer had one before.
    room : int
        Bits of the buffer that no tensor takes which stays.
    """

    layer: Layer
    start: int
    stop: int
    again: bool
    room: int

    @property
    def tokens(self) -> int:
        """Of each sample."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Questions:
    """Passes of a placed network, as works.

    Parameters
    ----------
    placement : Placement
    plan : StepPlan
        Of it.
    keeping : Keeping
        Of its device.
    """

    placement: Placement
    plan: StepPlan
    keeping: Keeping
    _reaches: dict[Edge, tuple[Ids, Ids]] = field(default_factory=dict)
    _keys: dict[str, Ids] = field(default_factory=dict)

    def stages(self, number: int) -> tuple[tuple[Work, ...], ...]:
        """What one pass consists of: products, something element-wise, or one behind the other."""
        passes, network = self.plan.passes, self.placement.network
        index = int(passes.layer[number])
        layer = network.order[index]
        here = _Pass(
            layer,
            int(passes.start[number]),
            int(passes.stop[number]),
            bool(passes.again[number]) and index in self.plan.reuses,
            max(0, int(self.keeping.buffer) - int(self.plan.held[number])),
        )
        if isinstance(layer.operator, Matrix):
            return ((self._matrix(here, layer.operator),),)
        assert isinstance(layer.operator, Digital)
        if layer.operator.product:
            return self._dynamic(here, layer.operator)
        return ((self._digital(here, layer.operator),),)

    @property
    def _samples(self) -> int:
        return self.plan.samples

    def _matrix(self, here: _Pass, operator: Matrix) -> Product:
        weights = weights_of(here.layer)
        bits = weights.count * self.keeping.weight_bits
        stay = self.keeping.weights is not None or here.again
        operands = self._operands(here, self._inputs(here, None), bits, 0 if stay else bits)
        vectors = here.tokens * self._samples
        sizes = (vectors, weights.rows, weights.columns)
        if operator.use is Use.TRANSPOSED:
            sizes = (vectors, weights.columns, weights.rows)
        elif operator.use is Use.UPDATE:
            # Inputs times errors, over all tokens; what comes out are weights, which go back to where they came from.
            sizes = (weights.rows, vectors, weights.columns)
            operands = replace(operands, outputs=bits, outputs_written=operands.weights_fetched)
        return Product(
            *sizes,
            groups=weights.groups,
            macs=vectors * operator.macs,
            constant=True,
            operands=operands,
            shared=self._shared(here),
            layer=here.layer.name,
        )

    def _shared(self, here: _Pass) -> Shared | None:
        sharing = self.plan.sharing
        return None if sharing is None else sharing.shared(self.placement.index[here.layer.name])

    def _digital(self, here: _Pass, operator: Digital) -> Elementwise:
        keys = self._keys_of(here).sum() if operator.work_per_key else 0
        work = together(
            scaled(operator.work, here.tokens * self._samples),
            scaled(operator.work_per_key, int(keys) * self._samples),
        )
        follows = any(self._kept(edge.source) is Kept.HANDED for edge in self._edges(here))
        return Elementwise(
            operator.kind, work, self._operands(here, self._inputs(here, None), 0, 0), follows, self._chips
        )

    @property
    def _chips(self) -> int:
        """That do a share of what is element-wise."""
        return 1 if self.plan.sharing is None else self.plan.sharing.chips

    def _kept(self, layer: str) -> Kept:
        return self.plan.kept[self.placement.index[layer]]

    def _dynamic(self, here: _Pass, operator: Digital) -> tuple[tuple[Work, ...], ...]:
        """A product of activations: each sample and head multiplies by keys of its own.

        Attention in one layer has two, scores and weighted sums, and a softmax. The array takes whole rectangles: as
        many keys for every token of a pass as for its last.
        """
        keys = self._keys_of(here) if operator.work_per_key else np.ones(here.tokens, np.int64)
        primitives = operator.work_per_key or operator.work
        per_key = dict(primitives)[Primitive.MAC]
        second = self._inputs(here, None, first=1)
        operands = self._operands(here, self._inputs(here, 0), *second)
        macs = int(keys.sum()) * per_key * self._samples
        rest = tuple((primitive, count) for primitive, count in primitives if primitive is not Primitive.MAC)
        if not rest:
            return ((self._one_product(here, per_key * int(keys.max()), macs, operands),),)
        products = self._attention(here, int(keys.max()), macs, operands)
        work = together(
            scaled(rest, int(keys.sum()) * self._samples), scaled(operator.work, here.tokens * self._samples)
        )
        none = replace(operands, inputs_fetched=0, weights_fetched=0, inputs=operands.outputs, weights=0)
        return products, (Elementwise(operator.kind, work, none, follows=True, chips=self._chips),)

    def _attention(self, here: _Pass, keys: int, macs: int, operands: Operands) -> tuple[Product, Product]:
        """Scores, then weighted sums; the weights of the sums stay on the array's side."""
        operator = here.layer.operator
        assert isinstance(operator, Digital)
        edge = next(edge for edge in self._edges(here) if edge.port == operator.keys_port)
        size = max(1, edge.elements // operator.heads)
        queries = max(1, here.layer.width // operator.heads // size) * here.tokens
        groups = operator.heads * self._samples
        half = replace(operands, weights=operands.weights // 2, weights_fetched=operands.weights_fetched // 2)
        scores = replace(half, outputs=queries * keys * groups * self._activation, outputs_written=0)
        sums = replace(half, inputs=scores.outputs, inputs_fetched=0)
        return (
            Product(queries, size, keys, groups, macs // 2, scores, shared=self._shared(here)),
            Product(queries, keys, size, groups, macs - macs // 2, sums, shared=self._shared(here)),
        )

    def _one_product(self, here: _Pass, macs: int, total: int, operands: Operands) -> Product:
        """The sizes that macs, width and first operand of a token leave: groups x rows x columns."""
        width = here.layer.width
        first = sum(edge.elements for edge in self._edges(here) if edge.port == 0)
        rows = max(1, round(macs / width))
        groups = max(1, round(first / rows))
        columns = max(1, round(width / groups))
        sizes = (here.tokens, rows, columns, groups * self._samples)
        return Product(*sizes, total, operands, shared=self._shared(here))

    def _keys_of(self, here: _Pass) -> Ids:
        name = here.layer.name
        if name not in self._keys:
            self._keys[name] = keys_read(self.placement.network, here.layer)
        return self._keys[name][here.start : here.stop]

    def _edges(self, here: _Pass) -> tuple[Edge, ...]:
        return self.placement.network.inputs_of(here.layer.name)

    @property
    def _activation(self) -> int:
        return self.placement.chip.activation_bits

    def _inputs(self, here: _Pass, port: int | None, *, first: int = 0) -> tuple[int, int]:
        """Bits that a pass reads of one input, or of all from the ``first`` on, and those of them in memory."""
        total = stored = 0
        for edge in self._edges(here):
            if edge.port == port or (port is None and edge.port >= first):
                bits = self._touched(here, edge) * edge.elements * self._samples * self._activation
                total += bits
                stored += bits * (self.plan.kept[self.placement.index[edge.source]] is Kept.IN_MEMORY)
        return total, stored

    def _touched(self, here: _Pass, edge: Edge) -> int:
        """Tokens of a source that a pass reads, those cached before it included."""
        if edge not in self._reaches:
            source = self.placement.network.by_name[edge.source]
            self._reaches[edge] = edge.access.reach(source.tokens, here.layer.tokens)
        first, last = (end[here.start : here.stop] for end in self._reaches[edge])
        there = last != NOTHING
        return edge.context + (int(last[there].max() - first[there].min()) + 1 if there.any() else 0)

    def _operands(self, here: _Pass, inputs: tuple[int, int], weights: int, weights_fetched: int) -> Operands:
        made = here.tokens * here.layer.width * self._samples * self._activation
        stored = self.plan.kept[self.placement.index[here.layer.name]] is Kept.IN_MEMORY
        return Operands(inputs[0], weights, made, inputs[1], weights_fetched, made * stored, here.room)
