"""Cores of spiking neurons as a unit that works in steps: a step is a tick, and all layers work at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.chip import Chip
from archsim.chip.spiking_tile import SPIKING, SpikingTile
from archsim.chip.tile_kinds import TileKind
from archsim.errors import CapacityError, InputError, MissingUnit
from archsim.machine.matrix_unit import BlockLimits
from archsim.machine.part import Kind, Part, Place, Purpose, process_facts
from archsim.machine.stages import Action, BlockShapes, Pass, Stage
from archsim.machine.stepped import Elementwise, Keeping, Product, Spent, Steps
from archsim.machine.vector_unit import AHEAD
from archsim.network import Matrix, Network, Primitive, weights_of
from archsim.program import Kind as Resource
from archsim.program import Role
from archsim.units import picoseconds

CORES, EVENT = "cores", "event"
ROOM = 1 << 62
"""Bits for what lies in neurons and synapses: the check counts cores, not bits."""
NO_RATES = frozenset({Primitive.EXP, Primitive.RSQRT, Primitive.LOOKUP})
"""What no neuron that adds and fires can do: sigmoids, softmax, normalisation over a token, tables."""


@dataclass(frozen=True, slots=True)
class SpikingCores:
    """The cores of a chip.

    Parameters
    ----------
    chip : Chip
    tile : SpikingTile
        Of that chip.
    """

    chip: Chip
    tile: SpikingTile

    @property
    def places(self) -> int:
        """Cores."""
        return self.tile.cores

    @property
    def limits(self) -> BlockLimits:
        """Synapses of a core."""
        return BlockLimits(self.tile.inputs, self.tile.neurons)

    @property
    def passes(self) -> frozenset[Pass]:
        """Forward only."""
        return frozenset({Pass.FORWARD})

    @property
    def endurance(self) -> None:
        """Nothing wears out."""
        return None

    def stages(self, blocks: BlockShapes, doing: Pass) -> tuple[Stage, ...]:
        """A product lasts as long as a sample."""
        sample = np.full(len(blocks), picoseconds(self.tile.tick) * self.tile.ticks, np.int64)
        events = (Action(CORES, EVENT, blocks.weights.astype(np.float64) * self._events_per_mac),)
        read, made = (side * self.chip.activation_bits for side in (blocks.rows, blocks.columns))
        return (Stage(Role.MULTIPLY, Resource.ARRAY, CORES, sample, sample, read, made, actions=events),)

    def parts(self) -> tuple[Part, ...]:
        """The chip as a whole."""
        covers = frozenset(Purpose(served) for served in self.tile.covers.served)
        described = (CORES, Kind.UNIT, Place.TILE, Purpose.COMPUTE, 1, (EVENT,), self.tile.cost)
        return (Part(*described, process_facts(self.chip), "tile.cost", covers=covers),)

    @property
    def keeping(self) -> Keeping:
        """Everything stays where it is."""
        return Keeping(1, ROOM, ROOM, ROOM, tensors=True, hands_over=True)

    def check(self, network: Network, samples: int) -> None:
        """Refuse what has more neurons than there are, and samples that would need them at the same time."""
        if samples > 1:
            raise InputError(
                f"{samples} samples go together, and each needs all neurons of its own",
                where=f"chip {self.chip.name!r}, mapping.schedule.samples",
                remedy="Write 'samples: 1': the next follows when all ticks of one are through.",
            )
        needed = sum(self.cores_of(network, number) for number in range(len(network.matrices)))
        if needed > self.tile.cores:
            raise CapacityError(
                f"{network.name} needs {needed:,} cores, every position of every layer its own neurons, and there are "
                f"{self.tile.cores:,}: {needed - self.tile.cores:,} too few",
                where=f"chip {self.chip.name!r}",
                remedy="Take a smaller network, or a chip file with more cores (tile.cores).",
            )

    def cores_of(self, network: Network, number: int) -> int:
        """Cores of a matrix layer: several positions share one where their inputs and neurons fit."""
        layer, tile = network.matrices[number], self.tile
        assert isinstance(layer.operator, Matrix)
        weights = weights_of(layer)
        blocks = -(-weights.rows // tile.inputs) * -(-weights.columns // tile.neurons)
        shared = max(1, min(tile.inputs // weights.rows, tile.neurons // weights.columns))
        return -(-layer.tokens * weights.groups // shared) * blocks

    def product(self, product: Product, most: int) -> Steps:
        """A layer's synapses, tick by tick."""
        events = product.macs * self._events_per_mac
        return self._ticks(Role.MULTIPLY, Resource.ARRAY, CORES, picoseconds(self.tile.tick), most, events)

    def elementwise(self, work: Elementwise, most: int) -> Steps:
        """Part of what neurons do: to rectify is not to fire, to scale is a threshold, to pool and add are synapses."""
        impossible = sorted({primitive for primitive, _ in work.work} & NO_RATES)
        if impossible:
            raise MissingUnit(
                f"{work.kind!r} takes {', '.join(impossible)}, which neurons that add and fire cannot do with rates",
                where=f"chip {self.chip.name!r}",
                remedy="Take a network of products, rectifiers and pooling, or another chip.",
            )
        return self._ticks(Role.COMPUTE, Resource.UNIT, "neurons", 1, most, 0.0)

    @property
    def _events_per_mac(self) -> float:
        """Spikes that arrive at a synapse during a sample."""
        return self.tile.ticks * self.tile.mean_rate

    def _ticks(self, role: Role, resource: Resource, label: str, tick_ps: int, most: int, events: float) -> Steps:
        """As many steps as ticks, or fewer that are several each."""
        count = max(1, min(self.tile.ticks, most))
        ends = np.arange(1, count + 1, dtype=np.int64) * self.tile.ticks // count
        none = np.zeros(count, np.int64)
        return Steps(
            role=role,
            resource=resource,
            label=label,
            interval=np.diff(ends, prepend=0) * tick_ps,
            latency=0,
            inputs=none,
            weights=none,
            outputs=none,
            done=ends / self.tile.ticks,
            ahead=AHEAD,
            spent=(Spent(CORES, EVENT, events),) if events else (),
            apart=True,
        )


def _unit(chip: Chip) -> SpikingCores:
    assert isinstance(chip.tile, SpikingTile)
    return SpikingCores(chip, chip.tile)


SPIKING_CORES = TileKind(SPIKING, SpikingTile, _unit)
