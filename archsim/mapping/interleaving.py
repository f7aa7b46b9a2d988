"""How many samples take turns in a network with a recurrence."""

from __future__ import annotations

from archsim.errors import InputError
from archsim.network import Network

MOST_INTERLEAVED = 8
"""Samples that interleave by default at most: they fill a recurrence's latency, and each adds to its buffers."""


def possible_interleaving(network: Network, batch: int, wanted: int | None) -> tuple[int, ...]:
    """Samples that may take turns, the most first.

    Parameters
    ----------
    network : Network
    batch : int
        Samples of a run, which groups of samples that take turns divide.
    wanted : int or None
        What the user asks for; nothing else is possible then.

    Raises
    ------
    InputError
        If there is no sample, or the batch is not a multiple of what is wanted.
    """
    if batch < 1:
        raise InputError(f"a batch of {batch} samples", where="--batch", remedy="Run at least one sample.")
    if wanted is not None:
        if wanted < 1 or batch % wanted:
            raise InputError(
                f"{wanted} samples cannot interleave in a batch of {batch}",
                where="--interleave",
                remedy="Take a divisor of the batch.",
            )
        return (wanted,)
    if not any(edge.recurrent for edge in network.edges):
        return (1,)
    return tuple(size for size in range(min(batch, MOST_INTERLEAVED), 0, -1) if batch % size == 0)
