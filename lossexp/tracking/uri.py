"""Tracking URIs: made absolute once, so that no change of folder starts a second store."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from lossexp.base.errors import InputError

SQLITE = re.compile(r"sqlite(\+\w+)?://")


def resolve_uri(uri: str | None, root: Path) -> str:
    """The absolute tracking URI. None: `$MLFLOW_TRACKING_URI` where set, else `<root>/mlflow.db`.

    Raises InputError for folders and `file:` URIs, which MLflow no longer writes, and for in-memory
    databases, which end with the process.
    """
    setting = "tracking.uri"
    if not uri:
        uri, setting = os.environ.get("MLFLOW_TRACKING_URI"), "$MLFLOW_TRACKING_URI"
    if not uri:
        return f"sqlite:///{root / 'mlflow.db'}"
    if SQLITE.match(uri):
        return _resolve_sqlite(uri, root, setting)
    if uri.startswith("file:") or ("://" not in uri and uri != "databricks"):
        folder = root / Path(uri.removeprefix("file://").removeprefix("file:")).expanduser()
        database = folder if folder.suffix in (".db", ".sqlite") else folder / "mlflow.db"
        raise InputError(
            f"{setting}={uri} names a file or folder; MLflow no longer keeps runs in plain folders. "
            f"Use tracking.uri=sqlite:///{database} or a server, tracking.uri=http://127.0.0.1:5000."
        )
    return uri


def _resolve_sqlite(uri: str, root: Path, setting: str) -> str:
    scheme = SQLITE.match(uri).group()
    path, question, options = uri[len(scheme) :].removeprefix("/").partition("?")
    if path in ("", ":memory:") or "mode=memory" in options:
        raise InputError(
            f"{setting}={uri} is a database in memory, which is lost when the run ends. "
            f"Name a file: tracking.uri=sqlite:///{root / 'mlflow.db'}."
        )
    return f"{scheme}/{(root / Path(path).expanduser()).resolve()}{question}{options}"


def sqlite_path(uri: str) -> Path | None:
    """The database file of a resolved sqlite URI; None for other stores."""
    if not SQLITE.match(uri):
        return None
    return Path(SQLITE.sub("", uri, count=1).removeprefix("/").partition("?")[0])


def is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def resolve_artifacts(location: str | None, uri: str, root: Path, experiment: str) -> str | None:
    """Where a new experiment keeps artifacts, as a URI; None lets a server decide.

    A database has no folder of its own and would take one relative to whoever asks, so it always gets an
    absolute one, by default `<root>/mlruns/<experiment>`.
    """
    if location is None:
        if is_server(uri) or uri.startswith("databricks"):
            return None
        location = str(Path("mlruns") / re.sub(r"[^\w.\- ]", "_", experiment))
    if "://" in location:
        return location
    return (root / Path(location).expanduser()).resolve().as_uri()


def without_password(uri: str) -> str:
    """The URI, or a text with URIs in it, for printing."""
    return re.sub(r"(://[^/@:\s]*):[^/@\s]*@", r"\1:***@", uri)


def ui_command(uri: str) -> str:
    """The shell command that opens the MLflow UI on this store.

    `mlflow` alone where that is this environment's, else with its path: the environment may not be active.
    """
    own = Path(sys.executable).parent / "mlflow"
    on_path = shutil.which("mlflow")
    command = "mlflow" if on_path and Path(on_path) == own else shlex.quote(str(own))
    return f"{command} ui --backend-store-uri {shlex.quote(without_password(uri))} --port 5000"
