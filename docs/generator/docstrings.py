"""What docstrings say: the text before the arguments, and each argument's meaning."""

from __future__ import annotations

import inspect
import re

SECTIONS = ("Args:", "Raises:", "Shapes:", "Returns:")
BASES = ("MulticlassLoss", "BinaryLoss", "OneVsRest", "ClassLoss")  # of many losses, described once


def text(cls: type) -> str:
    """Formula and source: the docstring up to its first section, without examples."""
    lines = (inspect.getdoc(cls) or "").splitlines()
    end = next((i for i, line in enumerate(lines) if line.startswith(SECTIONS)), len(lines))
    paragraphs = "\n".join(lines[:end]).strip().split("\n\n")
    return "\n\n".join(" ".join(p.split()) for p in paragraphs if not p.startswith(">>> "))


def meaning(cls: type, argument: str) -> str:
    """What the class, or else the nearest base class that says something, says about an argument."""
    return next((found for base in cls.__mro__ if (found := arguments(base).get(argument))), "")


def is_shared(cls: type, argument: str) -> bool:
    """Whether the class leaves the argument's description to a base class of many losses."""
    where = next((base for base in cls.__mro__ if argument in arguments(base)), None)
    return where is not None and where.__name__ in BASES


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
