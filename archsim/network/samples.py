"""How many samples one pass of a network carries, where the model has its batch inside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archsim.network.access import NOTHING
from archsim.network.graph import Network


def samples_apart(network: Network, count: int) -> bool:
    """Whether so many samples go through the network side by side, none of which reads another's tokens.

    Their tokens follow each other sample by sample, or take turns (a sequence with the steps first) in all layers.

    Parameters
    ----------
    network : Network
    count : int
        Samples, as the size of an input's axis says.
    """
    if any(layer.tokens % count for layer in network.layers):
        return False
    return _apart(network, count, in_turn=False) or _apart(network, count, in_turn=True)


def _apart(network: Network, count: int, *, in_turn: bool) -> bool:
    sample = {layer.name: _sample_of(layer.tokens, count, in_turn) for layer in network.layers}
    for edge in network.edges:
        made, used = sample[edge.source], sample[edge.target]
        first, last = edge.access.reach(len(made), len(used))
        reads = first != NOTHING
        if (made[first[reads]] != used[reads]).any() or (made[last[reads]] != used[reads]).any():
            return False
        # Tokens that take turns lie between those of the others.
        if in_turn and (first[reads] != last[reads]).any():
            return False
    return True


def _sample_of(tokens: int, count: int, in_turn: bool) -> NDArray[np.int64]:
    """Sample of each token, shape ``(tokens,)``."""
    each = np.arange(tokens, dtype=np.int64)
    return each % count if in_turn else each // (tokens // count)
