"""Transfers over the fabric: one actor per link of each route, multicast as a tree.

A token leaves its node by an inject link, crosses router links, and enters a node by an eject link. A header takes the
link's and the next router's delay; the body follows at one flit per cycle (cut-through), so a token of f flits over
h router links arrives after (h + 2) link delays, (h + 1) router delays and f - 1 cycles. A token goes only where
somebody reads it: a link of a tree carries what is read behind it. Every flow has its own packet
buffers at each router, as with a virtual channel per flow: flows contend for links, but a blocked one does not stop
the others. What a router holds in all may be given: then its flows share it, each for itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archsim.chip.fabric import Fabric
from archsim.lowering.dependencies import Dependencies
from archsim.lowering.draft import ActorRows, Draft, Place, Timing
from archsim.lowering.passing import ALL, Selections
from archsim.lowering.room import check_links
from archsim.machine.flits import flit_shares, flits_of, tokens_per_flit
from archsim.mapping import Placement
from archsim.mapping.ways import CHIP_LINK, EJECT, INJECT, LINK, Links, Ways
from archsim.program import Kind, Role
from archsim.units import period_ps, picoseconds

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hops:
    """Links of all multicast trees, one row per stream and link; columns of shape ``(hops,)``.

    Parameters
    ----------
    stream : int64
        Which tree.
    kind : int64
        ``INJECT``, ``LINK``, ``CHIP_LINK`` or ``EJECT``.
    tail, head : int64
        Vertices that the link joins: routers of chips, or nodes (see `archsim.mapping.ways`).
    passing : int64
        The selection of the stream's tokens that the link carries.
    """

    stream: Ids
    kind: Ids
    tail: Ids
    head: Ids
    passing: Ids


def add_transfers(draft: Draft, placement: Placement, remote: Dependencies) -> tuple[Ids, Ids]:
    """Add the link actors of all transfers between nodes, and the channels along them.

    Returns
    -------
    actor : int64, shape (remote pairs,)
        Whose tokens arrive at each pair's target node.
    passing : int64, shape (remote pairs,)
        The selection of the source's tokens that do.
    """
    if not len(remote):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    stream, first = _streams(placement.chip.fabric, remote)
    producer, source_node = remote.source[first], remote.source_node[first]
    bits = _sent_bits(remote, stream, remote.bits[first])
    hops = _hops(placement, draft.selections, (stream, source_node), remote)
    actor = _add_links(draft, placement, hops, producer, bits)
    _join_links(draft, placement, hops, actor, producer, bits)
    arriving = _find(hops, stream, placement.chips * placement.floorplan.nodes + remote.target_node)
    return actor[arriving], hops.passing[arriving]


def _streams(fabric: Fabric, remote: Dependencies) -> tuple[Ids, Ids]:
    """Stream of each pair, and the first pair of each: a stream per producer, or per target node without multicast."""
    key = remote.source << np.int64(31)
    if not fabric.multicast:
        key = key + remote.target_node
    _, first, stream = np.unique(key, return_index=True, return_inverse=True)
    return stream, first


def _sent_bits(remote: Dependencies, stream: Ids, whole: Ids) -> Ids:
    """Bits of a token of each stream: all that is made where several nodes share it, else what the one node keeps."""
    kept = np.zeros(len(whole), np.int64)
    np.maximum.at(kept, stream, remote.kept)
    targets = np.unique(np.stack([stream, remote.target_node]), axis=1)[0]
    alone = np.bincount(targets, minlength=len(whole)) == 1
    return np.where(alone & (kept > 0), kept, whole)


def _hops(placement: Placement, selections: Selections, streams: tuple[Ids, Ids], remote: Dependencies) -> Hops:
    """The trees of all streams, found by walking back from every target to the source.

    ``streams`` are those of each pair, and the node where each of them starts.
    """
    size = placement.chips * placement.floorplan.nodes
    pairs, way = np.unique(streams[0] * size + remote.target_node, return_inverse=True)
    way_stream, target = np.divmod(pairs, size)
    ways = Ways(placement.chip, placement.floorplan, placement.chips, streams[1][way_stream], target)
    check_links(placement.network.name, len(pairs), ways.count)
    wanted = selections.unions(way, remote.passing, len(pairs))
    return _distinct(ways.links(), way_stream, selections, wanted)


def _distinct(links: Links, streams: Ids, selections: Selections, wanted: Ids) -> Hops:
    """Each link of a tree once, however many targets lie behind it; sorted by stream and head.

    Parameters
    ----------
    links : Links
        Of all ways.
    streams, wanted : int64, shape (ways,)
        Each way's stream, and the selection of it that its target wants.
    selections : Selections
    """
    # Within a tree every vertex has one link into it, so stream and head identify a hop.
    stream = streams[links.way]
    hop, kept, link = np.unique(stream * _HEADS + links.head, return_index=True, return_inverse=True)
    passing = selections.unions(link, wanted[links.way], len(hop)) if wanted.any() else np.full(len(hop), ALL)
    return Hops(stream[kept], links.kind[kept], links.tail[kept], links.head[kept], passing)


_HEADS = np.int64(1 << 32)


def _find(hops: Hops, stream: Ids, head: Ids) -> Ids:
    """Rows of the hops that lead into given vertices."""
    return np.searchsorted(hops.stream * _HEADS + hops.head, stream * _HEADS + head)


def _add_links(draft: Draft, placement: Placement, hops: Hops, producer: Ids, bits: Ids) -> Ids:
    """One actor per hop, held as long as the token's flits take."""
    fabric, stride = placement.chip.fabric, placement.floorplan.nodes
    clock = period_ps(fabric.clock)
    size = bits[hops.stream]
    flits = flits_of(fabric, size)
    link, router = fabric.link_delay * clock, fabric.router_delay * clock
    actor = np.empty(len(hops.stream), np.int64)
    base = placement.chips * stride
    for kind, label, latency in (
        (INJECT, "inject", np.full(len(flits), link + router)),
        (LINK, "link", np.full(len(flits), link + router)),
        (EJECT, "eject", link + (flits - 1) * clock),
        (CHIP_LINK, "chip-link", None),
    ):
        rows = np.flatnonzero(hops.kind == kind)
        if not len(rows):
            continue
        tail, head = hops.tail[rows], hops.head[rows]
        own = (producer[hops.stream[rows]], rows, draft.selections.shares(hops.passing[rows]))
        if latency is None:
            interval, delay = _chip_link_times(placement, size[rows])
            place = Place(Kind.CHIP_LINK, label, tail, head // stride)
        else:
            interval, delay = np.ceil(flit_shares(fabric, size[rows]) * clock).astype(np.int64), latency[rows]
            place = _link_place(fabric, label, tail % base, head % base)
        actor[rows] = _copies(draft, own, place, interval, delay)
        _act_links(draft, placement, kind, actor[rows], size[rows])
    return actor


def _link_place(fabric: Fabric, label: str, tail: Ids, head: Ids) -> Place:
    """The link itself; on a bus all nodes take turns on one."""
    if fabric.shape.shared and label == "inject":
        return Place(Kind.LINK, "bus", head, head)
    return Place(Kind.LINK, label, tail, head)


def _chip_link_times(placement: Placement, bits: Ids) -> tuple[Ids, Ids]:
    """A chip link passes a token on when all of it has arrived: the fabric behind it may be faster."""
    link = placement.chip.system.link
    assert link is not None
    unique, back = np.unique(bits, return_inverse=True)
    interval = np.array([picoseconds(float(size) / link.bandwidth) for size in unique], np.int64)[back]
    return interval, interval + picoseconds(link.latency)


def _copies(draft: Draft, own: tuple[Ids, Ids, tuple[Ids, Ids]], place: Place, interval: Ids, latency: Ids) -> Ids:
    """Link actors that fire for the tokens of their producers that they carry, under the producers' layer."""
    producer, number, (carried, made) = own
    table = draft.actor_columns(producer)
    rows = ActorRows(
        layer=table.layer,
        role=Role.LINK,
        place=place,
        firings=table.firings // made * carried,
        timing=Timing(interval, latency),
        replica=table.replica,
        row=number,
        column=table.column,
    )
    return draft.actors(rows, len(producer))


def _act_links(draft: Draft, placement: Placement, kind: int, actor: Ids, bits: Ids) -> None:
    fabric = placement.chip.fabric
    if kind == CHIP_LINK:
        draft.act(actor, "chip-link.bit", bits.astype(np.float64))
        return
    if kind != EJECT:
        draft.act(actor, "router.flit", flit_shares(fabric, bits))
    # On a bus the one wire is crossed on the way in.
    if kind == (INJECT if fabric.shape.shared else LINK):
        draft.act(actor, "wire.bit_hop", flit_shares(fabric, bits) * fabric.link_width)


def act_writes(draft: Draft, placement: Placement, actor: Ids, node: Ids, bits: Ids) -> None:
    """Tokens written into the buffers of nodes; the port has none."""
    for buffer, rows in buffers_at(placement, node):
        draft.act(actor[rows], f"{buffer}.write_bit", bits[rows].astype(np.float64))


def buffers_at(placement: Placement, node: Ids) -> list[tuple[str, Ids]]:
    """Buffer components, and the rows of ``node`` that have each."""
    floorplan = placement.floorplan
    local = node % floorplan.nodes
    found = [("buffer", np.flatnonzero(local < floorplan.tiles))]
    for name, unit in placement.chip.units.items():
        if unit.where == "router":
            found.append((f"{name}-buffer", np.flatnonzero(np.isin(local, floorplan.unit_nodes[name]))))
    return [(name, rows) for name, rows in found if len(rows)]


def _join_links(draft: Draft, placement: Placement, hops: Hops, actor: Ids, producer: Ids, bits: Ids) -> None:
    """Each hop follows the one that leads to its tail; the first follows the producer."""
    first = hops.kind == INJECT
    before, passing = np.empty(len(actor), np.int64), np.full(len(actor), ALL)
    behind = _find(hops, hops.stream[~first], hops.tail[~first])
    before[first], before[~first] = producer[hops.stream[first]], actor[behind]
    passing[~first] = hops.passing[behind]
    need, release, passed = _taking(draft.selections, passing, hops.passing)
    draft.channels(
        before,
        actor,
        need=need,
        release=release,
        initial=-passed,
        capacity=_packets(placement.chip.fabric, hops, bits[hops.stream]),
        token_bits=bits[hops.stream],
    )


def _taking(selections: Selections, outer: Ids, inner: Ids) -> tuple[Ids, Ids, Ids]:
    """Need, release and what is passed over by those who carry on some of the tokens that reach them."""
    pairs, back = np.unique(np.stack([outer, inner]), axis=1, return_inverse=True)
    rows = np.array([selections.within(*pair) for pair in pairs.T.tolist()], np.int64)
    need, release, passed = rows[back.ravel()].T
    return need, release, passed


def _packets(fabric: Fabric, hops: Hops, bits: Ids) -> Ids:
    """Tokens of room before each link: as many packets as asked for, but for routers that cannot hold all of them."""
    asked = fabric.buffer_packets * tokens_per_flit(fabric, bits)
    inside = hops.kind != INJECT
    if fabric.router_buffer is None or not inside.any():
        return asked
    _, router = np.unique(hops.tail[inside], return_inverse=True)
    wanted = np.bincount(router, weights=(asked * bits)[inside])
    share = np.minimum(1.0, fabric.router_buffer / wanted)[router]
    asked[inside] = np.maximum(1, np.floor(asked[inside] * share)).astype(np.int64)
    return asked
