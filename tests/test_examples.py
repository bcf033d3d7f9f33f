"""The examples (`>>>`) in docstrings give what they show."""

import doctest
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lossexp"
EXAMPLE = ">>> "
FILES = [file for file in sorted(PACKAGE.rglob("*.py")) if EXAMPLE in file.read_text()]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_examples_give_what_they_show(file):
    name = ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    done = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert done.failed == 0
    assert done.attempted == file.read_text().count(EXAMPLE)  # none is where doctest does not look


def test_the_trainer_shows_its_use():
    assert PACKAGE / "trainer" / "trainer.py" in FILES
