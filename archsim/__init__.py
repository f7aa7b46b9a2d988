"""Cycle-level simulator of analog in-memory-computing chips.

>>> import archsim
>>> result = archsim.simulate("mlp-hermes", "pcm-mesh-14nm")
>>> result.ledger.headline.gops_per_w > 0
True
"""

import os
from importlib import import_module

TYPE_CHECKING = False  # as in typing, which takes longer to load than this module
if TYPE_CHECKING:
    from archsim.accounting import Headline, Ledger, account
    from archsim.chip import Chip, load_chip
    from archsim.comparison import compare
    from archsim.cost import price
    from archsim.errors import ArchsimError
    from archsim.exploration import explore
    from archsim.lowering import lower
    from archsim.mapping import Placement, place
    from archsim.network import Network
    from archsim.program import Program, Trace
    from archsim.simulation import Engine, Result, Settings, load_network, run, simulate
    from archsim.solver import solve

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
    "compare",
    "explore",
    "load_chip",
    "load_network",
    "lower",
    "place",
    "price",
    "run",
    "simulate",
    "solve",
]

_HOMES = {
    "archsim.accounting": ("Headline", "Ledger", "account"),
    "archsim.chip": ("Chip", "load_chip"),
    "archsim.comparison": ("compare",),
    "archsim.cost": ("price",),
    "archsim.errors": ("ArchsimError",),
    "archsim.exploration": ("explore",),
    "archsim.solver": ("solve",),
    "archsim.lowering": ("lower",),
    "archsim.mapping": ("Placement", "place"),
    "archsim.network": ("Network",),
    "archsim.program": ("Program", "Trace"),
    "archsim.simulation": ("Engine", "Result", "Settings", "load_network", "run", "simulate"),
}


_HERE = os.path.dirname(__file__)
if not os.path.exists(os.path.join(_HERE, "workloads")):
    # In a clone the named networks lie beside the package, and this folder shadows an installed one.
    __path__.append(os.path.dirname(_HERE))


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load a public name when it is first used: ``archsim --help`` need not wait for numba and pandas."""
        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(home), name)
        raise AttributeError(f"module 'archsim' has no attribute {name!r}")
