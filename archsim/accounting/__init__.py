"""Folding a Trace into a Ledger."""

from archsim.accounting.activity import full_activity
from archsim.accounting.bottleneck import Bottleneck
from archsim.accounting.headline import Headline
from archsim.accounting.ladder import Ladder, Rung, Step, efficiency_ladder
from archsim.accounting.ledger import LEAKAGE, Ledger, account
from archsim.accounting.peak import Peak, peak_of, product_energy, product_interval

__all__ = [
    "LEAKAGE",
    "Bottleneck",
    "Headline",
    "Ladder",
    "Ledger",
    "Peak",
    "Rung",
    "Step",
    "account",
    "efficiency_ladder",
    "full_activity",
    "peak_of",
    "product_energy",
    "product_interval",
]
