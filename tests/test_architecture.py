"""The house rules, read from the source: imports go one way, and slow imports happen late."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lossexp"
FILES = sorted(PACKAGE.rglob("*.py"))
# A room may import from rooms before it in this list, and from itself.
ROOMS = [
    *("base", "process", "config", "datasets", "models", "losses", "metrics", "trainer", "tracking"),
    *("figures", "curves", "experiment", "sweeps", "tune", "comparison", "reproduction", "cli"),
]
# Entries of `python -m ...`, which only hand over: to a command that took their place, or to the command line.
ENTRIES = {"__main__.py", "losses/__main__.py", "datasets/__main__.py", "tune/command.py"}
KNOW_HYDRA = {"cli.py", "curves/command.py"}  # and everything in these rooms:
HYDRA_ROOMS = {"config", "sweeps", "tune"}
KNOWS_TENSORFLOW = {"base/variables.py"}  # it walks over variables, and is imported where these are
# What answers at once: each of these, and all that is imported with it, does without TensorFlow.
QUICK_ROOMS = {"base", "config", "cli", "datasets", "metrics", "tracking", "figures", "sweeps", "tune", "comparison"}
QUICK_FILES = {
    *("__init__.py", "__main__.py", "process/importing.py", "process/signals.py"),
    *("curves/__init__.py", "curves/__main__.py", "curves/command.py", "curves/variant.py"),
    *(
        f"experiment/{name}.py"
        for name in ("__init__", "run", "run_folder", "result", "lookup", "inference", "predictions")
    ),
}
SLOW = {"tensorflow", "keras", "mlflow", "tensorflow_datasets"}


def where(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room(path: Path) -> str:
    """The folder at the top of the package, or the module there."""
    return where(path).split("/")[0].removesuffix(".py")


def every(files: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", files, ids=[where(file) for file in files])


@cache
def imports(path: Path, late: bool = True) -> frozenset[str]:
    """Absolute names of what a file imports. late: also inside of functions, and for type checkers."""
    tree = ast.parse(path.read_text())
    names = set()
    for node in ast.walk(tree) if late else _at_once(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{where(path)} imports by a relative name"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _at_once(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _at_once(child)


def packages(path: Path, late: bool = True) -> set[str]:
    """The top-level packages that a file imports."""
    return {name.split(".")[0] for name in imports(path, late)}


def files_of(path: Path, late: bool = True) -> set[Path]:
    """The files of lossexp that a file imports."""
    found = (_file(name) for name in imports(path, late) if name.split(".")[0] == "lossexp")
    return {file for file in found if file} - {path}


def _file(name: str) -> Path | None:
    """The file of a module, or of the module that an imported name is in."""
    for parts in (name.split(".")[1:], name.split(".")[1:-1]):
        place = PACKAGE.joinpath(*parts)
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                return file
    return None


def comes_along(path: Path) -> set[Path]:
    """All files that run when this one is imported: itself, what it imports, and the packages that these are in."""
    reached, waiting = set(), [path]
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            around = [folder / "__init__.py" for folder in file.parents if folder.is_relative_to(PACKAGE)]
            waiting += [*files_of(file, late=False), *(init for init in around if init.is_file())]
    return reached


@every(FILES)
def test_a_room_imports_only_from_rooms_before_it(path):
    if where(path) in ENTRIES | {"__init__.py"}:
        return
    assert room(path) in ROOMS, f"{room(path)} is no room that this test knows"
    for file in files_of(path):
        if where(file) != "__init__.py":  # holds the version
            assert ROOMS.index(room(file)) <= ROOMS.index(room(path)), f"{where(file)} comes later"


def test_no_files_import_each_other_in_a_circle():
    circle = []
    try:
        TopologicalSorter({path: files_of(path) for path in FILES}).prepare()
    except CycleError as error:
        circle = [where(path) for path in reversed(error.args[1])]
    assert not circle, " imports ".join(circle)


def test_the_top_of_the_package_has_at_most_five_modules():
    assert len(list(PACKAGE.glob("*.py"))) <= 5


@every(FILES)
def test_only_the_command_lines_config_and_sweeps_know_hydra(path):
    if where(path) not in KNOW_HYDRA and room(path) not in HYDRA_ROOMS:
        assert not packages(path) & {"hydra", "omegaconf"}


@every(FILES)
def test_only_tracking_and_loading_know_mlflow(path):
    if not where(path).startswith("tracking/mlflow") and where(path) != "comparison/load.py":
        assert "mlflow" not in packages(path)


@every([path for path in FILES if room(path) in QUICK_ROOMS or where(path) in QUICK_FILES])
def test_what_answers_at_once_imports_no_tensorflow_or_mlflow(path):
    if where(path) not in KNOWS_TENSORFLOW:
        slow = {where(file): packages(file, late=False) & SLOW for file in comes_along(path)}
        assert not {file: found for file, found in slow.items() if found}


@every(FILES)
def test_files_stay_small(path):
    assert len(path.read_text().splitlines()) <= 250
