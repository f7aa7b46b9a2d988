"""The verbs in a row: from a model and a chip to a Ledger. Every command calls these."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
from numpy.typing import NDArray

from archsim import lowering, verbs, workloads
from archsim.accounting import Ledger, Tally, memory_accesses, patience_of, priced_tally, traffic_notes
from archsim.chip import Chip, Overrides, load_chip
from archsim.chip.reads import Description
from archsim.cost import Bill, price
from archsim.errors import CapacityError, InputError
from archsim.mapping import Placement, Replication
from archsim.network import Network
from archsim.program import Program, Trace
from archsim.reuse import Recalled
from archsim.workloads import WorkloadOptions
from archsim.workloads.trained import trained

if TYPE_CHECKING:
    from onnx import ModelProto

    from archsim.engine import LogWindow, Progress


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
                raise _no(name, value, "a whole number (int)")
        if not isinstance(self.replicate, str | Mapping):
            raise _no("replicate", self.replicate, "'none', 'balanced' or a dictionary of copies by layer")
        if not isinstance(self.engine, Engine):
            raise _no("engine", self.engine, " or ".join(f"Engine.{engine.name}" for engine in Engine))
        if self.within is not None:
            self._check_within(self.within)

    def _check_within(self, within: float) -> None:
        if not isinstance(within, Real) or isinstance(within, bool):
            raise _no("within", within, "a part (float), such as 0.01")
        if not 0.0 < within < 1.0:
            raise InputError(f"{within:g} is no part of a time", where="within", remedy="Give one such as 0.01 (1 %).")
        if self.engine is Engine.REFERENCE:
            raise InputError(
                "the reference engine runs every sample",
                where="within",
                remedy="Leave it out, or take the other engine.",
            )


@dataclass(frozen=True, slots=True)
class Result:
    """All values of one simulation, from the inputs to the Ledger."""

    network: Network
    chip: Chip
    placement: Placement
    program: Program
    trace: Trace
    bill: Bill
    ledger: Ledger


class Interrupted(KeyboardInterrupt):
    """A simulation that was stopped from the keyboard.

    Parameters
    ----------
    trace : Trace
        What had happened until then, marked incomplete.
    """

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace


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
        raise _no("network", model, "a name, the path of an ONNX file, an onnx.ModelProto or a Network")
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
    network: Network = workloads.build(name, options)
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


def _no(what: str, given: object, meant: str) -> InputError:
    return InputError(f"{given!r:.100} ({type(given).__name__}) is no {what}", where=what, remedy=f"Give {meant}.")


def simulate(
    model: str | Path | ModelProto | Network,
    chip: str | Path | Chip,
    settings: Settings | None = None,
    *,
    overrides: Overrides = (),
    log: LogWindow | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Run a network on a chip: place, lower, run, account.

    Parameters
    ----------
    model : str, Path, onnx.ModelProto or Network
        A name, an ONNX file, an ONNX model in memory, or a Network.
    chip : str, Path or Chip
        A preset's name, a YAML file, or a Chip.
    settings : Settings, optional
    overrides : sequence of str, or mapping
        Changes to the chip file: ``["tile.adc.bits=6"]``, ``{"tile.adc.bits": 6}``, or nested.
    log : LogWindow, optional
        Firings to write down in the Trace.
    progress : callable, optional
        Told now and then how far the run is; the reference engine does not tell.

    Returns
    -------
    Result

    Raises
    ------
    ArchsimError
        With place and remedy, whatever goes wrong.
    Interrupted
        If the run was stopped from the keyboard.
    """
    chosen = Settings() if settings is None else settings
    if not isinstance(chosen, Settings):
        raise _no("settings", settings, "Settings(batch=..., replicate=...)")
    network = model if isinstance(model, Network) else load_network(model)
    described = Description(_described(chip, overrides))
    bill, laid = price(described.chip), _laid(network, described, chosen)
    lowered = verbs.lowered(laid, described, chosen.batch)

    patience = patience_of(described.chip, lowered.value)

    def whole_run() -> Trace:
        trace = run(lowered.value, chosen.engine, log=log, progress=progress, patience=patience, within=chosen.within)
        if not trace.complete:
            raise Interrupted(trace)
        return trace

    # What is logged is for this one caller.
    tally = (
        verbs.counted(whole_run, (chosen.engine, chosen.within), lowered, laid, patience)
        if log is None
        else Tally(whole_run(), laid.value)
    )
    placement = laid.value.on(described.chip)
    ledger = priced_tally(tally, placement, bill)
    return Result(network, described.chip, placement, tally.trace.program, tally.trace, bill, ledger)


def placed(network: Network, chip: Chip, settings: Settings) -> tuple[Placement, Bill]:
    """Where a network would lie, and what the chip costs; a simulation that follows finds both again."""
    described = Description(chip)
    return _laid(network, described, settings).value.on(chip), price(chip)


def _laid(network: Network, chip: Description, chosen: Settings) -> Recalled[Placement]:
    replicate, batch, interleave = chosen.replicate, chosen.batch, chosen.interleave
    return verbs.placed(network, chip, replicate=replicate, batch=batch, interleave=interleave)


def _described(chip: str | Path | Chip, overrides: Overrides) -> Chip:
    if isinstance(chip, str | Path):
        return load_chip(str(chip), overrides)
    if not isinstance(chip, Chip):
        raise _no("chip", chip, "a name, the path of a chip file or a Chip; what differs from a file as overrides")
    if overrides:
        raise InputError(
            "overrides change a chip file, and this chip has been read already",
            where="overrides",
            remedy="Give them to load_chip, or give the chip's name.",
        )
    return chip


def run(
    program: Program,
    engine: Engine = Engine.COMPILED,
    *,
    log: LogWindow | None = None,
    progress: Callable[[Progress], None] | None = None,
    patience: NDArray[np.int64] | None = None,
    within: float | None = None,
) -> Trace:
    """Run a Program.

    Parameters
    ----------
    program : Program
    engine : Engine
    log : LogWindow, optional
        Firings to write down in the Trace.
    progress : callable, optional
        Told now and then how far the run is; the reference engine does not tell.
    patience : int64, shape (resources,), optional
        Picoseconds for which a free server waits before it rests.
    within : float, optional
        As `Settings` has it; of the compiled engine.

    Raises
    ------
    Deadlock
        When nothing can happen and firings are left.
    ProgramError
        If the verifier refuses the Program.
    """
    # numba takes longer to load than most runs take; who finds a run that was done before needs none.
    from archsim.engine import run_compiled, run_reference

    if engine is Engine.COMPILED:
        return run_compiled(program, log=log, progress=progress, patience=patience, within=within)
    return run_reference(program, log=log, patience=patience)


def foretold(placement: Placement) -> tuple[str, ...]:
    """Sentences on what a run of a placed network will write to memory and read back, or why it cannot run."""
    try:
        program = lowering.lower(placement, batch=placement.interleave)
    except CapacityError as error:
        return (f"cannot run as placed: {error}",)
    return tuple(traffic_notes(memory_accesses(program), program.samples.count))
