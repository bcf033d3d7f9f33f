"""From sets, sweeps and seeds to jobs."""

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from lossexp.base.errors import InputError
from lossexp.config.shipped import config_folder
from lossexp.sweeps.expansion import expand, split


@pytest.fixture
def loader():
    with initialize_config_dir(config_folder(), version_base="1.3"):
        yield GlobalHydra.instance().config_loader()


def jobs_of(loader, *arguments, sets=None, seeds=None):
    config = OmegaConf.create({"sets": sets, "seeds": seeds})
    return [" ".join(job) for job in expand(config, arguments, loader)]


def test_sets_are_expanded_each_on_its_own_times_the_command_line_times_the_seeds(loader):
    found = jobs_of(loader, "model=mlp,functional", sets=["loss=ce", "loss=focal loss.gamma=1,2"], seeds=2)
    assert len(found) == 2 * (1 + 2) * 2
    assert len(set(found)) == len(found)
    assert found[0] == "model=mlp loss=ce seed=0"
    assert "model=functional loss=focal loss.gamma=2 seed=1" in found
    assert not any("loss=ce" in job and "gamma" in job for job in found)


def test_without_sets_the_jobs_are_hydras_own(loader):
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser

    given = ["loss=focal", "loss.gamma=0,1,2", "seed=range(3)", "model=mlp"]
    overrides = OverridesParser.create(config_loader=loader).parse_overrides(given)
    [expected] = BasicSweeper.split_arguments(overrides, None)
    assert jobs_of(loader, *given) == [" ".join(job) for job in expected]


def test_ranges_globs_and_lists_mean_in_a_set_what_they_mean_in_hydra(loader):
    assert jobs_of(loader, sets=["loss=glob(cb_*) seed=range(2)"]) == [
        f"loss={loss} seed={seed}" for loss in ("cb_ce", "cb_focal", "cb_sigmoid") for seed in (0, 1)
    ]
    assert jobs_of(loader, sets=["model.hidden=[64, 32],[16] +x='a b'"]) == [
        "model.hidden=[64,32] +x='a b'",
        "model.hidden=[16] +x='a b'",
    ]


def test_seeds_may_be_listed(loader):
    assert jobs_of(loader, seeds=[3, 5]) == ["seed=3", "seed=5"]


def test_what_is_about_the_sweep_is_no_override_of_its_jobs(loader):
    assert jobs_of(loader, "sweep.n_jobs=2", "sets=null", "baseline='loss=ce'", "loss=ce") == ["loss=ce"]


@pytest.mark.parametrize(
    ("arguments", "sets", "seeds", "said"),
    [
        (
            ["loss=gce"],
            ["loss=ce", "loss=mae_prob"],
            None,
            "loss is given on .* and in the set 'loss=ce'",
        ),
        ([], ["loss=ce loss=focal"], None, "twice in one of them"),
        (["seed=1,2"], None, 3, "seed is given on the command line and in seeds"),
        ([], ["loss=focal loss.gamma=interval(0,5)"], None, "lossexp.tune"),
        (["seed=range(0)"], None, None, r"seed=range\(0\) has no values"),
        ([], ["loss=glob(zzz*)"], None, "has no values"),
        ([], [5], None, r"sets\[0\]=5: give a text"),
        ([], None, 0, "seeds=0: give a whole number of at least 1"),
        ([], None, ["a"], "seeds"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(arguments, sets, seeds, said, loader):
    with pytest.raises(InputError, match=said):
        jobs_of(loader, *arguments, sets=sets, seeds=seeds)


def test_a_set_ends_an_override_where_the_next_one_begins():
    assert split(" loss=focal  loss.gamma=0.5,1 +a.b=[1, 2] ") == ["loss=focal", "loss.gamma=0.5,1", "+a.b=[1, 2]"]
    assert split("loss=forward loss.T='x=1, y = 2'") == ["loss=forward", "loss.T='x=1, y = 2'"]
    assert split("") == []


def test_every_shipped_sweep_can_be_composed(loader):
    names = [name for name in loader.get_group_options("experiment") if not name.startswith("tune_")]
    for name in names:
        config = compose("config", overrides=[f"experiment={name}"])
        assert expand(config, [f"experiment={name}"], loader)
