"""The compiled engine: the timing contract over flat arrays in numba, equal to the reference to the picosecond."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from archsim.engine.deadlock import diagnose
from archsim.engine.kernel import BOUNDARY, IDLE, LOG_FULL, SLICE, VISIT, advance
from archsim.engine.progress import Progress
from archsim.engine.service import service_time
from archsim.engine.state import DONE, HEAP_COUNT, LOG_COUNT, State, build_state, contended_resources, freed_tokens
from archsim.engine.steady import SteadySearch, find_rhythm
from archsim.engine.window import LogWindow, sorted_log
from archsim.program import FiringLog, Program, Rests, Trace
from archsim.program.tables import Counts, Picoseconds
from archsim.program.verify import verify

# Firings between two looks at the keyboard and the progress callback: about a tenth of a second.
SLICE_FIRINGS = 3_000_000
# Rows of the log that the kernel writes before they are taken out.
LOG_ROWS = 1 << 18
# A gate that nothing reaches.
FAR = 2**62


def run(
    program: Program,
    *,
    log: LogWindow | None = None,
    progress: Callable[[Progress], None] | None = None,
    fast_forward: bool = True,
    patience: Counts | None = None,
    within: float | None = None,
) -> Trace:
    """Run a program to its end, or until Ctrl-C, which leaves a trace marked incomplete.

    The token of a firing arrives ``latency`` after its start, but never before the token of the firing before: where a
    latency table shortens, the later token queues behind the earlier.

    Parameters
    ----------
    program : Program
    log : LogWindow or None
        Firings to write down.
    progress : callable or None
        Called with a ``Progress`` every few million firings.
    fast_forward : bool
        Skip the repetitions of the periodic regime. The trace is the same; ``period`` is only set with it. While a log
        is wanted, nothing is skipped before its window closes.
    patience : int64, shape (resources,), optional
        Picoseconds for which a free server waits before it rests; the trace then has ``rests``.
    within : float, optional
        Where a long run finds no exact period, take the rest of the batch as repetitions of the latest samples, once
        these take as long as those before them, to this part; the trace is then ``extrapolated``. Needs
        ``fast_forward``.

    Returns
    -------
    Trace
        In an incomplete one, samples that have not entered or left have -1, and actors stand at different times.

    Raises
    ------
    ProgramError
        From the verifier.
    Deadlock
        When nothing can happen and firings are left.
    """
    verify(program)
    return _Run(program, log, fast_forward, patience, within).trace(progress)


run_compiled = run


def firings_between(program: Program, window: LogWindow) -> list[FiringLog]:
    """The firings that start in a window, in parts, each actor's in order; the run goes little further.

    Parameters
    ----------
    program : Program
        One that has been run to its end before.
    window : LogWindow
        Its limit must be above the number of firings in it.
    """
    run = _Run(program, window, fast_forward=False)
    seen_beyond = 0
    # Work that waits at a slice's end may lie before the heap, but not after one slice more.
    while run.on() != IDLE and seen_beyond < 2:
        beyond = run.state.registers[HEAP_COUNT] > 0 and run.state.heap_ready[0] >= window.stop_ps
        seen_beyond = seen_beyond + 1 if beyond else 0
    assert run.rows is not None
    run.rows.take(run.state)
    return run.rows.parts


class _Run:
    def __init__(
        self,
        program: Program,
        log: LogWindow | None,
        fast_forward: bool,
        patience: Counts | None = None,
        within: float | None = None,
    ) -> None:
        self.program, self.log, self.patience = program, log, patience
        self.total = int(program.actors.firings.sum())
        self.state = build_state(program, log_rows=LOG_ROWS if log else VISIT, patience=patience)
        rhythm = find_rhythm(program) if fast_forward else None
        self.search = SteadySearch(program, rhythm, self.state, within) if rhythm else None
        self.rows = _Rows(log.limit) if log else None

    def trace(self, progress: Callable[[Progress], None] | None) -> Trace:
        try:
            while self.on() != IDLE:
                if progress is not None:
                    progress(self.progress())
        except KeyboardInterrupt:
            return self.result(complete=False)
        if self.state.registers[DONE] < self.total:
            fired = self.state.actor_columns.fired.copy()
            freed = freed_tokens(self.program, self.state)
            raise diagnose(self.program, fired=fired, freed=freed, time_ps=_makespan(self.state))
        return self.result(complete=True)

    def on(self) -> int:
        """Carry the run on by a slice; says why the kernel stopped."""
        state, search = self.state, self.search
        window = (self.log.start_ps, self.log.stop_ps) if self.log else (0, 0)
        slice_end = int(state.registers[DONE]) + SLICE_FIRINGS
        while True:
            gate = search.gate if search else (0, FAR)
            why = int(advance(state, slice_end, gate, self.program.samples.group, window))
            if self.rows and why == LOG_FULL:
                self.rows.take(state)
            if search and why == BOUNDARY:
                search.at_chunk(now_open=self.log is None or state.heap_ready[0] >= self.log.stop_ps)
            if why in (IDLE, SLICE):
                return why

    def progress(self) -> Progress:
        return Progress(int(self.state.heap_ready[0]), int(self.state.registers[DONE]), self.total)

    def result(self, *, complete: bool) -> Trace:
        state, actors = self.state, self.state.actor_columns
        busy = service_time(self.program, actors.fired)
        return Trace(
            program=self.program,
            makespan=_makespan(state),
            firings=actors.fired.copy(),
            busy=busy,
            starved=actors.starved.copy(),
            blocked=actors.blocked.copy(),
            contended=actors.end - busy - actors.starved - actors.blocked,
            first_start=state.first_start.copy(),
            last_end=actors.end.copy(),
            sample_in=state.sample_in,
            sample_first=state.sample_first,
            sample_out=state.sample_out,
            period=self.search.period if self.search else None,
            periodic_since=self.search.periodic_since if self.search else None,
            log=self.rows.log(state) if self.rows else None,
            complete=complete,
            rests=None if self.patience is None else self.rests(),
            extrapolated=self.search.extrapolated if self.search else None,
        )

    def rests(self) -> Rests:
        period = self.search.period_rest if self.search else None
        return Rests(self.state.rested.copy(), self.state.rests.copy(), _free_since(self.program, self.state), period)


class _Rows:
    """The log so far: the earliest rows, up to a limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.parts: list[FiringLog] = []

    def take(self, state: State) -> None:
        """Empty the kernel's rows into the log; keep at most twice the limit."""
        rows = int(state.registers[LOG_COUNT])
        self.parts.append(
            FiringLog(
                state.log_actor[:rows].astype(np.int64), state.log_firing[:rows].copy(), state.log_start[:rows].copy()
            )
        )
        state.registers[LOG_COUNT] = 0
        if sum(len(part.actor) for part in self.parts) > 2 * self.limit:
            self.parts = [self.sorted()]

    def sorted(self) -> FiringLog:
        actor = np.concatenate([part.actor for part in self.parts])
        firing = np.concatenate([part.firing for part in self.parts])
        start = np.concatenate([part.start for part in self.parts])
        return sorted_log(actor, firing, start, self.limit)

    def log(self, state: State) -> FiringLog:
        self.take(state)
        return self.sorted()


def _free_since(program: Program, state: State) -> Picoseconds:
    """When each server was last left, 0 for one that nobody used, in the order of resources."""
    servers = program.resources.servers.astype(np.int64)
    first = np.cumsum(servers) - servers
    free, contended = np.zeros(int(servers.sum()), np.int64), contended_resources(program)
    free[np.repeat(contended, servers)] = state.server_free
    # Where there are servers enough, each actor keeps one.
    own = np.flatnonzero(~contended[program.actors.resource])
    order = own[np.argsort(program.actors.resource[own], kind="stable")]
    resource = program.actors.resource[order]
    place = np.arange(len(order)) - np.searchsorted(resource, resource)
    free[first[resource] + place] = state.actor_columns.end[order]
    return free


def _makespan(state: State) -> int:
    return int(max(state.actor_columns.end.max(), state.actor_columns.arrival.max()))
