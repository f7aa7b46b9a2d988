"""Who is at the two ends of an edge: parts of the source's tokens, and blocks or parts that take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.columns import Columns, Ids
from archsim.mapping.placement import Placement
from archsim.network import Digital, Edge, Matrix, Network


@dataclass(frozen=True, slots=True)
class Members(Columns):
    """What is at one end of an edge; columns of shape ``(members,)``.

    Parameters
    ----------
    member : int64
        Row of ``Placement.uses`` of what takes tokens with blocks, of ``Placement.homes`` otherwise; once lowered, its
        actor.
    node, replica : int64
    start, stop : int64
        Elements made, or elements of the input vector wanted.
    """

    member: Ids
    node: Ids
    replica: Ids
    start: Ids
    stop: Ids


def producers(placement: Placement, edge: Edge) -> Members:
    """Parts of the source layer's tokens, in the target's input vector."""
    return _parts(placement, placement.homes_of(placement.index[edge.source]))


def consumers(placement: Placement, edge: Edge) -> Members:
    """Blocks or parts of the target layer, with the elements of the input vector that each wants."""
    index = placement.index[edge.target]
    layer = placement.network.by_name[edge.target]
    operator = layer.operator
    if isinstance(operator, Matrix):
        return _users(placement, index, operator, edge.port)
    parts = _parts(placement, placement.homes_of(index))
    start, stop = parts.start, parts.stop
    # A layer in one piece needs all of its input, however that is laid out.
    whole = stop - start == layer.width
    if isinstance(operator, Digital) and operator.heads > 1:
        elements = _port_elements(placement.network, edge)
        start, stop = start * elements // layer.width, -(-stop * elements // layer.width)
    if isinstance(operator, Digital) and edge.port == 0:
        start, stop = start * operator.contract, stop * operator.contract
    if not isinstance(operator, Digital) or _undivided(placement.network, edge, operator, layer.width):
        whole = np.ones_like(whole)
    start, stop = np.where(whole, 0, start), np.where(whole, np.iinfo(np.int64).max, stop)
    return Members(parts.member, parts.node, parts.replica, start, stop)


def sent_elements(edge: Edge, makers: Members) -> Ids:
    """Elements of each maker's part that the edge takes."""
    stop = np.minimum(makers.stop, edge.source_start + edge.elements)
    elements: Ids = np.maximum(stop - np.maximum(makers.start, edge.source_start), 0)
    return elements


def shared_elements(edge: Edge, makers: Members, takers: Members) -> Ids:
    """Elements of each maker's part that each taker wants, shape ``(makers, takers)``."""
    start = np.maximum(makers.start, edge.source_start)
    stop = np.minimum(makers.stop, edge.source_start + edge.elements)
    if edge.scattered:
        return np.repeat(sent_elements(edge, makers)[:, None], len(takers), axis=1)
    shift = edge.target_start - edge.source_start
    low = np.maximum((start + shift)[:, None], takers.start[None, :])
    high = np.minimum((stop + shift)[:, None], takers.stop[None, :])
    shared: Ids = np.maximum(high - low, 0)
    return shared


def _parts(placement: Placement, rows: slice) -> Members:
    homes = placement.homes
    return Members(
        np.arange(rows.start, rows.stop), homes.node[rows], homes.replica[rows], homes.start[rows], homes.stop[rows]
    )


def _users(placement: Placement, index: int, matrix: Matrix, port: int) -> Members:
    rows, blocks = placement.blocks_of(index), placement.blocks
    uses = placement.uses_of(index)
    start, stop = blocks.row_start[rows] // matrix.taps, -(-blocks.row_stop[rows] // matrix.taps)
    if matrix.by_column(port):
        start, stop = blocks.column_start[rows], blocks.column_stop[rows]
    return Members(np.arange(uses.start, uses.stop), blocks.node[rows], blocks.replica[rows], start, stop)


def _undivided(network: Network, edge: Edge, operator: Digital, width: int) -> bool:
    """Whether every part of a layer needs all of an operand."""
    return operator.heads == 1 and (operator.whole_token or _broadcast(network, edge, width))


def _broadcast(network: Network, edge: Edge, width: int) -> bool:
    """Whether a second operand is narrower than the token, so that any element may meet any of it."""
    return edge.port > 0 and _port_elements(network, edge) < width


def _port_elements(network: Network, edge: Edge) -> int:
    """Elements that arrive at an input of a layer, over all edges that lead there."""
    return sum(other.elements for other in network.inputs_of(edge.target) if other.port == edge.port)
