"""Memory that the samples of a run take, whatever runs them."""

from __future__ import annotations

from archsim.errors import InputError
from archsim.memory import free_bytes, gibibytes

BYTES_PER_SAMPLE = 48
"""Of a trace and its tables: measured on batches of 10 to 30 million."""
NEGLIGIBLE = 1 << 28
"""Bytes that are never counted: finding out how many are free takes longer."""


def check_samples(batch: int) -> None:
    """See that the samples of a run fit into memory by themselves.

    Raises
    ------
    InputError
        If not; it says how much they take, and how many would fit.
    """
    needed = BYTES_PER_SAMPLE * batch
    if needed > NEGLIGIBLE and needed > (free := free_bytes()):
        raise too_many_samples(batch, needed, free, free // BYTES_PER_SAMPLE)


def too_many_samples(batch: int, needed: int, free: int, fits: int) -> InputError:
    """A batch that takes so many bytes, with what goes with it, where so many are free and so many samples fit."""
    return InputError(
        f"a batch of {batch:,} samples takes about {gibibytes(needed)} of memory, and {gibibytes(free)} are free",
        where="--batch",
        remedy=f"At most {fits:,} samples fit; a few hundred usually show the steady state.",
    )
