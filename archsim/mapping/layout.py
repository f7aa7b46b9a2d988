"""Weights on arrays: the copies of each matrix layer, the array of each block, and the turns that they take."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from archsim.chip.mapping_rules import Order
from archsim.errors import CapacityError
from archsim.machine import Pass
from archsim.mapping.blocks import Cut
from archsim.mapping.floorplan import Floorplan
from archsim.mapping.load import Load, Loading, balanced
from archsim.mapping.packing import packed
from archsim.mapping.placement import Blocks
from archsim.mapping.ports import least_time_ps
from archsim.mapping.replication import Replication, choose_replicas
from archsim.mapping.turns import (
    ALONE,
    Segment,
    Turns,
    grouped,
    layer_turns,
    segments,
    tenants_before,
    turn_slots,
    use_turns,
)
from archsim.network import Network

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """Weights on arrays.

    Parameters
    ----------
    copies : int64, shape (matrices,)
        Of each of the weights of ``Network.users``.
    chips : int
    blocks : Blocks
    turns : Turns, optional
        Where layers take turns.
    """

    copies: Ids
    chips: int
    blocks: Blocks
    turns: Turns | None = None


def lay_out(
    network: Network, floorplan: Floorplan, cuts: tuple[Cut, ...], load: Loading, replicate: Replication
) -> Layout:
    """Put every block on an array of its own where they all fit; else, blocks take turns on arrays.

    Raises
    ------
    CapacityError
        If they do not fit, and may not take turns or cannot be written for them.
    InputError
        If there are more chips than can be simulated.
    """
    limit = floorplan.chip.system.chips
    floorplan.check_chips(1 if limit == "as needed" else limit)
    put = _packing if floorplan.chip.mapping.packing else _spread
    layout = put(network, floorplan, cuts, load, replicate)
    floorplan.check_chips(layout.chips)
    return layout


def _spread(
    network: Network, floorplan: Floorplan, cuts: tuple[Cut, ...], load: Loading, replicate: Replication
) -> Layout:
    """At most one block in each array at a time."""
    order, limit, needed = floorplan.chip.mapping.schedule.order, floorplan.chip.system.chips, int(load.blocks.sum())
    chips = -(-needed // floorplan.arrays) if limit == "as needed" else limit
    if needed <= chips * floorplan.arrays:
        least = least_time_ps(network, floorplan.chip)
        copies = choose_replicas(network, load, replicate, chips * floorplan.arrays, least)
        needed = int((load.blocks * copies).sum())
        if limit == "as needed" or needed <= chips * floorplan.arrays:
            return _staying(network, floorplan, cuts, load, copies, chips)
    if order is Order.PIPELINED or Pass.PROGRAM not in floorplan.unit.passes:
        raise _too_big(network, floorplan, needed)
    return _reloading(network, floorplan, cuts, load, replicate, chips)


def _staying(
    network: Network, floorplan: Floorplan, cuts: tuple[Cut, ...], load: Loading, copies: Ids, chips: int
) -> Layout:
    """Every block on an array of its own."""
    sizes = np.repeat(load.blocks, copies)
    starts, chips = _allocate(floorplan, sizes, chips)
    slots = np.repeat(starts - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
    return _in_turns(network, floorplan, cuts, load, Layout(copies, chips, _blocks(floorplan, cuts, copies, slots)))


def _packing(
    network: Network, floorplan: Floorplan, cuts: tuple[Cut, ...], load: Loading, replicate: Replication
) -> Layout:
    """Blocks that stay, several in one array where they are small.

    Copies are chosen as if each block had an array of its own, where they would fit so; else there is one of each.
    """
    limit, arrays = floorplan.chip.system.chips, floorplan.arrays
    copies = np.ones(len(load.blocks), np.int64)
    if limit == "as needed" or int(load.blocks.sum()) <= limit * arrays:
        room = max(int(load.blocks.sum()), arrays * (1 if limit == "as needed" else limit))
        copies = choose_replicas(network, load, replicate, room, least_time_ps(network, floorplan.chip))
    elif replicate != "none":
        raise _no_copies(floorplan)
    shapes = _repeated(cuts, copies.tolist()).shapes
    slots = packed(shapes, floorplan.unit.limits)
    needed = int(slots.max(initial=-1)) + 1
    chips = max(1, -(-needed // arrays)) if limit == "as needed" else limit
    if needed > chips * arrays:
        raise _too_big(network, floorplan, needed)
    return _in_turns(network, floorplan, cuts, load, Layout(copies, chips, _blocks(floorplan, cuts, copies, slots)))


def _in_turns(network: Network, floorplan: Floorplan, cuts: tuple[Cut, ...], load: Loading, layout: Layout) -> Layout:
    """Blocks that stay, whose layers take turns where the chip's schedule says so."""
    copies = layout.copies
    if floorplan.chip.mapping.schedule.order in (Order.AUTO, Order.PIPELINED) or not len(layout.blocks):
        return layout
    room = max(layout.chips * floorplan.arrays, int((load.blocks * copies).max(initial=0)))
    parts = _parts(network, floorplan, load.blocks * copies, room)
    return replace(layout, turns=_turns(network, floorplan, parts, _runs(cuts, copies), room))


def _reloading(
    network: Network, floorplan: Floorplan, cuts: tuple[Cut, ...], load: Loading, replicate: Replication, chips: int
) -> Layout:
    """Blocks share the arrays of all chips, and are written for their turns."""
    arrays, ahead = chips * floorplan.arrays, floorplan.chip.mapping.schedule.ahead
    room = arrays // 2 if ahead else arrays
    if not room:
        raise _too_big(network, floorplan, int(load.blocks.sum()))
    _refuse_shared(network)
    if replicate == "balanced":
        parts = _parts(network, floorplan, load.blocks, room)
        copies = _balanced_by_turn(load.exact(), parts, room)
    else:
        copies = choose_replicas(network, load, replicate, room)
        parts = _parts(network, floorplan, load.blocks * copies, room)
    turns = _turns(network, floorplan, parts, _runs(cuts, copies), room)
    # No two layers share weights here, so that blocks are in the order of their uses.
    slots = turn_slots(turns.use, arrays, ahead=ahead)
    blocks = _blocks(floorplan, cuts, copies, slots)
    return Layout(copies, chips, blocks, replace(turns, before=tenants_before(slots, turns.use)))


def _balanced_by_turn(load: Load, parts: tuple[Segment, ...], room: int) -> Ids:
    """Copies of each matrix layer, balanced among the layers of each turn."""
    copies = np.ones(len(load), np.int64)
    for part in parts:
        mine = np.array(part.matrices, np.int64)
        if len(mine) and int(load.blocks[mine].sum()) <= room:
            copies[mine] = balanced(load.take(mine), room)
    return copies


def _parts(network: Network, floorplan: Floorplan, sizes: Ids, room: int) -> tuple[Segment, ...]:
    """The layers of each turn, as the chip's schedule says."""
    shortest = segments(network)
    sequential = floorplan.chip.mapping.schedule.order is Order.SEQUENTIAL
    return shortest if sequential else grouped(shortest, sizes, room)


def _runs(cuts: tuple[Cut, ...], copies: Ids) -> tuple[Ids, ...]:
    """Of the blocks of each of the weights, the lengths of the runs whose sums are added to each other."""
    starts = [np.append(np.flatnonzero(cut.row == 0), len(cut)) for cut in cuts]
    return tuple(np.tile(np.diff(start), count) for start, count in zip(starts, copies.tolist(), strict=True))


def _turns(
    network: Network, floorplan: Floorplan, parts: tuple[Segment, ...], runs: tuple[Ids, ...], room: int
) -> Turns:
    """Turns of layers and of their uses of blocks, each of which has an array of its own so far."""
    schedule = floorplan.chip.mapping.schedule
    use, last = use_turns(network, parts, runs, room)
    alone = np.full(sum(int(lengths.sum()) for lengths in runs), ALONE)
    layer = layer_turns(network, parts, last)
    return Turns(int(last[-1]) + 1, schedule.samples or 1, layer, use, alone, schedule.ahead)


def _refuse_shared(network: Network) -> None:
    for weights, layers in network.users.items():
        if len(layers) > 1:
            raise CapacityError(
                f"{len(layers)} layers share the weights {weights.name!r}: what takes turns is written for one layer",
                where=f"network {network.name!r}, mapping.schedule",
                remedy="Take more tiles or chips, so that all weights stay on their arrays.",
            )


def _allocate(floorplan: Floorplan, sizes: Ids, chips: int) -> tuple[Ids, int]:
    """First array slot of each copy of all weights, shape ``(copies,)``, and the chips that takes.

    A copy that would straddle two chips starts on the next one, as long as there are chips enough.
    """
    loose = _slots(sizes, floorplan.arrays, whole=True)
    used = int(-(-(loose[-1] + sizes[-1]) // floorplan.arrays)) if len(sizes) else 1
    if used <= chips or floorplan.chip.system.chips == "as needed":
        return loose, max(used, chips)
    return _slots(sizes, floorplan.arrays, whole=False), chips


def _slots(sizes: Ids, room: int, *, whole: bool) -> Ids:
    starts, cursor = np.empty(len(sizes), np.int64), 0
    for place, size in enumerate(sizes.tolist()):
        left = room - cursor % room
        if whole and left < size <= room:
            cursor += left
        starts[place] = cursor
        cursor += size
    return starts


def _blocks(floorplan: Floorplan, cuts: tuple[Cut, ...], copies: Ids, slots: Ids) -> Blocks:
    """Blocks of all copies of all weights, on slots counted along the tile order, of shape ``(blocks,)``."""
    sizes = np.array([len(cut) for cut in cuts], np.int64)
    repeated = _repeated(cuts, copies.tolist())
    copy_sizes = np.repeat(sizes, copies)
    replica = np.concatenate([np.arange(count) for count in copies.tolist()] or [np.zeros(0, np.int64)])
    node, array = _array_of(floorplan, slots)
    return Blocks(
        matrix=np.repeat(np.repeat(np.arange(len(cuts)), copies), copy_sizes),
        replica=np.repeat(replica, copy_sizes),
        node=node,
        array=array,
        **{field.name: getattr(repeated, field.name) for field in fields(Cut)},
    )


def _repeated(cuts: tuple[Cut, ...], copies: list[int]) -> Cut:
    """The blocks of all copies of all weights, one after the other."""
    if not cuts:
        return Cut(*(np.zeros(0, np.int64) for _ in fields(Cut)))
    columns = zip(*(cut.columns() for cut in cuts), strict=True)
    return Cut(*(np.concatenate([np.tile(c, n) for c, n in zip(column, copies, strict=True)]) for column in columns))


def _array_of(floorplan: Floorplan, slot: Ids) -> tuple[Ids, Ids]:
    """Global node and array of the tile for slots counted along the tile order."""
    chip, local = np.divmod(slot, floorplan.arrays)
    place, array = np.divmod(local, floorplan.unit.places)
    return chip * floorplan.nodes + floorplan.tile_order[place], array


def _too_big(network: Network, floorplan: Floorplan, arrays: int) -> CapacityError:
    chip = floorplan.chip
    tiles = -(-arrays // floorplan.unit.places)
    there = floorplan.tiles * (chip.system.chips if isinstance(chip.system.chips, int) else 1)
    return CapacityError(
        f"{network.name} needs {tiles} tiles and the system has {there}",
        where=f"chip {chip.name!r}",
        remedy=f"Three ways out: more chips (--set system.chips={-(-tiles // floorplan.tiles)}, or 'as needed'); "
        f"more tiles, or tiles that hold more than {floorplan.unit.places} x {floorplan.unit.limits.weights:,} weights "
        "(--set fabric.rows=..., and the fields of tile); fewer copies (--replicate none)."
        + _turns_would_help(floorplan),
    )


def _no_copies(floorplan: Floorplan) -> CapacityError:
    return CapacityError(
        "blocks that only fit packed into shared arrays have no room for copies",
        where=f"chip {floorplan.chip.name!r}, mapping.packing",
        remedy="Take --replicate none, or more tiles.",
    )


def _turns_would_help(floorplan: Floorplan) -> str:
    """The fourth way out, where it is open."""
    if Pass.PROGRAM in floorplan.unit.passes:
        return " Or let blocks take turns on the arrays (--schedule grouped)."
    return " Or say how weights are written (tile.array.programming), so that blocks can take turns on the arrays."
