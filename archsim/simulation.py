"""The verbs in a row: from a model and a chip to a Ledger. Every command calls these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from archsim import workloads
from archsim.accounting import Ledger, account, memory_accesses, traffic_notes
from archsim.chip import Chip, load_chip
from archsim.cost import Bill, price
from archsim.engine import LogWindow, Progress, run_compiled, run_reference
from archsim.errors import CapacityError, InputError
from archsim.lowering import lower
from archsim.mapping import Placement, Replication, place
from archsim.network import Network
from archsim.network.onnx_import import read_onnx
from archsim.program import Program, Trace
from archsim.workloads import WorkloadOptions
from archsim.workloads.trained import trained


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
    """

    batch: int = 1
    replicate: Replication = "none"
    interleave: int | None = None
    engine: Engine = Engine.COMPILED


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
    model: str | Path,
    options: WorkloadOptions | None = None,
    *,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Network:
    """Read an ONNX file, or build a named network.

    Parameters
    ----------
    model : str or Path
        A path to an ONNX file, or the name of a network or trained model that ``archsim list`` shows.
    options : WorkloadOptions, optional
        Sequence length and the like, for named networks.
    shapes : mapping of str to tuple of int, optional
        Shapes of an ONNX file's inputs where it leaves them open.

    Raises
    ------
    InputError
        If there is neither such a file nor such a name, or an option does not apply.
    """
    known = trained(str(model))
    path = known.model if known else Path(model)
    if path.suffix != ".onnx" and not path.is_file():
        if shapes:
            raise InputError(
                f"{model} is a named network, whose shapes are fixed",
                where="--shape",
                remedy="Use its own options (--seq, --image), or give an ONNX file.",
            )
        network: Network = workloads.build(str(model), options or WorkloadOptions())
        return network
    if options is not None and options != WorkloadOptions():
        raise InputError(
            "sequence and image options belong to named networks",
            where=str(path),
            remedy="Give the shapes of the file's inputs: --shape NAME=1,3,224,224.",
        )
    return read_onnx(path, shapes=shapes or {})


def simulate(
    model: str | Path | Network,
    chip: str | Path | Chip,
    settings: Settings | None = None,
    *,
    overrides: Sequence[str] = (),
    log: LogWindow | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Run a network on a chip: place, lower, run, account.

    Parameters
    ----------
    model : str, Path or Network
        A name, an ONNX file, or a Network.
    chip : str, Path or Chip
        A preset's name, a YAML file, or a Chip.
    settings : Settings, optional
    overrides : sequence of str
        Changes to the chip file, as ``"tile.adc.bits=6"``.
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
    chosen = settings or Settings()
    network = model if isinstance(model, Network) else load_network(model)
    described = chip if isinstance(chip, Chip) else load_chip(str(chip), overrides)
    bill = price(described)
    placement = place(network, described, replicate=chosen.replicate, batch=chosen.batch, interleave=chosen.interleave)
    program = lower(placement, batch=chosen.batch)
    trace = run(program, chosen.engine, log=log, progress=progress)
    if not trace.complete:
        raise Interrupted(trace)
    return Result(network, described, placement, program, trace, bill, account(trace, placement, bill))


def run(
    program: Program,
    engine: Engine = Engine.COMPILED,
    *,
    log: LogWindow | None = None,
    progress: Callable[[Progress], None] | None = None,
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

    Raises
    ------
    Deadlock
        When nothing can happen and firings are left.
    ProgramError
        If the verifier refuses the Program.
    """
    if engine is Engine.COMPILED:
        return run_compiled(program, log=log, progress=progress)
    return run_reference(program, log=log)


def foretold(placement: Placement) -> tuple[str, ...]:
    """Sentences on what a run of a placed network will write to memory and read back, or why it cannot run."""
    try:
        program = lower(placement, batch=placement.interleave)
    except CapacityError as error:
        return (f"cannot run as placed: {error}",)
    return tuple(traffic_notes(memory_accesses(program), program.samples.count))
