"""Engines that run a Program: the SimPy reference and the compiled one, equal to the picosecond."""

from archsim.engine.compiled import Progress, firings_between
from archsim.engine.compiled import run as run_compiled
from archsim.engine.critical import Cause, Critical, Trail, critical_path, sample_trail, sample_window
from archsim.engine.reference import run as run_reference
from archsim.engine.window import LogWindow

__all__ = [
    "Cause",
    "Critical",
    "LogWindow",
    "Progress",
    "Trail",
    "critical_path",
    "firings_between",
    "run_compiled",
    "run_reference",
    "sample_trail",
    "sample_window",
]
