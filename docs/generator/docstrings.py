"""What docstrings say: the text before the arguments, and each argument's meaning."""

from __future__ import annotations

import inspect
import re
import sys

from lossexp import losses

SECTIONS = ("Args:", "Raises:", "Shapes:", "Returns:")
FORMULA = re.compile(r"`[^`\s]+\s[^`]*`")  # code of several words
BASES = ("MulticlassLoss", "BinaryLoss", "OneVsRest")  # of many losses, described once
POINTER = re.compile(r"^see `(\w+)`")


def text(cls: type) -> str:
    """Formula and source: the docstring up to its first section, and those of functions it refers to.

    Where the class says no formula, that of the functions it calls follows.
    """
    paragraphs = _paragraphs(cls)
    words = "\n".join(paragraphs)
    names = set(re.findall(r"`(\w+)`", words))
    if not FORMULA.search(words):
        compute = getattr(cls, "values", None) or cls.call
        names |= set(compute.__code__.co_names)
    module = vars(sys.modules[cls.__module__])
    for name in sorted(names):
        if inspect.isfunction(module.get(name)) and module[name].__module__ == cls.__module__:
            paragraphs.append(f"`{name}`: " + " ".join(_paragraphs(module[name])))
    return "\n\n".join(paragraphs)


def _paragraphs(documented: object) -> list[str]:
    lines = (inspect.getdoc(documented) or "").splitlines()
    end = next((i for i, line in enumerate(lines) if line.startswith(SECTIONS)), len(lines))
    return [" ".join(paragraph.split()) for paragraph in "\n".join(lines[:end]).strip().split("\n\n")]


def meaning(cls: type, argument: str) -> str:
    """What the class, or else a base class, says about an argument."""
    said, where = _said(cls, argument)
    base = next((b for b in where.__mro__[1:] if argument in arguments(b)), None) if where else None
    return meaning(base, argument) if base and POINTER.match(said) else said


def is_shared(cls: type, argument: str) -> bool:
    """Whether the class leaves the argument's description to a base class of many losses."""
    pointer = POINTER.match(_said(cls, argument)[0])
    return bool(pointer) and pointer[1] in BASES


def _said(cls: type, argument: str) -> tuple[str, type | None]:
    """The argument's text in the nearest class that has one; pointers to other losses are followed."""
    for base in cls.__mro__:
        if found := arguments(base).get(argument):
            pointer = POINTER.match(found)
            elsewhere = getattr(losses, pointer[1], None) if pointer and pointer[1] not in BASES else None
            said = _said(elsewhere, argument) if elsewhere else ("", None)
            return said if said[0] else (found, base)
    return "", None


def arguments(cls: type) -> dict[str, str]:
    """Meaning by name, as written under `Args:`; names that share a line share their meaning."""
    section = inspect.cleandoc(cls.__doc__ or "").partition("\nArgs:\n")[2]
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break
        start = re.match(r"^ {4}(\w+(?:, \w+)*): (.*)$", line)
        if start:
            names = start[1].split(", ")
            found |= dict.fromkeys(names, start[2])
        else:
            found |= {name: f"{found[name]} {line.strip()}".strip() for name in names}
    return found
