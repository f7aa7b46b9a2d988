"""What a simulation is asked for: settings, and a network by its name or file."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from archsim.errors import InputError
from archsim.network import Network
from archsim.workloads import WorkloadOptions, build
from archsim.workloads.trained import trained

if TYPE_CHECKING:
    from onnx import ModelProto

    from archsim.mapping import Replication

MOST_NETWORKS = 32
"""Named networks that are kept, those asked for last."""


class Engine(StrEnum):
    """Which engine runs a Program; both give the same Trace to the picosecond."""

    COMPILED = "compiled"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a network is run on a chip.

    Parameters
    ----------
    batch : int
        Samples.
    replicate : Replication
        ``"none"``, ``"balanced"``, or copies by layer name.
    interleave : int, optional
        Samples whose tokens take turns; chosen by lowering where not given.
    engine : Engine
    within : float, optional
        Where samples are run that show no exact period, end a long run early once the latest take as long as those
        before them, to this part, and take them for the rest of the batch. All are run where it is not given.

    Raises
    ------
    InputError
        If one is of another type, or cannot be used.
    """

    batch: int = 1
    replicate: Replication = "none"
    interleave: int | None = None
    engine: Engine = Engine.COMPILED
    within: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("batch", self.batch), ("interleave", self.interleave)):
            if value is not None and (not isinstance(value, Integral) or isinstance(value, bool)):
                raise no_such(name, value, "a whole number (int)")
        if not isinstance(self.replicate, str | Mapping):
            raise no_such("replicate", self.replicate, "'none', 'balanced' or a dictionary of copies by layer")
        if not isinstance(self.engine, Engine):
            raise no_such("engine", self.engine, " or ".join(f"Engine.{engine.name}" for engine in Engine))
        if self.within is not None:
            self._check_within(self.within)

    def _check_within(self, within: float) -> None:
        if not isinstance(within, Real) or isinstance(within, bool):
            raise no_such("within", within, "a part (float), such as 0.01")
        if not 0.0 < within < 1.0:
            raise InputError(f"{within:g} is no part of a time", where="within", remedy="Give one such as 0.01 (1 %).")
        if self.engine is Engine.REFERENCE:
            raise InputError(
                "the reference engine runs every sample",
                where="within",
                remedy="Leave it out, or take the other engine.",
            )


def load_network(
    model: str | Path | ModelProto,
    options: WorkloadOptions | None = None,
    *,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Network:
    """Read an ONNX file or model, or build a named network.

    Parameters
    ----------
    model : str, Path or onnx.ModelProto
        A path to an ONNX file, a model in memory, or the name of a network or trained model that ``archsim list``
        shows.
    options : WorkloadOptions, optional
        Sequence length and the like, for named networks.
    shapes : mapping of str to tuple of int, optional
        Shapes of an ONNX file's inputs where it leaves them open.

    Raises
    ------
    InputError
        If there is neither such a file nor such a name, or an option does not apply.
    """
    if _is_proto(model):
        return _read(model, options, shapes or {})
    if not isinstance(model, str | Path):
        raise no_such("network", model, "a name, the path of an ONNX file, an onnx.ModelProto or a Network")
    known = trained(str(model))
    path = known.model if known else Path(model)
    if path.suffix == ".onnx" or path.is_file():
        return _read(path, options, shapes or {})
    if shapes:
        raise InputError(
            f"{model} is a named network, whose shapes are fixed",
            where="--shape",
            remedy="Use its own options (--seq, --image), or give an ONNX file.",
        )
    return _named(str(model), options or WorkloadOptions())


@lru_cache(maxsize=MOST_NETWORKS)
def _named(name: str, options: WorkloadOptions) -> Network:
    network: Network = build(name, options)
    return network


def _read(model: Path | ModelProto, options: WorkloadOptions | None, shapes: Mapping[str, tuple[int, ...]]) -> Network:
    # onnx takes a while to load, and named networks need none.
    from archsim.network.onnx_import import read_model, read_onnx

    if options is not None and options != WorkloadOptions():
        raise InputError(
            "sequence and image options belong to named networks",
            where=str(model) if isinstance(model, Path) else "model",
            remedy="Give the shapes of the model's inputs: --shape NAME=1,3,224,224.",
        )
    if isinstance(model, Path):
        digest = _digest(model)
        if not digest:
            return read_onnx(model, shapes=shapes)
        return _of_file(model, digest, tuple((name, tuple(sizes)) for name, sizes in shapes.items()))
    return read_model(model, name=model.graph.name or "model", shapes=shapes)


def _digest(file: Path) -> str:
    """Of a model file's contents, which are all that its network is made from; nothing of what cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "blake2b").hexdigest()
    except OSError:
        return ""


@lru_cache(maxsize=MOST_NETWORKS)
def _of_file(file: Path, _: str, shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> Network:
    from archsim.network.onnx_import import read_onnx

    return read_onnx(file, shapes=dict(shapes))


def _is_proto(model: object) -> TypeGuard[ModelProto]:
    """Whether this is an ONNX model in memory; only who has loaded onnx can have one."""
    onnx = sys.modules.get("onnx")
    return onnx is not None and isinstance(model, onnx.ModelProto)


def no_such(what: str, given: object, meant: str) -> InputError:
    """What is wrong with a value that is of another kind than it is meant to be."""
    return InputError(f"{given!r:.100} ({type(given).__name__}) is no {what}", where=what, remedy=f"Give {meant}.")
