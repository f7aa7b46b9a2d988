"""Refusing what would not fit into memory, before anything of that size is made."""

from __future__ import annotations

from archsim.errors import InputError
from archsim.mapping import Placement
from archsim.memory import free_bytes, gibibytes

BYTES_PER_TOKEN = 80
"""Of every layer's stream of one sample, while its edges are lowered: measured on feature maps of 16 M tokens."""
BYTES_PER_SAMPLE = 48
"""Of a trace and its tables: measured on batches of 10 to 30 million."""
_NEGLIGIBLE = 1 << 28


def check_room(placement: Placement, batch: int) -> None:
    """See that streams and samples fit into memory.

    Raises
    ------
    InputError
        If not; it says how much they take, and what would fit.
    """
    network = placement.network
    tokens = sum(layer.tokens for layer in network.order)
    need = BYTES_PER_TOKEN * tokens + BYTES_PER_SAMPLE * batch
    if need < _NEGLIGIBLE:
        return
    free = free_bytes()
    if BYTES_PER_TOKEN * tokens > free:
        raise InputError(
            f"its streams of {tokens:,} tokens take about {gibibytes(BYTES_PER_TOKEN * tokens)} of memory, "
            f"and {gibibytes(free)} are free",
            where=network.name,
            remedy=f"Choose a smaller image or a shorter sequence: {free // BYTES_PER_TOKEN:,} tokens fit.",
        )
    if need > free:
        fits = (free - BYTES_PER_TOKEN * tokens) // BYTES_PER_SAMPLE
        raise InputError(
            f"a batch of {batch:,} samples takes about {gibibytes(need)} of memory, and {gibibytes(free)} are free",
            where="--batch",
            remedy=f"At most {fits:,} samples fit; a few hundred usually show the steady state.",
        )
