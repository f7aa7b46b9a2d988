"""Folding a Trace into a Ledger."""

from archsim.accounting.activity import full_activity
from archsim.accounting.bottleneck import Bottleneck, Limit
from archsim.accounting.energy import LEAKAGE
from archsim.accounting.headline import GenerationFigures, Headline
from archsim.accounting.ladder import Ladder, Rung, Step, efficiency_ladder
from archsim.accounting.ledger import Ledger, account, priced_tally
from archsim.accounting.peak import Peak, peak_of, product_energy, product_interval
from archsim.accounting.power import DRAWN, patience_of
from archsim.accounting.sample_path import Passing, SamplePath, sample_path
from archsim.accounting.scope import Aspect, Extent, Inclusion, Scope, scope_of, without_area, without_leakage
from archsim.accounting.steady import Basis, Steady, steady_state, steady_use
from archsim.accounting.tally import Tally
from archsim.accounting.time import STATES
from archsim.accounting.traffic import memory_accesses, traffic_notes

__all__ = [
    "DRAWN",
    "LEAKAGE",
    "STATES",
    "Aspect",
    "Basis",
    "Bottleneck",
    "Extent",
    "GenerationFigures",
    "Headline",
    "Inclusion",
    "Ladder",
    "Ledger",
    "Limit",
    "Passing",
    "Peak",
    "Rung",
    "SamplePath",
    "Scope",
    "Steady",
    "Step",
    "Tally",
    "account",
    "efficiency_ladder",
    "full_activity",
    "memory_accesses",
    "patience_of",
    "peak_of",
    "priced_tally",
    "product_energy",
    "product_interval",
    "sample_path",
    "scope_of",
    "steady_state",
    "steady_use",
    "traffic_notes",
    "without_area",
    "without_leakage",
]
