"""The store of a study: what is in it stays, whatever happens around it."""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import optuna
import pandas as pd
import pytest

from archsim.errors import InputError
from archsim.exploration import StoreLost, explore
from archsim.exploration.evaluation import Found, Task
from tests import explorations
from tests.explorations import CHEAP


def part(points: int) -> dict[str, object]:
    return {**CHEAP, "method": {"points": points}}


def test_optuna_reads_the_store(tmp_path: Path) -> None:
    limited = {**CHEAP, "constraints": ["area_m2 <= 1 mm^2"]}
    found = explore(limited, store=tmp_path / "mine", workers=1, work=explorations.limited)
    study = optuna.load_study(study_name="mine", storage=f"sqlite:///{tmp_path}/mine/study.db")
    assert len(study.trials) == 36
    best = {trial.number for trial in study.best_trials}
    # Twins in the objectives all count as best there.
    assert set(found.front.point) == best
    assert study.trials[0].params == dict(found.points[0].values)


def test_points_are_written_as_optuna_writes_them(tmp_path: Path) -> None:
    """Its own storage, told of the same trials one by one, reads back the same."""
    ranged = {
        **CHEAP,
        "parameters": {
            "tile.adc.bits": {"from": 4, "to": 9},
            "tile.adc.conversion_time": {"from": "1 ns", "to": "100 ns", "log": True},
            "tile.input.bits": [4, 6, 8],
        },
        "method": {"kind": "random", "points": 12},
        "constraints": ["area_m2 <= 1 mm^2"],
    }
    explore(ranged, store=tmp_path / "mine", workers=1, work=explorations.patchy)
    mine = optuna.load_study(study_name="mine", storage=f"sqlite:///{tmp_path}/mine/study.db")
    theirs = optuna.create_study(directions=mine.directions, storage=f"sqlite:///{tmp_path}/theirs.db")
    storage, number = theirs._storage, theirs._study_id
    for trial in mine.trials:
        begun = optuna.trial.create_trial(
            state=optuna.trial.TrialState.RUNNING, params=trial.params, distributions=trial.distributions
        )
        written = storage.create_new_trial(number, begun)
        for key, value in trial.user_attrs.items():
            storage.set_trial_user_attr(written, key, value)
        for key, value in trial.system_attrs.items():
            storage.set_trial_system_attr(written, key, value)
        storage.set_trial_state_values(written, trial.state, trial.values)
    for ours, other in zip(mine.trials, theirs.trials, strict=True):
        assert abs(ours.datetime_start - other.datetime_start) < timedelta(minutes=5)
        assert abs(ours.datetime_complete - other.datetime_complete) < timedelta(minutes=5)
        other.datetime_start, other.datetime_complete = ours.datetime_start, ours.datetime_complete
        assert ours == other
    assert {trial.state.name for trial in mine.trials} == {"COMPLETE", "FAIL", "PRUNED"}
    tables = ("trials", "trial_params", "trial_values", "trial_user_attributes", "trial_system_attributes")
    with sqlite3.connect(tmp_path / "mine" / "study.db") as here, sqlite3.connect(tmp_path / "theirs.db") as there:
        for table in tables:
            rows = [
                pd.read_sql(f"SELECT * FROM {table}", one).drop(
                    columns=["datetime_start", "datetime_complete"], errors="ignore"
                )
                for one in (here, there)
            ]
            pd.testing.assert_frame_equal(*rows)


def test_another_study_is_refused_and_more_points_are_not(tmp_path: Path) -> None:
    explore(part(4), store=tmp_path, workers=1, work=explorations.invented)
    assert len(explore(part(8), store=tmp_path, workers=1, work=explorations.invented).points) == 8
    with pytest.raises(InputError, match="a study with other objectives"):
        explore({**part(8), "objectives": {"latency_s": "minimize"}}, store=tmp_path, workers=1)
    with pytest.raises(InputError, match=r"a study with other run\.batch, run\.within"):
        explore({**part(8), "run": {"batch": 3, "within": None}}, store=tmp_path, workers=1)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE study_user_attributes SET value_json='99' WHERE key='archsim_format'", "the store has format 99"),
        ("UPDATE alembic_version SET version_num='v99.0.0'", "another version of optuna"),
    ],
)
def test_a_store_of_another_version_is_refused(statement: str, words: str, tmp_path: Path) -> None:
    explore(part(2), store=tmp_path, workers=1, work=explorations.invented)
    with sqlite3.connect(tmp_path / "study.db") as database:
        database.execute(statement)
    with pytest.raises(InputError, match=words):
        explore(part(4), store=tmp_path, workers=1, work=explorations.invented)


def test_a_store_of_an_older_optuna_is_migrated(tmp_path: Path) -> None:
    explore(part(2), store=tmp_path, workers=1, work=explorations.invented)
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path}/study.db")
    older, head = storage.get_all_versions()[1], storage.get_head_version()
    with sqlite3.connect(tmp_path / "study.db") as database:
        database.execute(f"UPDATE alembic_version SET version_num='{older}'")
    try:
        explore(part(4), store=tmp_path, workers=1, work=explorations.invented)
    except InputError as error:
        # The step to the newest schema cannot be taken twice: refused, and nothing is touched.
        assert "cannot be migrated" in str(error)
        return
    with sqlite3.connect(tmp_path / "study.db") as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == (head,)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    def meanwhile(task: Task) -> Found:
        with pytest.raises(InputError, match="another process works on this study"):
            explore(part(2), store=tmp_path, workers=1, work=explorations.invented)
        return explorations.invented(task)

    explore(part(2), store=tmp_path, workers=1, work=meanwhile)


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """No file may grow beyond so many bytes: SQLite and the system say what they say of a full disk."""
    script = (
        "import sys\n"
        "from archsim.exploration import explore, StoreLost\n"
        "from tests import explorations\n"
        "try:\n"
        "    explore(explorations.CHEAP, store=sys.argv[1], workers=1, work=explorations.invented)\n"
        "except StoreLost as error:\n"
        "    print(error)\n"
    )
    most = 200_000
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert "the store is lost" in done.stdout
    assert "finished points are safe" in done.stdout
    assert "Traceback" not in done.stderr
    log = tmp_path / "again"
    found = explore(CHEAP, store=tmp_path, workers=1, work=partial(explorations.counting, log))
    assert len(found.points) == 36
    assert 0 < len(log.read_text().split()) < 36


class Server:
    """A PostgreSQL server of our own, in a folder.

    Parameters
    ----------
    folder : Path
    programs : Path
        Where ``initdb`` and ``pg_ctl`` are.
    """

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs = folder, programs
        self._user = "postgres" if os.getuid() == 0 else None
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        self.url = f"postgresql://archsim@/postgres?host={folder}"
        self._do("initdb", "-D", str(folder / "data"), "-U", "archsim", "-A", "trust")

    def _do(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            user=self._user, cwd=self._folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def start(self) -> None:
        """Start it, on a socket in its folder and on no port."""
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off"
        self._do(
            "pg_ctl", "-D", str(self._folder / "data"), "-w", "-l", str(self._folder / "log"), "-o", options, "start"
        )

    def stop(self) -> None:
        """Stop it at once."""
        self._do("pg_ctl", "-D", str(self._folder / "data"), "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [Path(shutil.which("initdb") or "").parent]
    if not (found[-1] / "initdb").exists():
        pytest.skip("no PostgreSQL server is installed")
    # A socket's path must be short, and the server's user must get there.
    folder = Path(f"/tmp/archsim-pg-{os.getpid()}")
    folder.mkdir(mode=0o755)
    try:
        made = Server(folder, found[-1])
        made.start()
        yield made
        made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_postgres_holds_a_study(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "evaluated"
    work = partial(explorations.counting, log)
    explore(part(20), store=tmp_path / "grid", storage=server.url, workers=1, work=work)
    here = explore(CHEAP, store=tmp_path / "grid", storage=server.url, workers=2, work=work)
    assert sorted(map(int, log.read_text().split())) == list(range(36))
    assert not (tmp_path / "grid" / "study.db").exists()
    beside = explore(CHEAP, store=tmp_path / "sqlite", workers=1, work=explorations.invented)
    pd.testing.assert_frame_equal(here.table, beside.table)


def test_two_machines_do_not_work_on_one_study(server: Server, tmp_path: Path) -> None:
    def meanwhile(task: Task) -> Found:
        with pytest.raises(InputError, match="another process works on the study"):
            other = tmp_path / "elsewhere" / "shared"
            explore(part(2), store=other, storage=server.url, workers=1, work=explorations.invented)
        return explorations.invented(task)

    explore(part(2), store=tmp_path / "shared", storage=server.url, workers=1, work=meanwhile)


def test_a_database_that_goes_away_loses_nothing(server: Server, tmp_path: Path) -> None:
    stopped = []

    def interrupted(task: Task) -> Found:
        if task.number == 9 and not stopped:
            stopped.append(time.monotonic())
            server.stop()
        return explorations.invented(task)

    with pytest.raises(StoreLost, match="9 finished points are safe"):
        explore(CHEAP, store=tmp_path / "gone", storage=server.url, workers=1, work=interrupted)
    with pytest.raises(InputError, match="the database cannot be opened"):
        explore(CHEAP, store=tmp_path / "gone", storage=server.url, workers=1, work=explorations.invented)
    server.start()
    log = tmp_path / "evaluated"
    explore(CHEAP, store=tmp_path / "gone", storage=server.url, workers=1, work=partial(explorations.counting, log))
    assert sorted(map(int, log.read_text().split())) == list(range(9, 36))


def test_a_database_that_nobody_can_reach_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        explore(CHEAP, store=tmp_path, storage="postgresql://me:secret@127.0.0.1:1/none", workers=1)
    assert "cannot be opened" in str(caught.value)
    assert "secret" not in str(caught.value)
    with pytest.raises(InputError, match="cannot be opened"):
        explore(CHEAP, store=tmp_path, storage="no address", workers=1)
