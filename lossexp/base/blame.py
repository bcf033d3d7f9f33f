"""Whose code an error was raised in: the user's file and line, found in a traceback or in TensorFlow's text of one."""

from __future__ import annotations

import errno
import inspect
import linecache
import os
import re
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lossexp.base.errors import InputError
from lossexp.base.remedies import remedy

PACKAGE = str(Path(__file__).resolve().parents[1])
INSTALLED = tuple(
    {
        str(Path(sysconfig.get_path(name)).resolve())
        for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    }
)
GENERATED = ("<", "__autograph_generated_file")
LONGEST_LINE, LONGEST_SENTENCE = 80, 500
# How TensorFlow writes frames into a message; XLA's paths have lost the slash that they begin with.
FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+), in (\S+).*$', re.MULTILINE)
NOISE = re.compile(
    r"^\s*(Graph execution error:|Detected at node .*|Exception encountered when calling .*"
    r"|<stack traces unavailable>|\[\[.*)$",
    re.MULTILINE,
)
# What TensorFlow and Keras add after what matters: frames of callers, and the arguments of a layer's call.
MORE = re.compile(r"Stack trace for op definition:|Arguments received by |You can attempt the following resolutions")
COLOUR = re.compile(r"\x1b\[\d*m")
WORKER_IS_GONE = "Collective ops is aborted"  # TensorFlow's words in errors of several types
ENDING = re.compile(r"\s*(\{\{\w+ [^}]*\}\}|\[Op:\w+\])")


class Place(NamedTuple):
    """A line of a file, and the function it is in."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        file = os.path.relpath(self.file) if self.file.startswith(os.getcwd() + os.sep) else self.file
        where = "" if self.function == "<module>" else f", in {self.function}"
        return f"{file}, line {self.line}{where}"


def users_place(error: BaseException, called: bool = False) -> Place | None:
    """The innermost line of the user's own code that lossexp called on the way to `error`; None where there is none.

    The user's is what is neither lossexp, Python's library nor an installed package. called: whether lossexp called
    all of a traceback that it is not in itself.
    """
    if isinstance(error, SyntaxError) and error.filename and _is_users(error.filename):
        return Place(error.filename, error.lineno or 1, "<module>")
    frames = FRAME.findall(MORE.split(str(error))[0])
    told = [Place(_rooted(file), int(line), function) for file, line, function in frames]
    return _innermost(told, called) or _innermost([Place(f.filename, f.lineno, f.name) for f in _frames(error)], called)


def user_error(error: BaseException, setting: str = "") -> InputError | None:
    """One paragraph for an error raised in the user's own code; None where that had no part in it.

    setting: what was called, such as `"loss=my_losses.focal"`. If given, it is named where no line of the user's is.
    """
    if isinstance(error, FloatingPointError | MemoryError) or _is_of_the_machine(error):
        return None
    original, place = _original(error), users_place(error, called=bool(setting))
    opening = f"{setting}: " if setting else ""
    if place is None:
        if not setting or isinstance(error, InputError):
            return None
        kind = "" if type(original) is ValueError else f"{type(original).__name__}: "
        return InputError(_with_remedy(f"{opening}{kind}{sentence(original)}", original))
    source, said = linecache.getline(place.file, place.line).strip(), sentence(original)
    if source:
        said = f"{said.rstrip('.')}: `{source[:LONGEST_LINE]}{'...' * (len(source) > LONGEST_LINE)}`"
    return InputError(_with_remedy(f"{opening}{type(original).__name__} in {place}: {said}", original))


def _with_remedy(told: str, error: BaseException) -> str:
    advice = remedy(error)
    return f"{told.rstrip('.')}. {advice}" if advice else told


def place_of(code: Callable) -> Place | None:
    """Where a function, method or class of the user's is defined; None for what is not theirs."""
    try:
        file, line = inspect.getsourcefile(code), inspect.getsourcelines(code)[1]
    except (OSError, TypeError):
        return None
    return Place(file, line, "<module>") if file and _is_users(file) else None


def defined(thing: Callable) -> str:
    """The name of a function or class, and its place if that is in a file of the user's."""
    place, name = place_of(thing), getattr(thing, "__qualname__", type(thing).__qualname__)
    return f"{name} ({place})" if place else name


@contextmanager
def blaming(setting: str = "") -> Iterator[None]:
    """A block that calls the user's code: its errors become one paragraph, with the error itself as its cause."""
    try:
        yield
    except Exception as error:
        told = user_error(error, setting)
        if told is None:
            raise
        raise told from error


def sentence(error: BaseException) -> str:
    """What an error says, without frames, nodes and what else TensorFlow and Keras write around it."""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    text = NOISE.sub("", FRAME.sub("", COLOUR.sub("", MORE.split(said)[0])))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if FRAME.search(str(error)):
        lines = lines[:1]  # the first one matters, further ones tell where it passed
    text = ENDING.sub("", re.sub(r"\s+", " ", " ".join(lines))) or type(error).__name__
    half = LONGEST_SENTENCE // 2  # Keras writes out whole arrays, and what is wrong with them after that
    return text if len(text) <= LONGEST_SENTENCE else f"{text[:half]} ... {text[-half:]}"


def _is_of_the_machine(error: BaseException) -> bool:
    """Whether memory or the disk is full, or another machine is gone, wherever that was noticed."""
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
    full = full or type(error).__name__ == "ResourceExhaustedError"  # TensorFlow's, which is not imported here
    return full or WORKER_IS_GONE in str(error)


def _original(error: BaseException) -> BaseException:
    """The error that was raised, where Keras wrapped it in one of its type, or AutoGraph in any, that repeats it."""
    for _ in range(10):
        inner = error.__cause__ or error.__context__
        named = type(inner).__name__ == type(error).__name__ or f"{type(inner).__name__}:" in str(error)
        if inner is None or not named or _squeezed(inner) not in _squeezed(error):
            break
        error = inner
    return error


def _squeezed(error: BaseException) -> str:
    return "".join(str(error).split())


def _innermost(places: Sequence[Place], called: bool = False) -> Place | None:
    """The last of the user's places after the first of ours: before that, it is the user who called us."""
    ours = [i for i, place in enumerate(places) if place.file.startswith(PACKAGE + os.sep)]
    called = places[ours[0] if ours else 0 :] if ours or called else ()
    return next((place for place in reversed(called) if _is_users(place.file)), None)


def _is_users(file: str) -> bool:
    if os.path.basename(file).startswith(GENERATED):
        return False
    parts = Path(file).parts
    if {"site-packages", "dist-packages", "hydra_plugins"} & set(parts):
        return False
    return not os.path.realpath(file).startswith(tuple(f"{folder}{os.sep}" for folder in (PACKAGE, *INSTALLED)))


def _frames(error: BaseException) -> Iterable[traceback.FrameSummary]:
    return traceback.extract_tb(error.__traceback__)


def _rooted(file: str) -> str:
    return file if os.path.isabs(file) or not os.path.exists(os.sep + file) else os.sep + file
