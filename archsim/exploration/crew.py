"""Who evaluates points: this process, processes beside it, or the workers of a Dask cluster.

All of them take a task and give a future, so that nobody else knows who works.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, set_forkserver_preload
from multiprocessing.context import BaseContext
from types import TracebackType
from typing import Any, Protocol, Self

from archsim.errors import ArchsimError, InputError
from archsim.exploration.evaluation import Found, Task, evaluate
from archsim.memory import free_bytes, gibibytes

Work = Callable[[Task], Found]
QUEUED = 3
"""Tasks that lie ready for each worker, so that it need not wait while the store is written."""
BUNDLE_S = 0.05
"""How long a worker should be busy with what one message brings it."""
MOST_IN_BUNDLE = 8
"""Tasks of a message: what is lost at most, for each worker, if all are killed."""
BYTES_PER_WORKER = 100 << 20
"""Of a process's own, beside what all share: measured with points of ResNet-18."""


class WorkersLost(ArchsimError):
    """Nobody is left to work."""


class Crew(Protocol):
    """Workers."""

    @property
    def width(self) -> int:
        """Tasks that they can have at once."""

    @property
    def final(self) -> tuple[type[Exception], ...]:
        """Errors after which a task has been tried often enough."""

    def submit(self, tasks: Sequence[Task]) -> Sequence[Future[Found]]:
        """Give tasks, which may come to one worker together."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class Alone:
    """This process: each point when it is given."""

    def __init__(self, work: Work = evaluate) -> None:
        self._work = work

    @property
    def width(self) -> int:
        """One at a time."""
        return 1

    @property
    def final(self) -> tuple[type[Exception], ...]:
        """None."""
        return ()

    def submit(self, tasks: Sequence[Task]) -> Sequence[Future[Found]]:
        """Evaluate points now."""
        return list(map(self._evaluated, tasks))

    def _evaluated(self, task: Task) -> Future[Found]:
        future: Future[Found] = Future()
        try:
            future.set_result(self._work(task))
        except Exception as error:  # noqa: BLE001 as a future has it
            future.set_exception(error)
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


class Processes:
    """Processes on this machine, each of which may die without the others.

    Points that take less time than a message come several in one.

    Parameters
    ----------
    workers : int
    work : callable, optional
    """

    def __init__(self, workers: int, work: Work = evaluate) -> None:
        try:
            from pebble import ProcessPool
        except ImportError as error:
            raise missing("explore", error) from None
        _refuse_script(work)
        self._workers, self._work, self._bundle = workers, work, 1
        self._open: list[Future[Found]] = []
        self._pool = ProcessPool(max_workers=workers, context=_context(), initializer=_begin)

    @property
    def width(self) -> int:
        """Every worker has one bundle of tasks, and some lie ready."""
        return self._workers * max(1 + QUEUED, 2 * self._bundle)

    @property
    def final(self) -> tuple[type[Exception], ...]:
        """None: a worker's death may have been chance."""
        return ()

    def submit(self, tasks: Sequence[Task]) -> Sequence[Future[Found]]:
        """Give each bundle of tasks to the next worker that is free; where there are few, all workers get some."""
        self._open = [future for future in self._open if not future.done()]
        share = (len(self._open) + len(tasks)) // (2 * self._workers)
        size = max(1, min(self._bundle, share))
        given = [future for at in range(0, len(tasks), size) for future in self._given(tasks[at : at + size])]
        self._open += given
        return given

    def _given(self, tasks: Sequence[Task]) -> Sequence[Future[Found]]:
        futures: list[Future[Found]] = [Future() for _ in tasks]
        try:
            with _main_hidden():
                bundle: Future[_Done] = self._pool.schedule(_done, args=(self._work, tasks))
        except RuntimeError as error:
            raise WorkersLost(
                f"no process can work any more: {error}",
                where="--workers",
                remedy="See that there is memory, and give the same command: it goes on from there.",
            ) from None
        bundle.add_done_callback(partial(self._handed_out, futures))
        return futures

    def _handed_out(self, futures: Sequence[Future[Found]], bundle: Future[_Done]) -> None:
        """To each task what it came to, or how its worker ended."""
        if bundle.cancelled():
            for future in futures:
                future.cancel()
            return
        error = bundle.exception()
        if error is not None:
            for future in futures:
                future.set_exception(error)
            return
        done = bundle.result()
        self._bundle = min(MOST_IN_BUNDLE, max(1, int(BUNDLE_S * len(futures) / max(done.seconds, 1e-6))))
        for future, found in zip(futures, done.found, strict=True):
            future.set_exception(found) if isinstance(found, Exception) else future.set_result(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        end: Callable[[], None] = self._pool.close if kind is None else self._pool.stop
        end()
        self._pool.join()


@dataclass(frozen=True, slots=True)
class _Done:
    """What a bundle of tasks came to, and how long it took."""

    found: Sequence[Found | Exception]
    seconds: float


def _done(work: Work, tasks: Sequence[Task]) -> _Done:
    """Evaluate a bundle in a worker."""
    began = time.perf_counter()
    found = [_tried(work, task) for task in tasks]
    return _Done(found, time.perf_counter() - began)


def _tried(work: Work, task: Task) -> Found | Exception:
    try:
        return work(task)
    except Exception as error:  # noqa: BLE001 the others of the bundle are not concerned
        return error


def _context() -> BaseContext:
    """Fresh processes, forked from one that has loaded what they need and has no threads."""
    if sys.platform == "win32":
        return get_context("spawn")
    set_forkserver_preload(["archsim.exploration.evaluation"])
    return get_context("forkserver")


def _refuse_script(work: Work) -> None:
    """Refuse a function that workers, who do not load the script that explores, cannot find."""
    inner: Any = work
    while isinstance(inner, partial):
        inner = inner.func
    name = getattr(inner, "__qualname__", type(inner).__qualname__)
    if getattr(inner, "__module__", "__main__") == "__main__" or "<" in name:
        raise InputError(
            f"processes cannot find {name}, which is no function of a module",
            where="work",
            remedy="Put it into a file of its own and import it, or take workers=1.",
        )


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Workers need nothing of the script that explores; without this they would run it again."""
    main = sys.modules["__main__"]
    kept = {name: getattr(main, name) for name in ("__file__", "__spec__") if getattr(main, name, None) is not None}
    for name in kept:
        setattr(main, name, None)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(main, name, value)


def _begin() -> None:
    """A worker lets the keyboard alone, computes on one core, and does not look through what stays loaded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    import numba
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threadpool_limits(1)
    numba.set_num_threads(1)


class Cluster:
    """The workers of a Dask cluster, who may come and go.

    Parameters
    ----------
    scheduler : str
        Its address, as ``tcp://host:8786``.
    work : callable, optional

    Raises
    ------
    InputError
        If nobody answers there.
    """

    def __init__(self, scheduler: str, work: Work = evaluate) -> None:
        try:
            import distributed
        except ImportError as error:
            raise missing("cluster", error) from None
        self._work = work
        # The library has no types.
        client: Any = distributed.Client
        self._quiet = _Quiet("distributed", "distributed.client")
        self._killed: type[Exception] = distributed.KilledWorker
        try:
            self._client = client(scheduler, timeout="10s", set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            self._quiet.end()
            raise InputError(
                f"no scheduler answers: {error or type(error).__name__}",
                where=f"--scheduler {scheduler}",
                remedy="Start one (dask scheduler) and workers (dask worker ADDRESS --nthreads 1).",
            ) from None
        self._executor = self._client.get_executor(pure=False)

    @property
    def width(self) -> int:
        """Every thread of every worker that is there now has one task, and some lie ready."""
        with _answered():
            threads: dict[str, int] = self._client.ncores()
        return max(1, sum(threads.values())) * (1 + QUEUED)

    @property
    def final(self) -> tuple[type[Exception], ...]:
        """The scheduler has tried a task on several workers before it says that they died of it."""
        return (self._killed,)

    def submit(self, tasks: Sequence[Task]) -> Sequence[Future[Found]]:
        """Give tasks to the cluster."""
        with _answered():
            return [self._executor.submit(self._work, task) for task in tasks]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=False)
        self._client.close()
        self._quiet.end()


def cluster_gone() -> WorkersLost:
    """What is told of a cluster that answers no more."""
    return WorkersLost(
        "the workers are gone",
        where="--scheduler",
        remedy="Start the scheduler and its workers again, and give the same command: it goes on from there.",
    )


@contextmanager
def _answered() -> Iterator[None]:
    """A scheduler that is gone is told by whichever call meets it first, in many words."""
    try:
        yield
    except (OSError, TimeoutError, RuntimeError, ValueError):
        raise cluster_gone() from None


class _Quiet:
    """Keeps a library from printing its own traces of what the study tells in a sentence: a scheduler that is gone."""

    def __init__(self, *loggers: str) -> None:
        self._levels = [(logging.getLogger(name), logging.getLogger(name).level) for name in loggers]
        for log, _ in self._levels:
            log.setLevel(logging.CRITICAL + 1)

    def end(self) -> None:
        """Let it speak again."""
        for log, level in self._levels:
            log.setLevel(level)


def missing(extra: str, error: ImportError) -> InputError:
    """A library of an extra is not there."""
    return InputError(
        f"{error.name} is not installed", where="archsim explore", remedy=f"pip install 'archsim[{extra}]'."
    )


def crew(workers: int | None, scheduler: str | None, work: Work = evaluate) -> Crew:
    """Those who work: a cluster where its scheduler is named, else processes on so many cores, all by default."""
    if scheduler is not None:
        return Cluster(scheduler, work)
    fitting = max(1, free_bytes() // BYTES_PER_WORKER)
    count = workers or min(cores(), fitting)
    if count == 1:
        return Alone(work)
    if count > fitting:
        raise _too_many(count, fitting)
    return Processes(count, work)


def _too_many(workers: int, fitting: int) -> InputError:
    return InputError(
        f"{workers:,} processes take about {gibibytes(workers * BYTES_PER_WORKER)} of memory, more than is free",
        where="--workers",
        remedy=f"At most {fitting:,} fit; more than there are cores ({cores()}) gain nothing.",
    )


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
