"""The page on losses, and what it is made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from benchmarks import focal_accuracy
from docs.generator import docstrings
from docs.generator.losses import cell, value
from lossexp import losses
from lossexp.config import locate
from lossexp.losses.imbalance.class_balanced import ClassBalanced

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "losses.md").read_text()
OPTIONS = sorted(path.stem for path in (ROOT / "conf" / "loss").glob("*.yaml"))
STALE = "docs/losses.md is not what the code says: run scripts/document_losses"


@pytest.mark.parametrize("option", OPTIONS)
def test_the_page_knows_every_option_and_its_parameters(option):
    found = re.search(rf"^### {option}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, STALE
    section = found[1]
    assert "**When:**" in section
    config = yaml.safe_load((ROOT / "conf" / "loss" / f"{option}.yaml").read_text())
    assert f"`{config['_target_']}`" in section, STALE
    cls = locate(config.pop("_target_"), "loss")
    for name, given in config.items():
        if name in ("reduction", "class_counts"):
            continue
        if not cls.__module__.startswith("lossexp"):
            assert f"`{name}: {value(given)}`" in section, STALE
        elif docstrings.is_shared(cls, name):
            assert f"`{name}`" in section, STALE
        else:
            assert docstrings.meaning(cls, name), f"{cls.__name__}'s docstring does not say what {name} is"
            row = next(row for row in section.splitlines() if row.startswith("| ") and f"`{name}`" in row)
            assert value(given) in row, STALE


def test_the_page_names_no_option_that_is_gone():
    sections = re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)
    assert sorted(sections) == OPTIONS, STALE


def test_every_picture_exists_and_is_shown_and_all_are_small():
    shown = set(re.findall(r"\(images/losses/([\w-]+\.png)\)", PAGE))
    kept = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images" / "losses").iterdir()}
    assert shown == set(kept)
    assert sum(kept.values()) < 3e6
    without = {"function", "custom", "keras_circle", "cosine_similarity", "logit_norm"}
    assert {f"{option}.png" for option in OPTIONS if option not in without} <= shown


def test_links_lead_to_headings():
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= anchors


def test_arguments_of_a_docstring():
    assert docstrings.arguments(losses.Focal)["gamma"] == ">= 0; 0 is cross-entropy."
    assert docstrings.arguments(losses.ASL)["gamma_neg"].startswith(">= 0; the paper advises")
    assert docstrings.meaning(losses.CBFocal, "beta") == docstrings.arguments(ClassBalanced)["beta"]
    assert docstrings.meaning(losses.CrammerSinger, "margin") == "> 0."
    assert docstrings.is_shared(losses.CBFocal, "label_smoothing")
    assert not docstrings.is_shared(losses.BiTempered, "label_smoothing")


def test_text_of_a_docstring():
    focal = docstrings.text(losses.Focal)
    assert focal.startswith("Focal loss on softmax logits: `sum_k")
    assert "Lin et al. 2017" in focal
    assert "Args" not in focal
    assert ">>>" not in focal
    of_losses = {name: docstrings.text(getattr(losses, name)) for name in losses.__all__ if name[0].isupper()}
    assert not [name for name, said in of_losses.items() if "`" not in said]  # a formula, or what to implement


def test_cells_of_a_table():
    assert cell("|p - y|\n  is 1") == "\\|p - y\\| is 1"
    assert [value(v) for v in (None, True, 0.5, [1])] == ["null", "true", "0.5", "[1]"]


@pytest.mark.parametrize(("grid", "nan_elsewhere"), [("binary", 12), ("3 classes", 36)])
def test_only_our_focal_losses_are_exact_everywhere(grid, nan_elsewhere):
    implementations, rows, formula = focal_accuracy.GRIDS[grid]
    truth = focal_accuracy.reference(rows, formula)
    ours, *others = (focal_accuracy.score(function, rows, truth) for function in implementations.values())
    assert ours.value_error[0] < 1e-5
    assert ours.gradient_error[0] < 1e-5
    assert ours.not_finite == sum(ours.dead) == 0
    assert all(other.not_finite or other.dead[1] for other in others)
    assert max(other.not_finite for other in others) == nan_elsewhere


def test_every_line_of_the_security_page_names_a_test_that_there_is():
    lines = [line for line in (ROOT / "docs" / "security.md").read_text().splitlines() if line.startswith("| ")]
    shown = [line for line in lines if not line.endswith("| shown by |")]
    assert len(shown) > 20
    for line in shown:
        named = re.findall(r"(tests/[\w/]+\.py)::(\w+)", line.split("|")[2])
        assert named, line
        for file, test in named:
            assert f"\ndef {test}(" in (ROOT / file).read_text(), f"{file}::{test}"
