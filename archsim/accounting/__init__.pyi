"""Folding a Trace into a Ledger."""

from .activity import full_activity
from .bottleneck import Bottleneck, Limit
from .energy import LEAKAGE
from .headline import GenerationFigures, Headline
from .ladder import Ladder, Rung, Step, efficiency_ladder
from .ledger import Ledger, account, priced_tally
from .peak import Peak, Products, full_products, passes_of, peak_of, product_energy, product_interval
from .power import DRAWN, patience_of
from .sample_path import Passing, SamplePath, sample_path
from .scope import Aspect, Extent, Inclusion, Scope, scope_of, without_area, without_leakage
from .steady import Basis, Steady, steady_state, steady_use
from .tally import Tally
from .time import STATES
from .traffic import memory_accesses, traffic_notes

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
    "Products",
    "Rung",
    "SamplePath",
    "Scope",
    "Steady",
    "Step",
    "Tally",
    "account",
    "efficiency_ladder",
    "full_activity",
    "full_products",
    "memory_accesses",
    "passes_of",
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
