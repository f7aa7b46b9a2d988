"""Cycle-level simulator of analog in-memory-computing chips.

>>> import archsim
>>> result = archsim.simulate("mlp-hermes", "pcm-mesh-14nm")
>>> result.ledger.headline.gops_per_w > 0
True
"""

from archsim.accounting import Headline, Ledger, account
from archsim.chip import Chip, load_chip
from archsim.cost import price
from archsim.errors import ArchsimError
from archsim.lowering import lower
from archsim.mapping import Placement, place
from archsim.network import Network
from archsim.program import Program, Trace
from archsim.simulate import Engine, Result, Settings, load_network, run, simulate

__all__ = [
    "ArchsimError",
    "Chip",
    "Engine",
    "Headline",
    "Ledger",
    "Network",
    "Placement",
    "Program",
    "Result",
    "Settings",
    "Trace",
    "account",
    "load_chip",
    "load_network",
    "lower",
    "place",
    "price",
    "run",
    "simulate",
]
