"""docs/adding.md: what it says to write, in a checkout of its own, is all that a new loss, model or dataset needs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(?:python|yaml)\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the repository with the files that the page shows."""
    copy = tmp_path_factory.mktemp("adding")
    for name in ("lossexp", "conf", "tests", "docs", "benchmarks", "pyproject.toml"):
        source = ROOT / name
        take = shutil.copytree if source.is_dir() else shutil.copy
        take(source, copy / name, **({"ignore": shutil.ignore_patterns("__pycache__")} if source.is_dir() else {}))
    files = BLOCK.findall((ROOT / "docs" / "adding.md").read_text())
    assert len(files) == 6
    for path, text in files:
        assert not (copy / path).exists()
        (copy / path).write_text(text)
    return copy


def python(checkout, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(checkout), "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=checkout, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_all_three_train_by_their_names(checkout, tmp_path):
    chosen = ["dataset=moons", "model=linear", "loss=power_mae", "loss.power=1.5"]
    said = python(checkout, "-m", "lossexp", *chosen, "trainer.epochs=2", "tracking=none", f"output={tmp_path}")
    assert "accuracy" in said
    assert "power=1.5" in said


def test_the_loss_is_in_the_package_in_the_contract_tests_and_on_the_page(checkout):
    tests = ["tests/losses/test_contract.py", "tests/losses/test_masked_classes.py", "tests/test_options.py"]
    said = python(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", "power_mae")
    assert int(re.search(r"(\d+) passed", said)[1]) > 10
    asked = (
        "from docs.generator.losses import all_families, built, option_section\n"
        "print([f['title'] for f in all_families() if 'power_mae' in f['options']])\n"
        "print(option_section('power_mae', built('power_mae')))"
    )
    page = python(checkout, "-c", asked)
    assert "['Wrong labels']" in page
    assert "`sum_k t_k (1 - p_k)^power`" in page
    assert "| `power` | 2.0 | > 0; 1 is half" in page
    assert "**When:** wrong labels" in page
