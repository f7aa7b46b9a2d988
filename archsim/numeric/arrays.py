"""Array types of the numeric crossbar, and which code path an array takes.

The arrays of an array-API namespace have no common static type yet, so that ``Array`` names numpy's; torch's and
others' flow through the same functions, by way of ``array_api_compat``.
"""

from __future__ import annotations

from types import ModuleType
from typing import TypeAlias

import numpy as np
from array_api_compat import array_namespace, is_numpy_array, numpy
from numpy.typing import NDArray

F64: TypeAlias = NDArray[np.float64]
F32: TypeAlias = NDArray[np.float32]
Words: TypeAlias = NDArray[np.uint32]
Mask: TypeAlias = NDArray[np.bool_]
Integers: TypeAlias = NDArray[np.int64]
Array: TypeAlias = NDArray[np.float32]
"""A float32 array of any array-API namespace."""


def namespace(array: Array) -> ModuleType:
    """Array-API namespace of an array."""
    # What is asked for most: its own answer takes a hundred times as long.
    space: ModuleType = numpy if type(array) is np.ndarray else array_namespace(array)
    return space


def on_host(array: Array) -> bool:
    """Whether the array is numpy's, so that the compiled kernels can take it."""
    return type(array) is np.ndarray or bool(is_numpy_array(array))
