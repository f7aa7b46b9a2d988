"""Folding a Trace into a Ledger."""

from archsim.accounting.bottleneck import Bottleneck
from archsim.accounting.headline import Headline
from archsim.accounting.ledger import LEAKAGE, Ledger, account
from archsim.accounting.peak import Peak, peak_of

__all__ = ["LEAKAGE", "Bottleneck", "Headline", "Ledger", "Peak", "account", "peak_of"]
