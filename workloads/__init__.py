"""Named networks: `build` one by its name, with the lengths and sizes that you choose."""

from archsim.workloads.options import WorkloadOptions
from archsim.workloads.registry import build, describe, names

__all__ = ["WorkloadOptions", "build", "describe", "names"]
