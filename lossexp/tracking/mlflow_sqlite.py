"""SQLite stores: made by one process at a time, and in their place only once they are whole.

MLflow makes tables in some forty steps; a store that was left between two of them never opens again.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from contextlib import closing, nullcontext
from pathlib import Path

from filelock import FileLock

from lossexp.base.errors import InputError
from lossexp.base.files import whole
from lossexp.tracking.uri import sqlite_path

log = logging.getLogger(__name__)

LOCK_SECONDS = 120
SIDE_FILES = ("-journal", "-wal", "-shm")  # SQLite's own, which belong to the content of the file beside them
NOT_CONTENT = ("alembic_version", "workspaces")  # tables that have rows before the store is made


def creation_lock(uri: str) -> FileLock | nullcontext:
    """Held while a store is opened or made; nothing for stores that are no files. Raises InputError."""
    database = sqlite_path(uri)
    if database is None:
        return nullcontext()
    if database.is_dir():
        raise InputError(f"tracking.uri: {database} is a folder; name a file in it, as {database}/mlflow.db")
    lock = Path(f"{database}.lock")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        if not lock.exists():
            lock.touch()  # FileLock would wait for a file that can never be made
    except OSError as error:
        raise InputError(
            f"tracking.uri={uri}: no file can be made in {database.parent} ({error.strerror}). Name a place that you "
            "can write to, as tracking.uri=sqlite:///mlflow.db, or use tracking=none."
        ) from error
    return FileLock(lock, timeout=LOCK_SECONDS)


def make_where_missing(database: Path) -> None:
    """A whole, empty store where there is none, or one that was left half made; the lock must be held."""
    if database.exists() and database.stat().st_size and is_half_made(database):
        aside = database.with_name(f"{database.name}.half-made-{time.strftime('%Y%m%d-%H%M%S')}")
        log.warning(
            "%s was left half made by a process that was stopped: it holds no experiment and no run. It is kept as %s, "
            "and a new one is made.",
            *(database, aside.name),
        )
        for suffix in (*SIDE_FILES, ""):
            if Path(f"{database}{suffix}").exists():
                os.replace(f"{database}{suffix}", f"{aside}{suffix}")
    if not database.exists() or database.stat().st_size == 0:
        _make(database)


def is_half_made(database: Path) -> bool:
    """Whether this is a store of MLflow without anything in it: a whole one has an experiment from the start."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as connection:
            found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            tables = {name for (name,) in found if not name.startswith("sqlite_")}
            content = [name for name in tables if name not in NOT_CONTENT]
            empty = not any(connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() for name in content)
    except sqlite3.Error:
        return False  # no database, or in use: opening it says more
    return empty and bool(tables & {"experiments", "alembic_version"})


def _make(database: Path) -> None:
    from mlflow import MlflowClient

    with whole(database) as unfinished:
        client = MlflowClient(f"sqlite:///{unfinished}")
        client.search_experiments(max_results=1)  # the first touch makes the tables
        client._tracking_client.store.engine.dispose()  # closes the file
