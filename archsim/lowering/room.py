"""Refusing what would not fit into memory or time, before anything of that size is made."""

from __future__ import annotations

import math

import numpy as np

from archsim.errors import InputError
from archsim.mapping import Placement, consumers, producers, shared_elements
from archsim.mapping.sample_room import BYTES_PER_SAMPLE, NEGLIGIBLE, too_many_samples
from archsim.memory import free_bytes, gibibytes
from archsim.network import Edge

BYTES_PER_TOKEN = 80
"""Of every layer's stream of one sample, while its edges are lowered: measured on feature maps of 16 M tokens."""
BYTES_PER_PAIR = 600
"""Of a producing and a consuming actor and what joins them: measured on 1.5 million (ResNet-50, 4 chips of isaac)."""
BYTES_PER_TURN = 32
"""Of a firing of one copy in the curves of one pair of copies."""
BYTES_PER_LINK = 110
"""Of a link on the way of one token stream to one node: measured on 15 million (VGG-16, 12 chips)."""
SECONDS_PER_COPY_PAIR = 1e-4
"""Of two copies' curves: measured on 690,000 pairs (VGG-16, 12 chips)."""
MOST_SECONDS = 3600


def check_room(placement: Placement, batch: int) -> None:
    """See that streams, samples and copies fit into memory, and copies into an hour.

    Raises
    ------
    InputError
        If not; it says how much they take, and what would fit.
    """
    network = placement.network
    tokens = placement.interleave * sum(layer.tokens for layer in network.order)
    streams, samples = BYTES_PER_TOKEN * tokens, BYTES_PER_SAMPLE * batch
    if streams + samples + _most_copies_bytes(placement) < NEGLIGIBLE:
        return
    copies = copies_bytes(placement)
    _check_time(placement)
    if streams + samples + copies < NEGLIGIBLE:
        return
    free = free_bytes()
    if streams > free:
        raise InputError(
            f"its streams of {tokens:,} tokens take about {gibibytes(streams)} of memory, and {gibibytes(free)} are "
            "free",
            where=network.name,
            remedy=f"Choose a smaller image or a shorter sequence: {free // BYTES_PER_TOKEN:,} tokens fit.",
        )
    if streams + copies > free:
        raise _too_many_copies(placement, copies, free - streams)
    if streams + copies + samples > free:
        fits = (free - streams - copies) // BYTES_PER_SAMPLE
        raise too_many_samples(batch, streams + copies + samples, free, fits)


def _most_copies_bytes(placement: Placement) -> int:
    """A bound, quickly: every actor that makes tokens of an edge paired with every one that takes them."""
    homes, uses = placement.homes_of, placement.uses_of
    total = 0
    for edge in placement.network.edges:
        source, target = placement.index[edge.source], placement.index[edge.target]
        made, taken = homes(source), uses(target) if edge.target in placement.matrix else homes(target)
        pairs = (made.stop - made.start) * (taken.stop - taken.start)
        firings = placement.network.by_name[edge.target].tokens * placement.interleave
        total += pairs * BYTES_PER_PAIR + firings * placement.replicas[source] * BYTES_PER_TURN
    return total


def copies_bytes(placement: Placement) -> int:
    """About how much memory the pairs of actors of all edges take while they are lowered, and their curves."""
    return sum(_edge_bytes(placement, edge) for edge in placement.network.edges)


def _edge_bytes(placement: Placement, edge: Edge) -> int:
    # Copies are cut alike, so that one pair of copies stands for all.
    makers, takers = producers(placement, edge), consumers(placement, edge)
    shared = shared_elements(edge, makers.take(makers.replica == 0), takers.take(takers.replica == 0))
    turns = -(-placement.network.by_name[edge.target].tokens // _copies(placement, edge.target))
    each = int((shared > 0).sum()) * BYTES_PER_PAIR + turns * placement.interleave * BYTES_PER_TURN
    return each * _copy_pairs(placement, edge)


def _copies(placement: Placement, layer: str) -> int:
    return placement.replicas[placement.index[layer]]


def _copy_pairs(placement: Placement, edge: Edge) -> int:
    """Pairs of copies that an edge joins at most; where token n reads just token n, both make a token in turn."""
    made, taken = _copies(placement, edge.source), _copies(placement, edge.target)
    produced, consumed = (placement.network.by_name[name].tokens for name in (edge.source, edge.target))
    first, last = edge.access.reach(produced, consumed)
    in_step = np.array_equal(first, np.arange(consumed)) and np.array_equal(first, last)
    return min(math.lcm(made, taken), consumed) if in_step else made * taken


def _check_time(placement: Placement) -> None:
    pairs = sum(_copy_pairs(placement, edge) for edge in placement.network.edges)
    seconds = pairs * SECONDS_PER_COPY_PAIR
    if seconds > MOST_SECONDS:
        raise InputError(
            f"{max(placement.replicas):,} copies of one layer and those around it make {pairs:,} pairs of copies, "
            f"which take about {seconds / 3600:,.1f} hours to lower",
            where="--replicate",
            remedy=_fewer((MOST_SECONDS / seconds) ** 0.5),
        )


def _too_many_copies(placement: Placement, copies: int, free: int) -> InputError:
    return InputError(
        f"{max(placement.replicas):,} copies of one layer and those around it take about {gibibytes(copies)} of memory "
        f"to lower, and {gibibytes(max(0, free))} are free",
        where="--replicate",
        remedy=_fewer((max(0, free) / copies) ** 0.5),
    )


def _fewer(share: float) -> str:
    """Work and memory grow with the square of the copies."""
    return (
        f"Make fewer copies: about {share:.0%} of these fit (--replicate LAYER=N; with 'balanced', fewer chips: "
        "--set system.chips=N)."
    )


def check_links(network: str, ways: int, links: int) -> None:
    """See that the links of all ways between nodes fit into memory.

    Parameters
    ----------
    network : str
        Its name.
    ways, links : int
        Streams, counted by the nodes that each goes to, and links on all these ways.

    Raises
    ------
    InputError
        If not; it says how much they take, and what would fit.
    """
    needed = links * BYTES_PER_LINK
    if needed > NEGLIGIBLE and needed > (free := free_bytes()):
        raise InputError(
            f"its {ways:,} ways over the fabric pass {links:,} links, which take about {gibibytes(needed)} of memory, "
            f"and {gibibytes(free)} are free",
            where=network,
            remedy=_fewer((free / needed) ** 0.5),
        )
