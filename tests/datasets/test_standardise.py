import numpy as np

from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.standardise import scale_targets, standardise_inputs


def table(seed: int, n: int, shift: float) -> Split:
    draw = np.random.default_rng(seed)
    x = np.column_stack([draw.normal(shift, 3, n), np.full(n, 7.0)]).astype(np.float32)
    return Split(x, draw.uniform(10, 50, n).astype(np.float32))


DATASET = Dataset("table", "regression", table(0, 200, 5.0), table(1, 50, 9.0), table(2, 50, 9.0))


def test_inputs_have_training_mean_0_and_deviation_1():
    x = standardise_inputs(DATASET).train.x
    assert x.dtype == np.float32
    assert np.allclose(x.mean(axis=0), 0, atol=1e-6)
    assert np.isclose(x[:, 0].std(), 1, atol=1e-6)


def test_a_constant_feature_is_shifted_only():
    assert not standardise_inputs(DATASET).train.x[:, 1].any()


def test_other_splits_are_scaled_by_training_statistics():
    train = DATASET.train.x[:, 0].astype(np.float64)
    expected = (DATASET.val.x[:, 0] - train.mean()) / train.std()
    assert np.allclose(standardise_inputs(DATASET).val.x[:, 0], expected, atol=1e-5)


def test_targets_are_scaled_and_never_shifted():
    scaled = scale_targets(DATASET)
    assert np.isclose(scaled.train.y.std(), 1, atol=1e-6)
    assert (scaled.train.y > 0).all()
    for name, split in scaled.splits.items():
        assert split.y.dtype == np.float32
        assert np.allclose(split.y * scaled.target_scale, DATASET.splits[name].y, rtol=1e-6)


def test_constant_targets_keep_their_scale():
    constant = Split(DATASET.train.x, np.full(200, 3.0, np.float32))
    scaled = scale_targets(Dataset("constant", "regression", constant, constant, constant))
    assert scaled.target_scale == 1.0
