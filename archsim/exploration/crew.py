"""Who evaluates points: this process, processes beside it, or the workers of a Dask cluster.

All of them take a task and give a future, so that nobody else knows who works.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
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

    def submit(self, task: Task) -> Future[Found]:
        """Give a task."""

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

    def submit(self, task: Task) -> Future[Found]:
        """Evaluate a point now."""
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
        self._workers, self._work = workers, work
        self._pool = ProcessPool(max_workers=workers, context=_context(), initializer=_begin)

    @property
    def width(self) -> int:
        """Every worker has one task, and some lie ready."""
        return self._workers * (1 + QUEUED)

    @property
    def final(self) -> tuple[type[Exception], ...]:
        """None: a worker's death may have been chance."""
        return ()

    def submit(self, task: Task) -> Future[Found]:
        """Give a task to the next worker that is free."""
        with _main_hidden():
            future: Future[Found] = self._pool.schedule(self._work, args=(task,))
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        end: Callable[[], None] = self._pool.close if kind is None else self._pool.stop
        end()
        self._pool.join()


def _context() -> BaseContext:
    """Fresh processes, forked from one that has loaded what they need and has no threads."""
    if sys.platform == "win32":
        return get_context("spawn")
    set_forkserver_preload(["archsim.exploration.evaluation"])
    return get_context("forkserver")


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
    """A worker lets the keyboard alone, and computes on one core."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
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
        self._killed: type[Exception] = distributed.KilledWorker
        try:
            self._client = client(scheduler, timeout="10s", set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                f"no scheduler answers: {error or type(error).__name__}",
                where=f"--scheduler {scheduler}",
                remedy="Start one (dask scheduler) and workers (dask worker ADDRESS --nthreads 1).",
            ) from None
        self._executor = self._client.get_executor(pure=False)

    @property
    def width(self) -> int:
        """Every thread of every worker that is there now has one task, and some lie ready."""
        threads: dict[str, int] = self._client.ncores()
        return max(1, sum(threads.values())) * (1 + QUEUED)

    @property
    def final(self) -> tuple[type[Exception], ...]:
        """The scheduler has tried a task on several workers before it says that they died of it."""
        return (self._killed,)

    def submit(self, task: Task) -> Future[Found]:
        """Give a task to the cluster."""
        future: Future[Found] = self._executor.submit(self._work, task)
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=False)
        self._client.close()


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
