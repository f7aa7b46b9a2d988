"""Engines that run a Program: the SimPy reference and the compiled one, equal to the picosecond."""

from archsim.engine.compiled import Progress
from archsim.engine.compiled import run as run_compiled
from archsim.engine.critical import Cause, Critical, critical_path
from archsim.engine.reference import run as run_reference
from archsim.engine.window import LogWindow

__all__ = ["Cause", "Critical", "LogWindow", "Progress", "critical_path", "run_compiled", "run_reference"]
