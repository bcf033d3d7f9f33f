"""The house rules, read from the source: imports go one way, and slow imports happen late."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lossexp"
FILES = sorted(PACKAGE.rglob("*.py"))
# A room may import from rooms before it in this list, and from itself.
ROOMS = ["datasets", "models", "losses", "metrics", "trainer", "figures", "tracking", "comparison", "sweeps"]
# Modules any room may import: they import no room themselves.
FOUNDATION = {
    *("errors", "blame", "checks", "keras_settings", "wording", "variables", "seeds", "links", "runtime", "names"),
    "files",
    "__init__",
}
HYDRA = {"cli", "config", "drawing", "pictures"}
NO_TENSORFLOW = {
    "experiment",
    "cli",
    "config",
    "drawing",
    "identity",
    "errors",
    "links",
    "seeds",
    "screen",
    "scores",
    "run_folder",
    "files",
    "__main__",
    "__init__",
}
ids = [str(f.relative_to(PACKAGE)) for f in FILES]


def imports(path: Path, everywhere: bool = True) -> set[str]:
    """Absolute names of the modules that a file imports; `everywhere=False`: at module level only."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if everywhere else _module_level(tree)
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _module_level(tree: ast.Module):
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield from ast.walk(node) if not isinstance(node, ast.FunctionDef | ast.ClassDef) else ()


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else Path(parts[0]).stem


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_room_imports_only_from_rooms_before_it(path):
    here = room(path)
    if here not in ROOMS or path.name == "__main__.py":  # an entry only hands over to a command line
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "lossexp" or len(parts) < 2 or parts[1] in FOUNDATION:
            continue
        assert parts[1] in ROOMS, f"{here} imports {name}, which is not a room"
        assert ROOMS.index(parts[1]) <= ROOMS.index(here), f"{here} imports {name}, which comes later"


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_only_the_command_line_config_and_sweeps_know_hydra(path):
    if room(path) in HYDRA | {"sweeps", "identity", "experiment", "recipe", "reporting", "revisit"}:
        return
    assert not {n for n in imports(path) if n.split(".")[0] in ("hydra", "omegaconf")}


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_only_tracking_and_loading_know_mlflow(path):
    where = path.relative_to(PACKAGE).as_posix()
    if where.startswith("tracking/mlflow") or where == "comparison/load.py":
        return
    assert not {n for n in imports(path) if n.split(".")[0] == "mlflow"}


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_the_command_line_and_reports_import_no_tensorflow_or_mlflow_at_module_level(path):
    if room(path) in NO_TENSORFLOW | {"tracking", "comparison", "sweeps", "metrics", "figures"}:
        slow = {"tensorflow", "keras", "mlflow", "tensorflow_datasets"}
        assert not {n for n in imports(path, everywhere=False) if n.split(".")[0] in slow}


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_files_stay_small(path):
    assert len(path.read_text().splitlines()) <= 250
