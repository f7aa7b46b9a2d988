"""The Placement: which block of which weight matrix is on which array, and which unit does each digital layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archsim.chip.digital import Unit
from archsim.chip.schema import Chip
from archsim.machine import BlockShapes, Pass, Stage
from archsim.mapping.dealing import Dealing
from archsim.mapping.floorplan import Floorplan
from archsim.mapping.stepped import StepPlan
from archsim.mapping.turns import Turns
from archsim.network import Digital, Layer, Matrix, Network, Use

Ids = NDArray[np.int64]
_PASSES = {Use.TRANSPOSED: Pass.TRANSPOSED, Use.UPDATE: Pass.UPDATE, Use.WRITE: Pass.WRITE}


class By(Enum):
    """Who makes a layer's tokens."""

    ARRAY = "array"
    """The converters behind arrays, and what sums up there."""
    UNIT = "unit"
    """Digital units."""
    PORT = "port"
    """The chip's port to host and memory."""


def made_by(layer: Layer) -> By:
    """Who makes a layer's tokens; look-up tables lie in memory."""
    if isinstance(layer.operator, Matrix):
        return By.ARRAY
    return By.UNIT if isinstance(layer.operator, Digital) and not layer.operator.table else By.PORT


@dataclass(frozen=True, slots=True)
class Blocks:
    """Weight blocks on arrays, ordered by matrix, replica, column and row; every column has shape ``(blocks,)``.

    Parameters
    ----------
    matrix : int64
        Which of the weights of ``Network.users``.
    replica, row, column : int64
        Copy of the weights, row block within its column block, column block.
    row_start, row_stop, column_start, column_stop : int64
        Part of the matrix (all groups counted).
    weights : int64
        Weights on the array that are not structurally zero.
    node : int64
        Global node: chip times the floorplan's nodes, plus the tile.
    array : int64
        Array of the tile.
    """

    matrix: Ids
    replica: Ids
    row: Ids
    column: Ids
    row_start: Ids
    row_stop: Ids
    column_start: Ids
    column_stop: Ids
    weights: Ids
    node: Ids
    array: Ids

    def __len__(self) -> int:
        return len(self.matrix)

    def of(self, matrix: int) -> slice:
        """Rows that hold one matrix."""
        return slice(*np.searchsorted(self.matrix, [matrix, matrix + 1]).tolist())

    @property
    def shapes(self) -> BlockShapes:
        """Of the blocks, as a matrix unit sees them."""
        return BlockShapes(self.row_stop - self.row_start, self.column_stop - self.column_start, self.weights)

    def final(self, rows: slice, use: Use) -> Ids:
        """Of the blocks of one matrix, counted among them, those that its results come from, in the order of these.

        Sums of row blocks come out of the last one of each column block, those of a transposed product out of the last
        one of each row block; every block is updated by itself.
        """
        if use.changes:
            return np.arange(rows.stop - rows.start)
        if use is Use.TRANSPOSED:
            order = self._across(rows)
            begin = np.stack([self.replica[rows], self.row_start[rows]])[:, order]
            ends: Ids = order[np.append((begin[:, 1:] != begin[:, :-1]).any(axis=0), True)]
            return ends
        column, row = self.column[rows], self.row[rows]
        return np.flatnonzero(np.append((column[1:] != column[:-1]) | (row[1:] <= row[:-1]), True))

    def _across(self, rows: slice) -> Ids:
        """Blocks of one matrix in the order in which transposed sums travel: row block by row block."""
        return np.lexsort((self.column[rows], self.row_start[rows], self.replica[rows]))


@dataclass(frozen=True, slots=True)
class Uses:
    """Which layer multiplies by which block, ordered by layer and block; every column has shape ``(uses,)``.

    Parameters
    ----------
    layer : int64
        Index into ``Network.order``.
    block : int64
        Row of ``Blocks``. Layers that use the same weights meet at the same blocks.
    """

    layer: Ids
    block: Ids

    def __len__(self) -> int:
        return len(self.layer)

    def take(self, rows: Ids) -> Uses:
        """Some of them."""
        return Uses(self.layer[rows], self.block[rows])


@dataclass(frozen=True, slots=True)
class Homes:
    """Where each part of each layer's output is made, ordered by layer; every column has shape ``(parts,)``.

    Parameters
    ----------
    layer, replica : int64
        Replica j of r makes runs j, j + r, j + 2r, ... of tokens.
    part : int64
        Number of the slice of the token's width.
    start, stop : int64
        Elements of the token.
    node : int64
        Global node.
    unit : int64
        Of parts that a unit makes: its kind, counted along ``Chip.units``.
    """

    layer: Ids
    replica: Ids
    part: Ids
    start: Ids
    stop: Ids
    node: Ids
    unit: Ids

    def __len__(self) -> int:
        return len(self.layer)


@dataclass(frozen=True)
class Placement:
    """A network laid on a system of chips.

    Parameters
    ----------
    network : Network
        As it was mapped (grouped convolutions are digital layers where the chip says so).
    chip : Chip
    floorplan : Floorplan
        Of one chip.
    chips : int
        Chips used.
    replicas : tuple of int
        Copies of each layer, in the order of ``Network.order``.
    blocks : Blocks
    homes : Homes
    interleave : int
        Samples whose tokens take turns; units have room for so many samples' keys and values.
    turns : Turns, optional
        Which layers work when; all at once where not given.
    plan : StepPlan, optional
        On a device that works layer by layer: the order of its passes, and what stays there. It has no blocks.
    runs : tuple of int, optional
        Tokens of each layer that follow each other in one copy, in the order of ``Network.order``; one where not given.
    travelled_before : float, optional
        Where the chip names an optimiser: bits times links per sample before tiles changed places.
    """

    network: Network
    chip: Chip
    floorplan: Floorplan
    chips: int
    replicas: tuple[int, ...]
    blocks: Blocks
    homes: Homes
    interleave: int
    turns: Turns | None = None
    plan: StepPlan | None = None
    runs: tuple[int, ...] | None = None
    travelled_before: float | None = None

    @cached_property
    def index(self) -> dict[str, int]:
        """Layer indices by name."""
        return {layer.name: index for index, layer in enumerate(self.network.order)}

    @cached_property
    def dealings(self) -> tuple[Dealing, ...]:
        """How the tokens of each layer are dealt to its copies, in the order of ``Network.order``."""
        return tuple(map(Dealing, self.replicas, self.runs or (1,) * len(self.replicas)))

    @cached_property
    def dealt(self) -> dict[str, Dealing]:
        """The same by name."""
        return {layer.name: dealing for layer, dealing in zip(self.network.order, self.dealings, strict=True)}

    @cached_property
    def matrix(self) -> dict[str, int]:
        """Which of the weights of ``Network.users`` each matrix layer uses, by name."""
        users = self.network.users.values()
        return {layer.name: matrix for matrix, layers in enumerate(users) for layer in layers}

    @cached_property
    def holders(self) -> Ids:
        """For each of the weights of ``Network.users``, the first layer that uses them, as an index."""
        return np.array([self.index[layers[0].name] for layers in self.network.users.values()], np.int64)

    def tokens_of(self, layer: Ids, replica: Ids) -> Ids:
        """Tokens per sample of copies of layers, given as indices and numbers of copies; all of one shape."""
        produced, copies, runs = self._sizes[:, layer]
        rounds, rest = np.divmod(produced, copies * runs)
        tokens: Ids = rounds * runs + np.clip(rest - replica * runs, 0, runs)
        return tokens

    @cached_property
    def _sizes(self) -> Ids:
        """Tokens, copies and length of a run of each layer, shape ``(3, layers)``."""
        rows = zip(self.network.order, self.dealings, strict=True)
        return np.array([(layer.tokens, dealt.copies, dealt.run) for layer, dealt in rows], np.int64).reshape(-1, 3).T

    def holder_of(self, layer: str) -> int:
        """The first layer that uses a layer's weights, as an index."""
        return int(self.holders[self.matrix[layer]])

    def turn_of(self, layer: str) -> int:
        """Which of the layers that use its weights a layer is."""
        users = list(self.network.users.values())[self.matrix[layer]]
        return next(turn for turn, user in enumerate(users) if user.name == layer)

    @cached_property
    def uses(self) -> Uses:
        """The products of all matrix layers, block by block."""
        layers = [index for index, layer in enumerate(self.network.order) if layer.name in self.matrix]
        blocks = [np.arange(rows.start, rows.stop) for rows in (self.blocks_of(layer) for layer in layers)]
        none = np.zeros(0, np.int64)
        return Uses(
            np.repeat(np.array(layers, np.int64), [len(rows) for rows in blocks]), np.concatenate([none, *blocks])
        )

    @cached_property
    def _use_bounds(self) -> Ids:
        return np.searchsorted(self.uses.layer, np.arange(len(self.replicas) + 1))

    @cached_property
    def _home_bounds(self) -> Ids:
        return np.searchsorted(self.homes.layer, np.arange(len(self.replicas) + 1))

    @cached_property
    def products(self) -> tuple[Stage, ...]:
        """The stages of a product with each block; their columns have shape ``(blocks,)``."""
        return self.all_stages[Use.FORWARD]

    @cached_property
    def all_stages(self) -> dict[Use, tuple[Stage, ...]]:
        """The same of every use that there is, and of products in any case."""
        _, back = self.shapes
        return {use: tuple(stage.at(back) for stage in stages) for use, stages in self.shape_stages.items()}

    @cached_property
    def shape_stages(self) -> dict[Use, tuple[Stage, ...]]:
        """The same by shapes of blocks."""
        shapes, _ = self.shapes
        asked = (use for use, rows in self.used.items() if len(rows) and use is not Use.FORWARD)
        uses = (Use.FORWARD, *asked)
        return {use: self.floorplan.unit.stages(shapes, _PASSES.get(use, Pass.FORWARD)) for use in uses}

    @cached_property
    def use(self) -> tuple[Use, ...]:
        """What each layer of ``Network.order`` does with weights; of one without, the first of them."""
        operators = (layer.operator for layer in self.network.order)
        return tuple(operator.use if isinstance(operator, Matrix) else Use.FORWARD for operator in operators)

    @cached_property
    def used(self) -> dict[Use, Ids]:
        """Rows of ``uses``, by what is done."""
        if self.network.learning is None:
            return {Use.FORWARD: np.arange(len(self.uses), dtype=np.int64)}
        each = np.array([list(Use).index(use) for use in self.use], np.int64)[self.uses.layer]
        return {use: np.flatnonzero(each == number) for number, use in enumerate(Use)}

    @property
    def changing(self) -> Ids:
        """Rows of ``uses`` after which weights are others."""
        return np.sort(np.concatenate([rows for use, rows in self.used.items() if use.changes]))

    def rewriting(self, doing: Pass) -> tuple[Stage, ...]:
        """The stages of a transfer or a refresh of each block; nothing where the chip makes none."""
        return self._stages(doing) if doing in self.floorplan.unit.passes else ()

    @cached_property
    def shapes(self) -> tuple[BlockShapes, Ids]:
        """Shapes of blocks, each once, and the number of each block's."""
        return self.blocks.shapes.distinct()

    @cached_property
    def shared(self) -> NDArray[np.bool_]:
        """Whether the array of each use serves several uses, shape ``(uses,)``."""
        places = int(self.blocks.array.max(initial=0)) + 1
        array = (self.blocks.node * places + self.blocks.array)[self.uses.block]
        return np.asarray(np.bincount(array)[array] > 1) if len(array) else np.zeros(0, np.bool_)

    @cached_property
    def shapes_used(self) -> tuple[Ids, Ids]:
        """Layers with weights, and shapes of blocks that each of them uses: each pair once, by layer."""
        shapes, back = self.shapes
        pairs = np.unique(self.uses.layer * len(shapes) + back[self.uses.block])
        layer, shape = np.divmod(pairs, max(1, len(shapes)))
        return layer, shape

    def _stages(self, doing: Pass) -> tuple[Stage, ...]:
        shapes, back = self.shapes
        return tuple(stage.at(back) for stage in self.floorplan.unit.stages(shapes, doing))

    @cached_property
    def writing(self) -> tuple[Stage, ...]:
        """The stages of writing the blocks that are written anew, whose columns have shape ``(reloaded blocks,)``."""
        if self.turns is None or not self.turns.reloaded.any():
            return ()
        shapes, back = self.shapes
        stages = self.floorplan.unit.stages(shapes, Pass.PROGRAM)
        return tuple(stage.at(back[self.turns.reloaded]) for stage in stages)

    def on(self, chip: Chip) -> Placement:
        """The same places on another chip, which says the same wherever placing had read.

        All that follows from the chip is read anew, as it may have been read of the one before for other reasons.
        """
        other = replace(self, chip=chip, floorplan=Floorplan(chip))
        vars(other).update({name: getattr(self, name) for name in _OF_THE_NETWORK})
        return other

    def blocks_of(self, layer: int) -> slice:
        """Rows of ``blocks`` that a layer uses."""
        matrix = self.matrix.get(self.network.order[layer].name)
        return slice(0, 0) if matrix is None else self.blocks.of(matrix)

    def uses_of(self, layer: int) -> slice:
        """Rows of ``uses`` that belong to a layer."""
        return slice(int(self._use_bounds[layer]), int(self._use_bounds[layer + 1]))

    def homes_of(self, layer: int) -> slice:
        """Rows of ``homes`` that belong to a layer."""
        return slice(int(self._home_bounds[layer]), int(self._home_bounds[layer + 1]))

    @property
    def tiles_used(self) -> int:
        """Tiles with at least one block; a device that works layer by layer is used whole."""
        return self.tiles if self.plan is not None else self._nodes_used

    @cached_property
    def _nodes_used(self) -> int:
        return len(np.unique(self.blocks.node))

    @property
    def tiles(self) -> int:
        """Tiles on the chips used."""
        return self.chips * self.floorplan.tiles

    def unit_of(self, home: int) -> tuple[str, Unit]:
        """Name and description of the unit that makes a part."""
        return list(self.chip.units.items())[int(self.homes.unit[home])]

    @cached_property
    def arrays_used(self) -> int:
        """Arrays with at least one block; a device that works layer by layer uses all."""
        if self.plan is not None:
            return self.chips * self.floorplan.arrays
        return len(np.unique(self.blocks.node * self.floorplan.unit.places + self.blocks.array))

    @property
    def cell_utilisation(self) -> float:
        """Weights held / weights that all arrays of the chips used could hold; where they change, the mean of turns."""
        room = self.chips * self.floorplan.arrays * self.floorplan.unit.limits.weights
        held = self.blocks.weights
        if self.turns is not None:
            held = np.where(self.turns.reloaded, held / self.turns.count, held)
        return float(held.sum()) / room


_OF_THE_NETWORK = frozenset(
    {"index", "matrix", "holders", "uses", "use", "used", "dealings", "dealt"}
    | {"_nodes_used", "_use_bounds", "_home_bounds", "_sizes", "shapes", "shapes_used", "shared"}
)
"""What is worked out of the network and the places alone."""
