"""Files of named arrays (``.npz``), read with care: what is in them comes from elsewhere."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archsim.errors import InputError

_FAULTS = (
    *(OSError, ValueError, EOFError, AttributeError, TypeError, KeyError, RuntimeError, MemoryError, OverflowError),
    *(SyntaxError, zipfile.BadZipFile, zlib.error, struct.error),
)
"""What NumPy and zipfile raise at a file that is no such file, a part of one, or one with changed bytes."""


def read_arrays(path: Path, words: str, remedy: str) -> dict[str, NDArray[Any]]:
    """All arrays of a file by name.

    Parameters
    ----------
    path : Path
    words : str
        What the file should hold, for the error.
    remedy : str

    Raises
    ------
    InputError
        If the file cannot be read, or holds Python objects.
    """
    try:
        with path.open("rb") as stored:
            loaded = np.load(stored, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                raise ValueError("it holds a single array without a name")
            return {name: np.asarray(loaded[name]) for name in loaded.files}
    except _FAULTS as fault:
        raise InputError(f"the file cannot be read as {words}: {fault}", where=str(path), remedy=remedy) from fault
