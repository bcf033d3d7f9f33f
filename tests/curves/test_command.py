"""Pictures of losses: from overrides on the command line to the curves on the figure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from lossexp.base.errors import InputError
from lossexp.curves.command import compose_variants, main
from lossexp.curves.draw import picture
from lossexp.curves.variant import named

ROOT = Path(__file__).parents[2]


def drawn(*overrides: str):
    return picture(compose_variants(overrides), "title")


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def curves(axes) -> list:
    return [line for line in axes.lines if len(line.get_xdata()) > 2]


def test_several_losses_on_one_figure(tmp_path, capsys):
    main(["loss=ce,focal,gce", f"output={tmp_path}/sub/picture.png"])
    assert (tmp_path / "sub" / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert "3 curves" in capsys.readouterr().out


def test_one_loss_over_a_range_of_a_parameter(tmp_path):
    main(["loss=focal", "loss.gamma=0,2", f"output={tmp_path}/picture.svg"])
    assert "loss=focal loss.gamma=0,2" in (tmp_path / "picture.svg").read_text()
    figure = drawn("loss=focal", "loss.gamma=0,0.5,1,2,5")
    assert legend(figure) == ["0", "0.5", "1", "2", "5"]
    assert figure.legends[0].get_title().get_text() == "gamma"


def test_four_panels_for_classification():
    figure = drawn("loss=ce,focal")
    value, by_probability, gradient, _ = figure.axes
    assert [len(curves(axes)) for axes in figure.axes] == [2, 2, 2, 2]
    assert "margin" in gradient.get_xlabel()
    margin, loss = curves(value)[0].get_data()
    np.testing.assert_allclose(loss, np.logaddexp(0.0, -margin), rtol=1e-4)
    p, loss = curves(by_probability)[0].get_data()
    np.testing.assert_allclose(loss, -np.log(p), rtol=1e-3)
    margin, size = curves(gradient)[0].get_data()
    np.testing.assert_allclose(size, 1.0 / (1.0 + np.exp(margin)), rtol=1e-4)


def test_two_panels_against_the_error_for_regression():
    figure = drawn("loss=mse,huber", "range=[-4,4]")
    assert [len(curves(axes)) for axes in figure.axes] == [2, 2]
    error, loss = curves(figure.axes[0])[0].get_data()
    np.testing.assert_allclose(loss, error**2, atol=1e-5)
    assert error.min() == -4.0
    assert "target 3" in figure.axes[0].get_xlabel()


def test_a_second_dashed_curve_where_the_rare_class_is_treated_otherwise():
    figure = drawn("loss=ce,logit_adjusted", "class_counts=[500,50,5]")
    assert legend(figure)[2:] == ["", "class 0, 500 examples", "class 2, 5 examples"]
    styles = [line.get_linestyle() for line in curves(figure.axes[0])]
    assert styles == ["-", "-", "--"]


def test_what_the_legend_calls_a_variant():
    assert list(named(compose_variants(["loss=focal"]))) == ["focal"]
    both = compose_variants(["loss=focal,poly1_focal", "loss.gamma=1,2"])
    assert list(named(both)) == [f"{loss}, gamma={g}" for loss in ("focal", "poly1_focal") for g in (1, 2)]
    assert list(named(compose_variants(["loss=huber", "target=1,2"]))) == ["1", "2"]


def test_sweeps_in_hydras_grammar():
    assert len(compose_variants(["loss=gce", "loss.q=range(0.1,1,0.3)"])) == 4
    assert {v.loss for v in compose_variants(["loss=glob(keras_*focal)"])} == {"keras_bfocal", "keras_focal"}


def test_schedules_are_drawn_at_the_share_of_the_training_asked_for():
    figure = drawn("loss=ldam_drw", "progress=0,1")
    start, _, end, _ = (line.get_ydata() for line in curves(figure.axes[0]))
    assert not np.allclose(start, end)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["loss=ce,huber"], "huber can be drawn against an error, ce against a margin"),
        (["loss=ce", "output=a.png,b.png"], "only the loss, its settings"),
        (["loss=focal", "loss.gamma=interval(0,1)"], "an interval has no values"),
        (["loss=ce,focal", "loss.gamma=1,2"], "loss=ce loss.gamma=1: There is no setting 'loss.gamma'"),
        (["loss=focal", "loss.alpha=[1,2,3]"], "3 entries for 2 classes"),
        (["loss=focal", "loss.gamma=-1"], "loss.gamma=-1: give"),
        (["loss=keras_circle"], "one example alone"),
        (["loss=cosine_similarity"], "one example alone"),
        (["loss=poisson", "range=[-9,-5]"], "no values for -9 to -5"),
        (["range=[3]"], "two numbers"),
        (["scale=foo"], "auto, linear, log"),
        (["class_counts=[10]"], "two classes or more"),
        (["progress=2"], "in [0, 1]"),
        (["target=x"], "a number"),
    ],
)
def test_mistakes_are_explained(overrides, message):
    with pytest.raises(InputError) as error:
        drawn(*overrides)
    assert message in str(error.value)


def test_errors_are_one_paragraph(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["loss=focl"])
    assert stopped.value.code == 1
    assert capsys.readouterr().err.startswith("Error: There is no option 'focl' in group 'loss'. Did you mean focal")
    with pytest.raises(SystemExit):
        main(["output=picture.txt"])
    assert ".png, .svg, .pdf" in capsys.readouterr().err


def test_options_and_losses_of_the_users_own(tmp_path, monkeypatch):
    (tmp_path / "loss").mkdir()
    text = (ROOT / "conf" / "loss" / "focal.yaml").read_text().replace("gamma: 2.0", "gamma: 7.0")
    (tmp_path / "loss" / "mine.yaml").write_text(text)
    [variant] = compose_variants(["loss=mine"], str(tmp_path))
    assert variant.job.config.loss.gamma == 7.0
    monkeypatch.syspath_prepend(ROOT / "docs" / "examples")
    own = ["loss=function", "loss.fn._target_=my_losses.wing", "loss.on=values"]
    assert len(drawn(*own, "trusted_packages=[my_losses]").axes) == 2
    with pytest.raises(InputError, match="trusted_packages"):
        drawn(*own)


def test_a_tracker_gets_the_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["loss=huber", "output=huber.png", "tracking=mlflow"])
    assert "mlflow ui" in capsys.readouterr().out
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    [run] = client.search_runs([client.get_experiment_by_name("lossexp").experiment_id])
    assert run.info.status == "FINISHED"
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["huber.png"]


def test_the_composed_config_instead_of_a_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["loss=focal", "loss.gamma=1,2", "--cfg", "job"])
    assert capsys.readouterr().out.count("gamma: ") == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("module", ["lossexp.curves", "lossexp.losses"])  # the latter is the former name
def test_help_teaches_without_importing_tensorflow(module, tmp_path):
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", module, "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert shown.returncode == 0
    assert shown.stdout.count("python -m lossexp.curves loss=") >= 5
    for option in ("focal", "ldam", "huber"):
        assert f" {option}," in shown.stdout
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in shown.stderr.splitlines()}
    assert not imported & {"tensorflow", "keras", "mlflow"}
