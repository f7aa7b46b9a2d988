"""What was asked for, as a value that a run's report is found by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archsim.inputs import Settings
from archsim.network import Learning
from archsim.workloads import WorkloadOptions


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked for.

    Parameters
    ----------
    model : str
        A name, or the path of an ONNX file.
    chip : str
        A preset's name, or the path of a chip file.
    overrides : tuple of str
        Changes to the chip file.
    options : WorkloadOptions
        Lengths and sizes of a named network.
    shapes : mapping of str to tuple of int
        Input shapes of an ONNX file.
    settings : Settings
    learning : Learning, optional
        When updates count, where the network is trained.
    """

    model: str
    chip: str
    overrides: tuple[str, ...]
    options: WorkloadOptions
    shapes: Mapping[str, tuple[int, ...]]
    settings: Settings
    learning: Learning | None = None
