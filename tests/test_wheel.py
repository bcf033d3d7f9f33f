"""The wheel carries the configuration and runs from an empty folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """The wheel, built without a network and unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    site = folder / "site"
    zipfile.ZipFile(wheel).extractall(site)
    return site


def test_the_wheel_holds_every_config_file(unpacked):
    shipped = {f.relative_to(unpacked / "lossexp" / "conf") for f in (unpacked / "lossexp" / "conf").rglob("*.yaml")}
    assert shipped == {f.relative_to(ROOT / "conf") for f in (ROOT / "conf").rglob("*.yaml")}


def test_the_wheel_declares_the_console_script(unpacked):
    [entry_points] = unpacked.glob("*.dist-info/entry_points.txt")
    assert "lossexp = lossexp.cli:main" in entry_points.read_text()


def test_the_wheel_trains_from_an_empty_folder(unpacked, tmp_path):
    shown = subprocess.run(
        [sys.executable, "-m", "lossexp", "debug=fast", "model=mlp"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert shown.returncode == 0, shown.stderr
    assert "accuracy" in shown.stdout
    assert not (tmp_path / "mlflow.db").exists()
