"""Real servers on 127.0.0.1 that tests start and stop: MLflow's on SQLite, and on PostgreSQL as a team has it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import Run

from lossexp.tracking.metrics_file import read_metrics

START_SECONDS = 120


def stored_points(client: MlflowClient, run: Run) -> list[tuple[int, str, float]]:
    """`(step, metric, value)` of every point that a store has of a run."""
    points = [p for name in run.data.metrics for p in client.get_metric_history(run.info.run_id, name)]
    return sorted((p.step, p.key, p.value) for p in points)


def recorded_points(run_dir: Path) -> list[tuple[int, str, float]]:
    """The same of the run's own record."""
    records = read_metrics(run_dir / "metrics.jsonl")
    return sorted((r["step"], name, value) for r in records for name, value in r["metrics"].items())


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Program:
    """A program with its children, in a process group of its own; its output is in `<folder>/<name>.log`."""

    def __init__(self, name: str, folder: Path, answers: Callable[[], bool]):
        self.log = folder / f"{name}.log"
        self.answers = answers
        self.process: subprocess.Popen | None = None

    def start(self, command: list[str], **settings: object) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **settings)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self.log.read_text()[-3000:])
            time.sleep(0.2)

    def stop(self, number: int = signal.SIGKILL) -> None:
        if self.process:
            with suppress(ProcessLookupError):  # it ended by itself
                os.killpg(self.process.pid, number)  # the group of this very process
            self.process.wait()
            self.process = None


class Server:
    """`mlflow server` on a database, artifacts through it into `<folder>/artifacts`, with the light settings of the
    README."""

    def __init__(self, folder: Path, database: str | None = None):
        self.folder = folder
        self.database = database or f"sqlite:///{folder / 'mlflow.db'}"
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._program = Program("server", folder, self.is_up)

    @property
    def process(self) -> subprocess.Popen | None:
        return self._program.process

    def start(self) -> Server:
        command = [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--backend-store-uri", self.database, "--workers", "1"),
            *("--artifacts-destination", str(self.folder / "artifacts"), "--serve-artifacts"),
        ]
        settings = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        self._program.start(command, env={**os.environ, **settings})
        return self

    def is_up(self) -> bool:
        try:
            return requests.get(f"{self.uri}/health", timeout=2).ok
        except requests.RequestException:
            return False

    def stop(self) -> None:
        self._program.stop()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite store, as migrating takes seconds; to be copied, not to be written."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments(max_results=1)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Server]:
    """A running server on SQLite; a test that stops it starts it again."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(migrated, folder / "mlflow.db")
    server = Server(folder)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def team_server(tmp_path_factory: pytest.TempPathFactory, postgres: str) -> Iterator[Server]:
    """A running server on PostgreSQL, whose artifacts go through it."""
    server = Server(tmp_path_factory.mktemp("team"), postgres)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The URI of an empty PostgreSQL database in a temporary folder, run by an ordinary user as it refuses root."""
    bin_dir, port = _folder_of_programs(), free_port()
    with tempfile.TemporaryDirectory(prefix="lossexp-postgres-") as name:
        folder, as_user = Path(name), {}
        if os.getuid() == 0:
            user = _ordinary_user()
            os.chown(folder, user.pw_uid, user.pw_gid)
            as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        data = folder / "data"
        init = [bin_dir / "initdb", "-D", data, "-U", "lossexp", "--auth=trust", "--no-sync", "-E", "UTF8"]
        subprocess.run(init, check=True, capture_output=True, cwd=folder, **as_user)

        def answers() -> bool:
            asked = [bin_dir / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-U", "lossexp", "-d", "postgres"]
            return subprocess.run(asked, capture_output=True).returncode == 0

        program = Program("postgres", folder, answers)
        try:
            serve = [bin_dir / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder]
            program.start([*serve, "-c", "fsync=off"], cwd=folder, **as_user)
            yield f"postgresql+psycopg2://lossexp@127.0.0.1:{port}/postgres"
        finally:
            program.stop(signal.SIGQUIT)


def _folder_of_programs() -> Path:
    folders = [*map(Path, os.environ["PATH"].split(os.pathsep)), *sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
    for folder in folders:
        if all((folder / name).is_file() for name in ("initdb", "postgres", "pg_isready")):
            return folder
    pytest.skip(
        "NOT TESTED: PostgreSQL is not installed (no initdb, postgres and pg_isready on PATH or in "
        "/usr/lib/postgresql/*/bin). Debian has them in the package postgresql."
    )


def _ordinary_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
