"""Targets that a regression loss is not defined for are found before training."""

import numpy as np
import pytest

from lossexp import losses
from lossexp.losses.base.regression import ValueLoss, check_domain
from tests.losses.options import OPTIONS, make
from tests.losses.regression import evaluate

REGRESSION = [o for o in OPTIONS if isinstance(make(o), ValueLoss) and "regression" in make(o).tasks]
TARGETS = np.array([2.0, 0.5, 7.0])


@pytest.mark.parametrize("option", REGRESSION)
@pytest.mark.parametrize(("wrong", "outside"), [(-1.5, ("nonnegative", "positive")), (0.0, ("positive",))])
def test_only_targets_outside_the_domain_are_refused(option, wrong, outside):
    loss = make(option)
    check_domain(loss, TARGETS)
    for y in ([*TARGETS, wrong], np.float32([*TARGETS, wrong])[:, None]):
        if loss.domain not in outside:
            check_domain(loss, y)
            continue
        with pytest.raises(ValueError, match=f"loss={loss.name} .*1 of 4 are not, the first being {wrong:g}"):
            check_domain(loss, y)


@pytest.mark.parametrize("option", REGRESSION)
def test_targets_inside_the_domain_give_finite_values(option):
    """So that no loss declares more than it can take."""
    loss = make(option)
    low = {"real": -3.0, "nonnegative": 0.0, "positive": 1e-3}[loss.domain]
    y = np.float32([[low], [1.0], [40.0]])
    check_domain(loss, y)
    outputs = np.ones([3, loss.num_outputs(0)], np.float32)
    for result in evaluate(loss, y, outputs):
        assert np.isfinite(result).all()


def test_what_would_work_is_said():
    for loss in (losses.GammaDeviance(), losses.Poisson(), losses.Tweedie(), losses.MSLE()):
        with pytest.raises(ValueError, match="loss=mse, loss=huber") as caught:
            check_domain(loss, [1.0, -1.0])
        assert "tweedie take zeros" not in str(caught.value)
    with pytest.raises(ValueError, match="loss=poisson and loss=tweedie take zeros"):
        check_domain(losses.GammaDeviance(), [1.0, 0.0])
    for named in ("poisson", "tweedie", "mse", "huber", "log_cosh"):
        assert named in OPTIONS


def test_unusual_targets():
    with pytest.raises(ValueError, match="1 of 2 are not, the first being nan"):
        check_domain(losses.Poisson(), [1.0, np.nan])
    check_domain(losses.Poisson(), np.array([], np.float32))
    check_domain(losses.Poisson(), np.array([0, 3], np.int64))


@pytest.mark.parametrize("loss", [losses.CrossEntropy(), losses.MSE()])
def test_losses_without_a_domain_take_everything(loss):
    targets = [-1.0, 0.0, 1.0]
    check_domain(loss, targets)
    loss.domain = "positive"
    with pytest.raises(ValueError, match="2 of 3 are not, the first being -1"):
        check_domain(loss, targets)
