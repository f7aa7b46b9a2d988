"""The verbs in a row: from a model and a chip to a Ledger. Every command calls these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from archsim import lowering, verbs
from archsim.accounting import Ledger, Tally, memory_accesses, patience_of, priced_tally, traffic_notes
from archsim.chip import Chip, Overrides, load_chip
from archsim.chip.reads import Description
from archsim.cost import Bill, price
from archsim.errors import CapacityError, InputError
from archsim.inputs import Engine as Engine
from archsim.inputs import Settings as Settings
from archsim.inputs import load_network as load_network
from archsim.inputs import no_such
from archsim.mapping import Placement
from archsim.network import Network
from archsim.program import Program, Trace
from archsim.reuse import Recalled

if TYPE_CHECKING:
    from onnx import ModelProto

    from archsim.engine import LogWindow, Progress


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
        raise no_such("settings", settings, "Settings(batch=..., replicate=...)")
    network = model if isinstance(model, Network) else load_network(model)
    described = Description(_described(chip, overrides))
    bill, made = price(described.chip), _prepared(network, described, chosen)
    laid, lowered = made.placement, made.program
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
    ledger = priced_tally(tally, placement, bill, made.products)
    return Result(network, described.chip, placement, tally.trace.program, tally.trace, bill, ledger)


def placed(network: Network, chip: Chip, settings: Settings) -> tuple[Placement, Bill]:
    """Where a network would lie, and what the chip costs; a simulation that follows finds both again."""
    described = Description(chip)
    return _laid(network, described, settings).value.on(chip), price(chip)


def _prepared(network: Network, chip: Description, chosen: Settings) -> verbs.Prepared:
    replicate, batch, interleave = chosen.replicate, chosen.batch, chosen.interleave
    return verbs.prepared(network, chip, replicate=replicate, batch=batch, interleave=interleave)


def _laid(network: Network, chip: Description, chosen: Settings) -> Recalled[Placement]:
    replicate, batch, interleave = chosen.replicate, chosen.batch, chosen.interleave
    return verbs.placed(network, chip, replicate=replicate, batch=batch, interleave=interleave)


def _described(chip: str | Path | Chip, overrides: Overrides) -> Chip:
    if isinstance(chip, str | Path):
        return load_chip(str(chip), overrides)
    if not isinstance(chip, Chip):
        raise no_such("chip", chip, "a name, the path of a chip file or a Chip; what differs from a file as overrides")
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
