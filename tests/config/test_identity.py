"""Run keys: equal for the same experiment, different for another."""

import numpy as np

from lossexp.config.identity import decides, group_key, run_key

CONFIG = {
    "seed": 1,
    "dataset": {"_target_": "d", "seed": 1, "path": "nowhere.npz"},
    "loss": {"gamma": 2.0, "alpha": [1, 2]},
    "trainer": {"epochs": 3, "progress": True},
    "tracking": {"uri": "a"},
    "output": "runs",
}


def changed(**groups):
    return {**CONFIG, **groups}


def test_paths_tracking_and_progress_do_not_change_the_key():
    other = changed(tracking={"uri": "b"}, output="/elsewhere", trainer={"epochs": 3, "progress": False})
    assert run_key(other) == run_key(CONFIG)


def test_settings_that_do_not_change_the_key_do_not_decide():
    assert not any(decides(s) for s in ("tracking.uri", "trainer.progress", "hydra.job.name", "dataset.data_dir"))
    assert all(decides(s) for s in ("loss.gamma", "trainer.epochs", "dataset.limit"))


def test_numbers_count_by_value():
    assert run_key(changed(loss={"gamma": 2, "alpha": [1.0, 2.0]})) == run_key(CONFIG)
    assert run_key(changed(loss={"gamma": 2.5, "alpha": [1, 2]})) != run_key(CONFIG)


def test_true_is_not_one():
    assert run_key(changed(loss={"gamma": True})) != run_key(changed(loss={"gamma": 1}))


def test_seeds_share_a_group_but_not_a_run():
    other = changed(seed=2, dataset={"_target_": "d", "seed": 2, "path": "nowhere.npz"})
    assert run_key(other) != run_key(CONFIG)
    assert group_key(other) == group_key(CONFIG)


def test_a_dataset_seed_fixed_apart_from_the_seed_is_part_of_the_group():
    fixed = changed(seed=2, dataset={"_target_": "d", "seed": 7, "path": "nowhere.npz"})
    assert group_key(fixed) != group_key(CONFIG)


def test_settings_that_came_later_leave_the_keys_of_earlier_runs():
    earlier = changed(loss={"transition": 0.2})
    later = changed(loss={"T": 0.2, "clip": None}, noise={"_target_": "lossexp.datasets.noise.clean.Clean"})
    assert run_key(later) == run_key(earlier)
    assert run_key({**later, "loss": {"T": 0.2, "clip": 0.1}}) != run_key(earlier)


def test_noise_is_another_run_of_which_a_seed_of_its_own_stays_in_the_group():
    noise = {"_target_": "n", "eta": 0.4, "seed": None}
    assert len({run_key(CONFIG), run_key(changed(noise=noise)), run_key(changed(noise={**noise, "eta": 0.2}))}) == 3
    follows, fixed = (
        [group_key(changed(seed=s, dataset={}, noise={**noise, "seed": n})) for s in (1, 2)] for n in (None, 1)
    )
    assert len({*follows}) == len({*fixed}) == 1
    assert follows != fixed


def test_edited_code_of_the_user_is_another_run(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))

    def key(source: str) -> str:
        (tmp_path / "my_edited_losses.py").write_text(source)
        return run_key(changed(loss={"fn": {"_target_": "my_edited_losses.f"}}, trusted_packages=["my_edited_losses"]))

    assert key("def f(): return 1") == key("def f(): return 1")
    assert key("def f(): return 1") != key("def f(): return 2")


def test_a_dataset_file_counts_by_content(tmp_path):
    def key(name: str, x: list[int]) -> str:
        np.savez(tmp_path / name, x=x)
        return run_key(changed(dataset={"path": str(tmp_path / name)}))

    assert key("a.npz", [1]) == key("b.npz", [1])
    assert key("a.npz", [1]) != key("c.npz", [2])
