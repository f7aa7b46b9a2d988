"""How weights on devices follow their gradients: one file for each algorithm, all on the same cells.

A package adds one by an entry point in ``archsim.training_algorithms`` that names a ``Method``.
"""

from archsim.training.algorithms.agad import Agad
from archsim.training.algorithms.chopped import Chopped
from archsim.training.algorithms.complex_cell import ComplexCell
from archsim.training.algorithms.contract import Algorithm, CellKinds, Method, Trained
from archsim.training.algorithms.devices import DevicePairs, Devices, ExactDevice, SingleDevices, made_devices
from archsim.training.algorithms.effort import Batch, Effort
from archsim.training.algorithms.mixed_precision import MixedPrecision
from archsim.training.algorithms.registry import GROUP, method, methods
from archsim.training.algorithms.sgd import Sgd
from archsim.training.algorithms.tiki_taka import TikiTaka
from archsim.training.algorithms.tiki_taka_2 import TikiTaka2

__all__ = [
    "GROUP",
    "Agad",
    "Algorithm",
    "Batch",
    "CellKinds",
    "Chopped",
    "ComplexCell",
    "DevicePairs",
    "Devices",
    "Effort",
    "ExactDevice",
    "Method",
    "MixedPrecision",
    "Sgd",
    "SingleDevices",
    "TikiTaka",
    "TikiTaka2",
    "Trained",
    "made_devices",
    "method",
    "methods",
]
