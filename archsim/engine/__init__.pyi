"""Engines that run a Program: the SimPy reference and the compiled one, equal to the picosecond."""

from .cause import Cause, Critical
from .compiled import firings_between, run_compiled
from .critical import Trail, critical_path, sample_trail, sample_window
from .progress import Progress
from .reference import run_reference
from .window import LogWindow

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
