"""Parameters out of range are refused by name, value and range."""

import inspect
import re
import warnings
from functools import partial

import keras
import numpy as np
import pytest

from lossexp import losses
from lossexp.base.checks import shown
from lossexp.losses import BinaryCrossEntropy, BinaryFocal, CrossEntropy, Focal, KLDivergence
from lossexp.losses.base.arguments import plain

REFUSED = [
    (Focal, "gamma", -1, "[0, inf)"),
    (Focal, "gamma", float("nan"), "[0, inf)"),
    (Focal, "gamma", float("inf"), "[0, inf)"),
    (Focal, "gamma", "2", "[0, inf)"),
    (Focal, "gamma", True, "[0, inf)"),
    (Focal, "alpha", [0.2, -0.1, 1.0], "[0, inf)"),
    (Focal, "alpha", [0.2], "[0, inf)"),
    (Focal, "label_smoothing", 1, "[0, 1)"),
    (Focal, "class_weight", [1.0, -2.0], "[0, inf)"),
    (Focal, "class_weight", "equal", "balanced or effective_number"),
    (Focal, "ignore_class", 0.5, "whole number"),
    (BinaryFocal, "gamma", -0.1, "[0, inf)"),
    (BinaryFocal, "alpha", 5, "[0, 1]"),
    (BinaryFocal, "label_smoothing", 2, "[0, 1)"),
    (BinaryCrossEntropy, "pos_weight", 0, "(0, inf)"),
    (CrossEntropy, "label_smoothing", -0.1, "[0, 1)"),
    (KLDivergence, "label_smoothing", 1.0, "[0, 1)"),
    (Focal, "reduction", "auto", "reduction"),
    (losses.CBCrossEntropy, "beta", 1, "[0, 1)"),
    (losses.CBFocal, "gamma", -1, "[0, inf)"),
    (losses.CBSigmoid, "beta", -0.1, "[0, 1)"),
    (losses.LogitAdjusted, "tau", -1, "[0, inf)"),
    (losses.VS, "gamma", -0.1, "[0, inf)"),
    (losses.LDAM, "max_m", -0.5, "[0, inf)"),
    (losses.LDAM, "s", 0, "(0, inf)"),
    (losses.LDAM, "drw", 1.5, "[0, 1]"),
    (losses.Seesaw, "p", -1, "[0, inf)"),
    (losses.Seesaw, "eps", 0, "(0, 1]"),
    (losses.EQL, "threshold", 2, "[0, 1]"),
    (losses.EQLv2, "gamma", 0, "(0, inf)"),
    (losses.EqualizedFocal, "gamma", 0, "(0, inf)"),
    (losses.EqualizedFocal, "alpha", 2, "[0, 1]"),
    (losses.DBLoss, "negative_scale", 0, "(0, inf)"),
    (losses.InfluenceBalanced, "alpha", 0, "(0, inf)"),
    (losses.InfluenceBalanced, "start", 2, "[0, 1]"),
    (losses.ASL, "clip", 1, "[0, 1)"),
    (losses.ASL, "gamma_neg", -1, "[0, inf)"),
    (losses.ASLSingle, "label_smoothing", 1, "[0, 1)"),
    (losses.TwoWay, "t_pos", 0, "(0, inf)"),
    (losses.CosFace, "m", -0.1, "[0, inf)"),
    (losses.ArcFace, "m", 4, "[0, 3.14"),
    (losses.ArcFace, "s", -1, "(0, inf)"),
    (losses.Hinge, "margin", 0, "(0, inf)"),
    (losses.CategoricalHinge, "margin", -1, "(0, inf)"),
    (losses.Dice, "smooth", -1, "[0, inf)"),
    (losses.Dice, "over", "image", "one of auto, example, class, batch"),
    (losses.Tversky, "alpha", -1, "[0, inf)"),
    (losses.FocalTversky, "exponent", 0, "(0, inf)"),
]


@pytest.mark.parametrize(("loss", "name", "value", "allowed"), REFUSED)
def test_out_of_range(loss, name, value, allowed):
    with pytest.raises(ValueError, match=re.escape(allowed)) as caught:
        loss(**{name: value})
    assert name in str(caught.value)


@pytest.mark.parametrize("value", [[1.0], ["sum"], {}, {"name": ["exp"]}, np.ones(2), np.array("sum"), 1, True])
@pytest.mark.parametrize(
    ("loss", "name", "expected"),
    [
        (Focal, "reduction", "one of sum_over_batch_size, sum, mean, mean_with_sample_weight, none, or null"),
        (losses.MSE, "reduction", "one of sum_over_batch_size, sum"),
        (losses.Dice, "over", "one of auto, example, class, batch"),
        (losses.Poisson, "link", "exp or softplus or identity"),
        (losses.Tweedie, "link", "exp or softplus or identity"),
        (losses.GammaDeviance, "link", "exp or softplus or identity"),
        (partial(losses.Adapted, keras.losses.Huber()), "link", "one of (auto, )?softmax"),
        (partial(losses.Adapted, keras.losses.Huber()), "on", "one of auto, logits"),
        (partial(losses.Adapted, keras.losses.Huber()), "labels", "one of auto, sparse"),
    ],
)
def test_what_is_no_name_is_refused_as_a_choice(loss, name, expected, value):
    with pytest.raises(ValueError, match=rf"\.{name}(\.name)?=(.|\n)*: give {expected}"):
        loss(**{name: value})


def test_the_reductions_are_those_of_keras():
    for reduction in ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None):
        assert keras.losses.Huber(reduction=reduction).reduction == Focal(reduction=reduction).reduction


@pytest.mark.parametrize("loss", [losses.Forward, losses.BackwardCorrection])
@pytest.mark.parametrize("value", ["", [], None, np.array(2), 2, False])
def test_what_is_no_transition_is_refused(loss, value):
    with pytest.raises(ValueError, match=re.escape(f"{loss.__name__}.T={shown(value)}: give true, or a number in")):
        loss(T=value)
    with pytest.raises(ValueError, match=re.escape(f"{loss.__name__}.T.0=[1, 0]: give a mapping")):
        loss(T={0: [1, 0], 1: [0, 1]})
    with pytest.raises(ValueError, match=re.escape("T[0]=1.0: give a list")):
        loss(T=np.ones(3))


@pytest.mark.parametrize("value", [np.ones(2), [1.0], {}, "1", True, None, float("inf"), float("nan")])
def test_what_is_no_shape_is_refused(value):
    with pytest.raises(ValueError, match=re.escape(f"Barron.alpha={shown(plain(value))}: give a number")):
        losses.Barron(alpha=value)
    assert losses.Barron(alpha=np.float32("-inf")).alpha == -np.inf


SWITCHES = [
    (loss, name)
    for loss in map(losses.__dict__.get, sorted(losses.__all__))
    if isinstance(loss, type)
    for name, parameter in inspect.signature(loss.__init__).parameters.items()
    if isinstance(parameter.default, bool)
]


@pytest.mark.parametrize(("loss", "name"), SWITCHES)
def test_switches_are_true_or_false(loss, name):
    for value in ("no", "false", "", 1, None):
        with pytest.raises(ValueError, match=rf"\.{name}={shown(value)}: give true or false"):
            loss(**{name: value})
    for value in (True, False, np.True_):
        assert getattr(loss(**{name: value}), name) is bool(value)


def test_every_switch_is_tested():
    assert {(Focal, "detach"), (losses.Seesaw, "running"), (losses.ArcFace, "monotone")} < set(SWITCHES)


def test_list_of_the_wrong_length():
    for loss in (Focal(alpha=[1, 2]), Focal(class_weight=[1, 2])):
        with pytest.raises(ValueError, match="2 entries for 3 classes"):
            loss([0], [[1.0, 2.0, 3.0]])


def test_one_alpha_for_all_classes_warns_once_when_made():
    with pytest.warns(UserWarning, match="alpha=0.25 is one number for all classes"):
        loss = Focal(alpha=0.25)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss([0], [[1.0, 2.0, 3.0]])
        Focal(alpha=[0.25, 0.5, 1])
        BinaryFocal(alpha=0.25)


def test_whole_numbers_are_taken_for_floats():
    assert Focal(gamma=2, alpha=[1, 2, 3]).get_config()["alpha"] == [1.0, 2.0, 3.0]
    assert isinstance(Focal(gamma=2).gamma, float)


@pytest.mark.parametrize("name", ["alpha", "class_weight"])
def test_a_mapping_by_class_is_a_list(name):
    assert Focal(**{name: {1: 2, 0: 0.5, np.int64(2): 3}}).get_config()[name] == [0.5, 2.0, 3.0]
    for keys in ([0, 2], [1, 2], ["0", "1"], [False, True], [0]):
        with pytest.raises(ValueError, match=name):
            Focal(**{name: dict.fromkeys(keys, 1.0)})


def test_class_counts_are_whole_numbers_by_class():
    assert losses.LDAM(class_counts={1: 5, 0: np.int32(9)}).class_counts == [9, 5]
    assert losses.LDAM(class_counts=np.array([9.0, 5.0])).class_counts == [9, 5]
    for counts in ({1: 5, 2: 9}, [9, 5.5], [9, True], [9, float("nan")], [9, "5"], [9, float("inf")], [np.ones(2)] * 2):
        with pytest.raises(ValueError, match="class_counts"):
            losses.LDAM(class_counts=counts)
