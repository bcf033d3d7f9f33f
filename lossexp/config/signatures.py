"""What a target takes, read from its source without importing it, so that a wrong value is answered at once.

TensorFlow's import takes seconds; the hints of a signature need nothing but `typing` and `base.checks`.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lossexp.base import checks

KNOWN = {**vars(builtins), **vars(typing), **vars(checks), "Callable": Callable}
KNOWN |= {"Mapping": Mapping, "Sequence": Sequence}


class _Elsewhere(type):
    def __getattr__(cls, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Elsewhere(name, (cls,), {})

    def __instancecheck__(cls, value: Any) -> bool:
        return not isinstance(value, bool | int | float | str)


class Elsewhere(metaclass=_Elsewhere):
    """Stands in a hint for what only an import would tell, such as `keras.losses.Loss`: no number, no text."""


@dataclass(frozen=True)
class Parameter:
    """hint: its type hint, or Any. required: whether it has no default."""

    hint: Any
    required: bool


@dataclass(frozen=True)
class Signature:
    """parameters: by name. open: whether it takes further ones, `**kwargs`. fields: whether they are a dataclass's."""

    parameters: Mapping[str, Parameter]
    open: bool = False
    fields: bool = False


@cache
def signature(path: str) -> Signature | None:
    """What the function or class at the dotted `path` takes; None where its source does not tell.

    A class takes the arguments of its own or inherited `__init__`, or the annotated fields of itself and its bases.
    """
    found = _find(path)
    if found is None:
        return None
    node, file = found
    return _of_function(node, file) if isinstance(node, ast.FunctionDef) else _of_class(node, file)


def _find(path: str) -> tuple[ast.stmt, Path] | None:
    """The definition at `path` and the file that has it, through imports of one name from another."""
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        file = _file(tuple(parts[:cut]))
        if file:
            return _defined(parts[cut], file) if cut == len(parts) - 1 else None
    return None


@cache
def _file(parts: Sequence[str]) -> Path | None:
    """The source of a module. Only the top package is looked up: Python would import it to find its modules."""
    spec = importlib.util.find_spec(parts[0])
    if spec is None or not spec.origin:
        return None
    place = Path(spec.origin).parent.joinpath(*parts[1:])
    return next((file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()), None)


@cache
def _body(file: Path) -> tuple[ast.stmt, ...]:
    return tuple(ast.parse(file.read_text()).body)


@cache
def _defined(name: str, file: Path) -> tuple[ast.stmt, Path] | None:
    """The definition of `name` at the top level of `file`, or where `file` has it from."""
    for node in _statements(_body(file)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node, file
        if isinstance(node, ast.Assign) and [name] == [t.id for t in node.targets if isinstance(t, ast.Name)]:
            return node, file
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                if name == (alias.asname or alias.name) or alias.name == "*":
                    found = _find(f"{node.module}.{name if alias.name == '*' else alias.name}")
                    if found:
                        return found
    return _collected(name, file) if file.name == "__init__.py" else None


def _collected(name: str, package: Path) -> tuple[ast.stmt, Path] | None:
    """The class `name` in a module below the package that `package` is the face of, as those of `lossexp.losses`."""
    for file in sorted(package.parent.rglob("*.py")):
        if file != package and re.search(rf"^class {name}\b", file.read_text(), re.MULTILINE):
            return _defined(name, file)
    return None


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, also those below `if` and `else`."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _statements([*node.body, *node.orelse])


def _of_function(node: ast.FunctionDef, file: Path, method: bool = False) -> Signature:
    taken = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(taken) - len(node.args.defaults)) + node.args.defaults
    pairs = [*zip(taken, defaults, strict=True), *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
    parameters = {a.arg: Parameter(_hint(a.annotation, file), default is None) for a, default in pairs[method:]}
    return Signature(parameters, open=node.args.kwarg is not None)


def _of_class(node: ast.ClassDef, file: Path) -> Signature | None:
    """From `__init__`, else from the fields: those of the bases come first, as in a dataclass.

    `gamma = 3.0` gives an inherited field a default, and `gamma: ClassVar[float] = 3.0` makes it no parameter.
    """
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            return _of_function(statement, file, method=True)
    inherited = [found for path in _bases(node, file) if (found := signature(path))]
    fields = [s for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
    is_dataclass = any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)
    if inherited and not inherited[0].fields and not is_dataclass:
        return inherited[0]
    inherited = [base for base in inherited if base.fields]
    parameters = {name: parameter for base in reversed(inherited) for name, parameter in base.parameters.items()}
    for statement in node.body:
        for target in statement.targets if isinstance(statement, ast.Assign) else ():
            if isinstance(target, ast.Name) and target.id in parameters:
                parameters[target.id] = Parameter(parameters[target.id].hint, required=False)
    for field in fields:
        if ast.unparse(field.annotation).startswith("ClassVar"):
            parameters.pop(field.target.id, None)
        else:
            parameters[field.target.id] = Parameter(_hint(field.annotation, file), field.value is None)
    return Signature(parameters, open=any(base.open for base in inherited), fields=True)


def _bases(node: ast.ClassDef, file: Path) -> Iterator[str]:
    """Dotted paths of the base classes that are written as a name or as `module.Name`."""
    module = _module(file)
    for base in node.bases:
        first, _, rest = ast.unparse(base).partition(".")
        origin = next((found for s in _statements(_body(file)) if (found := _imported(s, first))), None)
        yield f"{origin or f'{module}.{first}'}{'.' + rest if rest else ''}"


def _imported(node: ast.stmt, name: str) -> str | None:
    """The dotted path of what this statement imports as `name`."""
    if isinstance(node, ast.ImportFrom):
        return next((f"{node.module}.{a.name}" for a in node.names if name == (a.asname or a.name)), None)
    if isinstance(node, ast.Import):
        return next((a.name for a in node.names if name == (a.asname or a.name)), None)
    return None


def _module(file: Path) -> str:
    parts = [file.parent.name] if file.name == "__init__.py" else [file.parent.name, file.stem]
    folder = file.parent.parent
    while (folder / "__init__.py").is_file():
        parts, folder = [folder.name, *parts], folder.parent
    return ".".join(parts)


def _hint(annotation: ast.expr | None, file: Path) -> Any:
    """The value of a hint. Names are those of `typing` and `checks`, or assigned in the package's own files."""
    if annotation is None:
        return Any
    try:
        return eval(compile(ast.Expression(annotation), str(file), "eval"), {}, _Names(file))
    except Exception:  # written in a way that only an import can follow: the target itself checks it then
        return Any


class _Names(dict):
    """The names that a hint in `file` may use."""

    def __init__(self, file: Path):
        super().__init__(KNOWN)
        self._of = file

    def __missing__(self, name: str) -> Any:
        found = _defined(name, self._of)
        assigned = found and isinstance(found[0], ast.Assign)
        return _hint(found[0].value, found[1]) if assigned else getattr(Elsewhere, name)
