"""Where a file's operators meet our rules: what a part of a model breaks becomes an error that names the part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from onnx.checker import ValidationError
from onnx.shape_inference import InferenceError

from archsim.errors import InputError
from archsim.network.onnx_import.limits import TooLarge

_PYTHON = (ValueError, TypeError, LookupError, ArithmeticError, MemoryError, RuntimeError)
_FAULTS = (*_PYTHON, ValidationError, InferenceError)


class Unreadable(InputError):
    """A part of a model that breaks a rule which no check names; the cause says which.

    Tests on valid models never see one: there, it is a fault of the importer.
    """


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Read a part of a model.

    Raises
    ------
    InputError
        In the place of what reading the part raised, with that as its cause.
    """
    try:
        with np.errstate(invalid="raise", divide="raise", over="raise"):
            yield
    except TooLarge as fault:
        raise InputError(
            str(fault),
            where=where,
            remedy="Check the sizes in the model; give smaller shapes for its inputs (--shape), or cut the graph.",
        ) from fault
    except _FAULTS as fault:
        raise Unreadable(
            f"does not fit its inputs or its own attributes ({_said(fault)})",
            where=where,
            remedy="Check the model with onnx.checker (full_check=True), and the shapes given for its inputs; if it is "
            "valid, please report it: the importer is then at fault.",
        ) from fault


@contextmanager
def in_file(path: Path) -> Iterator[None]:
    """Read a part of a file, which errors then name, too."""
    try:
        yield
    except InputError as fault:
        if str(path) in fault.where:
            raise
        where = f"{path}, {fault.where}" if fault.where else str(path)
        raise type(fault)(fault.what, where=where, remedy=fault.remedy) from fault.__cause__


def _said(fault: BaseException) -> str:
    text = " ".join(str(fault).split())
    return f"{type(fault).__name__}: {text[:300]}" if text else type(fault).__name__
