"""Named networks: `build` one by its name, with the lengths and sizes that you choose."""

from archsim.workloads.options import Option, WorkloadOptions
from archsim.workloads.registry import build, describe, names, understood

__all__ = ["Option", "WorkloadOptions", "build", "describe", "names", "understood"]
