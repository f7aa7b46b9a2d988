"""Flits of tokens on a chip's fabric."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archsim.chip.fabric import Fabric

Ids = NDArray[np.int64]


def flits_of(fabric: Fabric, bits: Ids) -> Ids:
    """Flits of tokens, their headers included."""
    width, header = int(fabric.link_width), int(fabric.header or 0)
    return np.maximum(1, -(-(bits + header) // width))


def tokens_per_flit(fabric: Fabric, bits: Ids) -> Ids:
    """Whole tokens that share a flit; 1 where none does."""
    room = int(fabric.link_width) - int(fabric.header or 0) if fabric.shared_flits else 0
    tokens: Ids = np.maximum(1, room // np.maximum(1, bits))
    return tokens


def flit_shares(fabric: Fabric, bits: Ids) -> NDArray[np.float64]:
    """Flits of tokens, or the part of one that each takes where several share it.

    A token goes on at once: it does not wait until its flit is full.
    """
    return flits_of(fabric, bits) / tokens_per_flit(fabric, bits)
