"""The store of a study: an Optuna study in a database, whole ledgers beside it. What is in it survives everything.

A point is noted when it is begun and when it is finished, and what was noted is written together, ledgers before
outcomes. Whoever opens the store again finds each point finished with all that belongs to it, or not finished.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import optuna
import sqlalchemy
from filelock import FileLock, Timeout
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from pydantic import TypeAdapter
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from archsim.errors import ArchsimError, InputError
from archsim.exploration.evaluation import Found, Outcome
from archsim.exploration.identity import differing, identity
from archsim.exploration.ledgers import Ledgers, write_ledgers
from archsim.exploration.rows import OUTCOME, Begun, Ended, Rows, values_of
from archsim.exploration.schema import Scalar
from archsim.exploration.space import Point, Space

FORMAT = 1
"""Of what is written here; a store of another one is refused."""
DATABASE, LOCK = "study.db", ".lock"
_FORMAT, _STUDY, _MADE_BY = "archsim_format", "archsim_study", "archsim_version"
_READ = TypeAdapter(Outcome)


class StoreLost(ArchsimError):
    """The store cannot be written or read any more; what was finished is in it."""


class Store:
    """What is known of a study.

    Parameters
    ----------
    folder : Path
        For the ledgers, and for the database where none is named. Made where it does not exist.
    space : Space
        Of the study.
    name : str
        The study's, in the database.
    url : str, optional
        Of a database, as SQLAlchemy has it: ``postgresql://user@host/database``.

    Raises
    ------
    InputError
        If there is another study in the store, one of another version, or somebody who writes there now.
    """

    def __init__(self, folder: Path, space: Space, name: str, url: str | None = None) -> None:
        self.folder, self._space = folder, space
        self._parameters = {one.name: one for one in space.parameters}
        self._where = url or str(folder / DATABASE)
        self._trials: dict[int, int] = {}
        self._outcomes: dict[int, Outcome] = {}
        self._stored: dict[int, Mapping[str, Scalar]] = {}
        self._begun: list[Begun] = []
        self._ended: list[tuple[Ended, Ledgers]] = []
        with ExitStack() as stack:
            stack.enter_context(_alone_in(folder))
            self._storage = self._opened(url)
            stack.callback(self._close)
            stack.enter_context(_alone_with(self._storage, name))
            with self._reached():
                study = self._study(name)
                self._read(study)
            self._rows = Rows(self._storage.engine, study, space.parameters)
            self._leaving = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What ended this, a store that is lost among it, has been told.
        with self._leaving, suppress(StoreLost):
            self.write()

    def _close(self) -> None:
        with suppress(SQLAlchemyError):
            self._storage.remove_session()
            self._storage.engine.dispose()

    @property
    def outcomes(self) -> Mapping[int, Outcome]:
        """Of all points that are finished, and written, by number."""
        return self._outcomes

    def begin(self, number: int, point: Point) -> None:
        """Note that a point is under way; points are begun in the order of their numbers.

        Raises
        ------
        InputError
            If the store has another point there.
        """
        values = values_of(point, self._parameters)
        if number in self._trials:
            self._compare(number, values)
        else:
            self._begun.append(Begun(number, values))

    def finish(self, number: int, found: Found) -> None:
        """Note what a point came to."""
        self._ended.append((Ended(number, found.outcome), found.ledgers))

    def write(self) -> None:
        """Write everything that was noted, or nothing of it.

        Raises
        ------
        StoreLost
        """
        begun, ended, self._begun, self._ended = self._begun, self._ended, [], []
        if begun or ended:
            rows = [one for one, _ in ended]
            with self._reached():
                for one, ledgers in ended:
                    write_ledgers(self.folder, one.number, ledgers)
                self._trials.update(self._rows.write(begun, rows, self._trials))
            self._outcomes.update((one.number, one.outcome) for one in rows)

    def _compare(self, number: int, params: Mapping[str, Scalar]) -> None:
        """Whether the store's point is the one that is proposed."""
        stored = self._stored.get(number)
        if stored is not None and stored != params:
            raise InputError(
                f"point {number} of the store is {dict(stored)}, where {dict(params)} is proposed now",
                where=self._where,
                remedy="The store was made with other versions of optuna or numpy: take those, or another --store.",
            )

    def _opened(self, url: str | None) -> RDBStorage:
        address = url or f"sqlite:///{(self.folder / DATABASE).absolute()}"
        try:
            storage = RDBStorage(_driven(address), skip_compatibility_check=True)
            if storage.get_current_version() != storage.get_head_version():
                storage.upgrade()
        except ImportError as error:
            raise InputError(
                f"the database needs a driver: {error}",
                where=_shown(address),
                remedy="For PostgreSQL: pip install 'archsim[postgres]'.",
            ) from None
        except (SQLAlchemyError, sqlalchemy.exc.ArgumentError, OSError) as error:
            raise InputError(
                f"the database cannot be opened: {_reason(error)}",
                where=_shown(address),
                remedy="See that it is there and may be written, or give another: --storage URL, --store DIR.",
            ) from None
        except Exception as error:  # noqa: BLE001 alembic raises its own, and bare ones
            raise InputError(
                f"the database was made by another version of optuna, which cannot be migrated: {error}",
                where=_shown(address),
                remedy=f"Take that version (this is {optuna.__version__}), or another store.",
            ) from None
        if url is None:
            _survive_kills(storage)
        return storage

    def _study(self, name: str) -> int:
        directions = [StudyDirection[goal.name] for goal in self._space.study.objectives.values()]
        try:
            number = self._storage.create_new_study(directions, name)
        except optuna.exceptions.DuplicatedStudyError:
            number = self._storage.get_study_id_from_name(name)
        attributes = self._storage.get_study_user_attrs(number)
        if _FORMAT not in attributes:
            for key, value in (
                (_STUDY, identity(self._space)),
                (_MADE_BY, version("archsim")),
                (_FORMAT, FORMAT),
            ):
                self._storage.set_study_user_attr(number, key, value)
            return number
        self._check(attributes)
        return number

    def _check(self, attributes: Mapping[str, Any]) -> None:
        if attributes[_FORMAT] != FORMAT:
            raise InputError(
                f"the store has format {attributes[_FORMAT]}, of archsim {attributes.get(_MADE_BY)}; "
                f"this one reads format {FORMAT}",
                where=_shown(self._where),
                remedy="Take that version of archsim, or another store: --store DIR.",
            )
        before, now = attributes[_STUDY], identity(self._space)
        other = differing(before, now)
        if other:
            raise InputError(
                f"the store holds a study with other {', '.join(other)}",
                where=_shown(self._where),
                remedy="Only the number of points may change. Give another store: --store DIR.",
            )

    def _read(self, study: int) -> None:
        for trial in self._storage.get_all_trials(study, deepcopy=False):
            self._trials[trial.number] = trial._trial_id
            self._stored[trial.number] = trial.params
            if trial.state.is_finished() and OUTCOME in trial.user_attrs:
                self._outcomes[trial.number] = _READ.validate_python(trial.user_attrs[OUTCOME])

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, optuna.exceptions.StorageInternalError, OSError) as error:
            raise StoreLost(
                f"the store is lost: {_reason(error)}; {len(self._outcomes):,} finished points are safe in it",
                where=_shown(self._where),
                remedy="Make room, or bring the database back, and give the same command: it goes on from there.",
            ) from error


def _survive_kills(storage: RDBStorage) -> None:
    """SQLite with a log ahead of writing: a commit outlives the process, and does not wait for the disk."""

    def ask(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    event.listen(storage.engine, "connect", ask)
    storage.remove_session()
    storage.engine.dispose()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=0)
        lock.acquire()
    except Timeout:
        raise InputError(
            "another process works on this study", where=str(folder), remedy="Wait for it, or give another --store DIR."
        ) from None
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}",
            where=str(folder),
            remedy="Give a directory that you may write to, on a disk with room: --store DIR.",
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _alone_with(storage: RDBStorage, name: str) -> Iterator[None]:
    """Nobody else, on any machine, works on a study in a PostgreSQL database meanwhile."""
    if storage.engine.dialect.name != "postgresql":
        yield
        return
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    # No transaction stays open for as long as the study takes.
    connection = storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        if not connection.scalar(sqlalchemy.select(sqlalchemy.func.pg_try_advisory_lock(key))):
            raise InputError(
                f"another process works on the study {name!r}",
                where=_shown(str(storage.engine.url)),
                remedy="Wait for it, or give the study file another name.",
            )
        yield
    finally:
        # A database that is gone has forgotten the lock.
        with suppress(SQLAlchemyError):
            connection.close()


def _driven(address: str) -> str:
    """An address with the driver of the extra, where it asks for PostgreSQL and names none."""
    url = sqlalchemy.make_url(address)
    driver = "postgresql+psycopg2" if url.drivername == "postgresql" else url.drivername
    return url.set(drivername=driver).render_as_string(hide_password=False)


def _shown(address: str) -> str:
    """An address without its password."""
    try:
        return sqlalchemy.make_url(address).render_as_string(hide_password=True) if "://" in address else address
    except sqlalchemy.exc.ArgumentError:
        return address


def _reason(error: BaseException) -> str:
    """The innermost cause, on one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(getattr(error, "orig", None) or error).split())
