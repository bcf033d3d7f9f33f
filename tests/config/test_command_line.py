"""What a command line may be, and the paragraph for one that cannot work."""

import re

import pytest

from tests.command import lossexp

QUICK = ("tracking=none", "debug=fast", "model=mlp", "trainer.jit_compile=false")


def refused(*arguments, folder, code=1):
    answer = lossexp(*arguments, folder=folder)
    assert answer.code == code, answer.err
    assert answer.err.count("Error: ") == 1
    assert "Traceback" not in answer.err
    return answer.words


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["loss=[ce,focal]"], r"loss=\[ce,focal\] would merge .* -m loss=ce,focal"),
        (["loss=ce,focal"], "loss=ce,focal has several values. Give -m"),
        (["dataset=5"], "dataset=5: a group needs an option by its name"),
        (["+foo=1"], r"foo is no setting, and nothing refers to it"),
        (["++foo.bar=1"], r"foo is no setting"),
        (["+sead=1"], "Did you mean seed"),
        (["+trainer.foo=1"], r"trainer\.foo: .* takes no argument"),
        (["++loss.foo=1"], r"loss\.foo: .* takes no argument"),
        (["~dataset"], "dataset is missing"),
        (["~seed"], "seed is missing"),
        (["~dataset._target_"], r"no dataset\._target_"),
    ],
)
def test_every_key_means_something(arguments, said, tmp_path):
    assert re.search(said, refused(*arguments, *QUICK, folder=tmp_path))


@pytest.mark.parametrize("group", ["trainer", "schedule"])
def test_a_group_that_is_left_out_is_named(group, tmp_path):
    assert f"{group} is missing from the config" in refused(f"~{group}", "tracking=none", folder=tmp_path)


def test_a_key_of_the_users_own_may_be_referred_to(tmp_path):
    answer = lossexp("+rate=0.01", "optimizer.learning_rate=${rate}", *QUICK, folder=tmp_path)
    assert answer.code == 0, answer.err


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("seed=-1", "seed=-1: give a whole number"),
        ("seed=true", "seed=true: give a whole number"),
        ("rerun=1", "rerun=1: give true or false"),
        ("mode=evalute", "mode=evalute: give one of train, .* Did you mean evaluate"),
        ("name=''", "name='': give a text"),
        ("name=null", "name=null: give a text"),
        ("name=2024", "name=2024: give a text .* In quotes it is a text: '2024', on the command line \"'2024'\""),
        ("run=abc", "run=abc has an effect only with mode=evaluate or mode=predict"),
        ("inputs=x.npz", "inputs=x.npz has an effect only with mode=predict"),
        ("inputs=[a]", r"inputs=\['?a'?\]: give a text"),
        ("trusted_packages=foo", "trusted_packages=foo: give a list"),
        ("trusted_packages=[5]", r"trusted_packages\[0\]=5: give a text"),
    ],
)
def test_settings_outside_groups_have_their_kinds(setting, said, tmp_path):
    assert re.search(said, refused(setting, *QUICK, folder=tmp_path))


@pytest.mark.parametrize("sweep", [[], ["-m", "seed=0,1"]])
@pytest.mark.parametrize("output", ["", "null", "[a]", "' '"])
def test_an_output_that_is_no_folder_is_refused_and_nothing_is_made(output, sweep, tmp_path):
    assert "output=" in refused(*sweep, f"output={output}", *QUICK, folder=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("nothing", ["seed=range(0)", "loss=glob(zzz*)", "trainer.epochs=range(3,3)"])
def test_a_sweep_without_values_is_refused(nothing, tmp_path):
    assert f"{nothing} has no values" in refused("-m", "loss=ce,focal", nothing, *QUICK, folder=tmp_path)


def test_what_a_finished_run_settled_cannot_be_changed_when_it_is_looked_at(tmp_path):
    said = refused("mode=evaluate", "run=abc", "loss=focal", "tracking=none", folder=tmp_path)
    assert "loss=focal has no effect with mode=evaluate" in said


@pytest.mark.parametrize("name", ["a" * 300, "../" * 2000])
def test_a_run_of_an_impossible_name_is_not_found(name, tmp_path):
    assert "no finished run" in refused("mode=evaluate", f"run={name}", "tracking=none", folder=tmp_path)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("dataset.path=a=b", r'''"dataset\.path='a=b'"'''),
        ("dataset.path=é.npz", r'''"dataset\.path='é\.npz'"'''),
        ("dataset.path=a#b", "stands in quotes"),
        ("dataset.path=a;b", "stands in quotes"),
        ("dataset.path='a", "stands in quotes"),
        ("dataset.class_names=[a", "Close each bracket"),
        ("dataset.class_names=[é,a]", "in quotes"),
        ("loss", "'loss' is no setting"),
    ],
)
def test_an_override_that_hydra_cannot_read_is_told_with_quotes(override, said, tmp_path):
    words = refused("dataset=npz", override, folder=tmp_path)
    assert re.search(said, words)
    assert "hydra.cc" not in words


def test_the_quotes_that_are_advised_work(tmp_path):
    words = refused("dataset=npz", "dataset.path=é=1.npz", folder=tmp_path)
    advised = re.search(r'"(dataset\.path=.*)"', words)[1]
    assert "dataset.path=é=1.npz: no such file" in refused("dataset=npz", advised, folder=tmp_path)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("dataset.limit=${nope}", r"dataset\.limit=\$\{nope\}: Interpolation key 'nope' not found"),
        ("seed=${nope}", r"Error: seed=\$\{nope\}: "),
        ("output=${nope}", r"Error: output=\$\{nope\}: "),
        ("trainer.epochs=${oc.env:NOT_THERE}", r"trainer\.epochs=\$\{oc\.env:NOT_THERE\}: .*'NOT_THERE' not found"),
        ("trainer.epochs=${twice:3}", r"trainer\.epochs=\$\{twice:3\}: Unsupported interpolation type twice"),
    ],
)
def test_an_interpolation_that_leads_nowhere_is_named_where_it_stands(override, said, tmp_path):
    assert re.search(said, refused(override, *QUICK, folder=tmp_path))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--config-name", "foo"], "there is no config 'foo' to start from"),
        (["--config-dir", "nowhere"], "nowhere' not found"),
        (["--config-path", "foo"], "--config-dir=my_folder"),
        (["--resolve"], "--resolve goes with --cfg"),
        (["--package", "loss"], "--package goes with --cfg"),
        (["--cfg", "job", "--resolve", "loss.reduction=${nope}"], "loss.reduction=${nope}: Interpolation key 'nope'"),
        (["loss="], "Error: There is no option '' in group 'loss'"),
        (["name=${seed"], "Close each bracket"),
        (["loss.class_weight={0: 1, 1: 2}"], "loss.class_weight={0: 1, 1: 2}: give balanced"),
        (["-m", "--cfg", "job"], "--multirun and --cfg do not go together"),
        (["--cfg", "foo"], "invalid choice: 'foo'"),
        (["--loss=ce"], "without dashes"),
        (["--experimental-rerun", "x.pickle"], "not supported"),
        (["hydra.mode=FOO"], "hydra.mode: Invalid value 'FOO'"),
        (["hydra/launcher=nope"], "no option 'nope' in group 'hydra/launcher'"),
    ],
)
def test_flags_that_cannot_work_are_one_paragraph(arguments, said, tmp_path):
    assert said in refused("seed=1", *arguments, folder=tmp_path)


def test_overrides_may_stand_on_both_sides_of_flags(tmp_path):
    (tmp_path / "mine" / "loss").mkdir(parents=True)
    (tmp_path / "mine" / "loss" / "own.yaml").write_text("_target_: lossexp.losses.Focal\ngamma: 3\n")
    shown = lossexp("seed=7", "--config-dir", "mine", "loss=own", "--cfg", "job", "model=mlp", folder=tmp_path)
    assert shown.code == 0, shown.err
    for line in ("seed: 7", "gamma: 3", "_target_: lossexp.models.mlp.mlp"):
        assert line in shown.out
    swept = lossexp("seed=7", "-m", "loss=ce,focal", *QUICK, folder=tmp_path)
    assert swept.code == 0, swept.err
    assert len(list(tmp_path.glob("runs/*/scores.json"))) == 2
