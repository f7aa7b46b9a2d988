"""How fast samples can enter and leave: the host's link, and the fabric's links at the port."""

from __future__ import annotations

import numpy as np

from archsim.chip.schema import Chip
from archsim.machine.flits import flit_shares
from archsim.network import Network, Sink, Source
from archsim.units import period_ps, picoseconds

HEADROOM = 0.75
"""Time of the layers on arrays over that of the ports, from which more copies gain nothing.

Arrays a third faster than the ports ride out uneven traffic, and still more copies only add to it: measured, see
reports/decisions/replication.md.
"""


def least_time_ps(network: Network, chip: Chip) -> int:
    """Picoseconds per sample below which it does not help that layers get faster."""
    return int(HEADROOM * port_time_ps(network, chip))


def port_time_ps(network: Network, chip: Chip) -> int:
    """Picoseconds per sample that a network's inputs and outputs take at least, however many copies there are."""
    return max(_passing_ps(network, chip, end) for end in (Source, Sink))


def _passing_ps(network: Network, chip: Chip, end: type[Source] | type[Sink]) -> int:
    ends = [layer for layer in network.layers if isinstance(layer.operator, end)]
    tokens = np.array([layer.tokens for layer in ends], np.int64)
    bits = np.array([layer.width for layer in ends], np.int64) * chip.activation_bits
    hosted = [picoseconds(float(size) / chip.system.host_bandwidth) for size in bits]
    linked = np.ceil(flit_shares(chip.fabric, bits) * period_ps(chip.fabric.clock)).astype(np.int64)
    return int(max(tokens @ np.array(hosted, np.int64), tokens @ linked)) if ends else 0
