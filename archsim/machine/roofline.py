"""A processor by its roofline, as a unit that works layer by layer: each pass is a kernel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from archsim.chip import Chip
from archsim.chip.roofline_tile import ROOFLINE, RooflineTile
from archsim.chip.stepped_tile import TensorsAre, WeightsAre
from archsim.chip.tile_kinds import TileKind
from archsim.columns import Ids
from archsim.machine.exchange import gathering
from archsim.machine.matrix_unit import BlockLimits
from archsim.machine.part import Kind, Part, Place, Purpose, process_facts
from archsim.machine.stages import Action, BlockShapes, Pass, Stage
from archsim.machine.stepped import Elementwise, Keeping, Operands, Product, Spent, Steps
from archsim.machine.systolic.zeros import shortened, stored_share
from archsim.machine.vector_unit import AHEAD, spread, unit_steps
from archsim.network import Network
from archsim.program import Kind as Resource
from archsim.program import Role
from archsim.units import period_ps, picoseconds

PROCESSORS = "processors"
STEPS = 64
"""Of a kernel: what of a kernel's first fetch no computing hides is one of so many."""
START = 2
"""Steps of a kernel's start, before which nothing of it is fetched: as many as are fetched ahead."""


@dataclass(frozen=True, slots=True)
class RooflineDevice:
    """The processors of a device, together.

    Parameters
    ----------
    chip : Chip
    tile : RooflineTile
        Of that chip.
    """

    chip: Chip
    tile: RooflineTile

    @property
    def places(self) -> int:
        """They work on one layer together."""
        return 1

    @property
    def limits(self) -> BlockLimits:
        """Weights that all processors multiply by in a cycle."""
        return BlockLimits(self.tile.chosen.macs, self.tile.processors)

    @property
    def passes(self) -> frozenset[Pass]:
        """Products, and those of training: a transposed one, and that of inputs and errors which changes weights."""
        return frozenset({Pass.FORWARD, Pass.TRANSPOSED, Pass.UPDATE})

    @property
    def endurance(self) -> None:
        """Nothing wears out."""
        return None

    def stages(self, blocks: BlockShapes, doing: Pass) -> tuple[Stage, ...]:
        """At the peak, one multiplication of each multiplier a cycle."""
        cycle = np.full(len(blocks), period_ps(self.tile.clock), np.int64)
        macs = (Action(PROCESSORS, self.tile.format, blocks.weights.astype(np.float64)),)
        read = blocks.rows * self.chip.activation_bits
        made = blocks.columns * self.chip.activation_bits
        return (Stage(Role.MULTIPLY, Resource.ARRAY, PROCESSORS, cycle, cycle, read, made, actions=macs),)

    def parts(self) -> tuple[Part, ...]:
        """The device as a whole."""
        tile = self.tile
        described = (PROCESSORS, Kind.UNIT, Place.TILE, Purpose.COMPUTE, 1, tuple(tile.formats), tile.cost)
        covers = frozenset(Purpose(served) for served in tile.covers.served)
        return (Part(*described, process_facts(self.chip), "tile.cost", covers=covers),)

    @property
    def keeping(self) -> Keeping:
        """All that stays is in the cache; what an element-wise layer alone reads never leaves the processors."""
        tile = self.tile
        return Keeping(
            weight_bits=tile.weight_bits,
            weights=self._cache if tile.weights is WeightsAre.RESIDENT else None,
            weights_between=self._cache / 2,
            buffer=self._cache,
            tensors=tile.tensors is TensorsAre.KEPT,
            hands_over=True,
        )

    @property
    def devices(self) -> int:
        """That share every layer: each has a part of its weights' columns."""
        chips = self.chip.system.chips
        return chips if isinstance(chips, int) else 1

    @property
    def _cache(self) -> float:
        """Bits of all devices' caches."""
        return self.tile.buffer.capacity * self.devices

    def check(self, network: Network, samples: int) -> None:
        """Any network will do."""

    def product(self, product: Product, most: int) -> Steps:
        """A kernel that multiplies."""
        product = self._thinned(product)
        tile, operands = self.tile, product.operands
        macs = product.vectors * product.rows * product.columns * product.groups
        computing = macs / (tile.macs_per_s * tile.peak_share * self.devices)
        seconds = max(computing, self._through_cache(operands))
        count = max(1, min(STEPS, most - START))
        share = np.arange(1, count + 1) / count
        kernel = Steps(
            role=Role.MULTIPLY,
            resource=Resource.ARRAY,
            label=PROCESSORS,
            interval=_divided(picoseconds(seconds), count),
            latency=0,
            inputs=spread(operands.inputs_fetched, share),
            weights=spread(operands.weights_fetched, share),
            outputs=spread(operands.outputs_written, share),
            done=share,
            ahead=AHEAD,
            spent=(Spent(PROCESSORS, tile.format, float(product.macs)), *self._sent(operands)),
        )
        return started(self._exchanged(kernel, operands), picoseconds(tile.launch + tile.startup))

    def _thinned(self, product: Product) -> Product:
        """The rows and the bits that a pattern of zeros leaves of constant weights."""
        zeros = self.tile.zero_weights
        if zeros is None or not product.constant:
            return product
        stored = stored_share(self.tile.weight_bits, zeros)
        operands = replace(
            product.operands,
            weights=ceil(product.operands.weights * stored),
            weights_fetched=ceil(product.operands.weights_fetched * stored),
        )
        rows = shortened(product.rows, zeros, 1)
        return replace(product, rows=rows, macs=round(product.macs * (1 - zeros.share)), operands=operands)

    def _exchanged(self, kernel: Steps, operands: Operands) -> Steps:
        """A product's kernel, and each device's results on their way to all others."""
        if self.devices == 1:
            return kernel
        exchange = gathering(self.chip.system, self.devices)
        way = picoseconds(exchange.latency + operands.outputs * exchange.pace)
        return replace(kernel, interval=np.append(kernel.interval[:-1], kernel.interval[-1] + way))

    def _sent(self, operands: Operands) -> tuple[Spent, ...]:
        """Bits over links: every result to every other device."""
        return (Spent("chip-link", "bit", float(operands.outputs * (self.devices - 1))),) if self.devices > 1 else ()

    def elementwise(self, work: Elementwise, most: int) -> Steps:
        """A kernel of its own, or the end of the one before where that hands its results over."""
        kernel = unit_steps(self.chip, work, max(1, min(STEPS, most - START)))
        through = _divided(picoseconds(self._through_cache(work.operands)), len(kernel))
        kernel = replace(kernel, interval=np.maximum(kernel.interval, through))
        return kernel if work.follows else started(kernel, picoseconds(self.tile.launch))

    def _through_cache(self, operands: Operands) -> float:
        """Seconds in which all operands pass between caches and processors."""
        return (operands.inputs + operands.weights + operands.outputs) / (self.tile.buffer_bandwidth * self.devices)


def started(kernel: Steps, start_ps: int) -> Steps:
    """A kernel behind its start: its operands are fetched once it has been started.

    Parameters
    ----------
    kernel : Steps
    start_ps : int
        Picoseconds.
    """
    begin = np.array([max(1, start_ps - 1), 1], np.int64)
    nothing = np.zeros(START, np.int64)

    def behind(column: Ids) -> Ids:
        return np.concatenate([nothing, column])

    return replace(
        kernel,
        interval=np.concatenate([begin, kernel.interval]),
        inputs=behind(kernel.inputs),
        weights=behind(kernel.weights),
        outputs=behind(kernel.outputs),
        done=np.concatenate([np.zeros(START), kernel.done]),
    )


def _divided(total_ps: int, count: int) -> Ids:
    """So many nearly equal parts, each of 1 ps at least."""
    ends = np.arange(1, count + 1, dtype=np.int64) * total_ps // count
    parts: Ids = np.maximum(np.diff(ends, prepend=0), 1)
    return parts


def _unit(chip: Chip) -> RooflineDevice:
    assert isinstance(chip.tile, RooflineTile)
    return RooflineDevice(chip, chip.tile)


ROOFLINE_DEVICE = TileKind(ROOFLINE, RooflineTile, _unit)
