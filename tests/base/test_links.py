"""Links against mpmath, on moderate and extreme outputs."""

import typing
from itertools import accumulate, pairwise

import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf

from lossexp.base import links
from lossexp.base.errors import InputError
from lossexp.base.links import log_probabilities, predicted_values, probabilities
from lossexp.losses import Adapted
from tests.losses.options import OPTIONS, make

ROWS = [[0.0, 0.0, 0.0], [1.5, -2.0, 0.25], [30.0, 10.0, -30.0], [1000.0, 0.0, -1000.0], [1e-9, 0.0, -1e-9]]


def logistic(z):
    return 1 / (1 + mp.exp(-mp.mpf(z)))


@mp.workdps(1000)  # 1 - logistic(1000) differs from 0 in the 435th digit
def exact(row, link):
    """Class probabilities of one row, in many digits."""
    if link == "softmax":
        weights = [mp.exp(mp.mpf(z)) for z in row]
        return [w / sum(weights) for w in weights]
    if link == "sigmoid":
        return [logistic(-row[0]), logistic(row[0])]
    if link == "one_vs_rest":
        weights = [logistic(z) for z in row]
        return [w / sum(weights) for w in weights]
    above = [mp.mpf(1), *(logistic(z) for z in accumulate(row, min)), mp.mpf(0)]
    return [a - b for a, b in pairwise(above)]


@mp.workdps(1000)
def logs(values):
    return [float(mp.log(value)) for value in values]


def cases(link):
    rows = [row[:1] for row in ROWS] + [[-1000.0]] if link == "sigmoid" else ROWS
    return np.array(rows)


@pytest.mark.parametrize("link", ["softmax", "sigmoid", "one_vs_rest", "ordinal"])
def test_probabilities(link):
    outputs = cases(link)
    p = probabilities(outputs, link)
    expected = np.array([[float(v) for v in exact(row, link)] for row in outputs])
    np.testing.assert_allclose(p, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("link", ["softmax", "sigmoid", "one_vs_rest"])
def test_log_probabilities_are_exact_where_probabilities_underflow(link):
    outputs = cases(link)
    expected = np.array([logs(exact(row, link)) for row in outputs])
    np.testing.assert_allclose(log_probabilities(outputs, link), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("read", [probabilities, log_probabilities])
def test_softmax_of_scaled_cosines_and_beside_a_norm(read):
    z = np.random.default_rng(0).normal(size=(5, 4))
    np.testing.assert_allclose(read(z, {"name": "softmax", "scale": 30.0}), read(30 * z, "softmax"), rtol=1e-12)
    np.testing.assert_array_equal(read(z, {"name": "softmax"}), read(z, "softmax"))
    np.testing.assert_array_equal(read(z, "softmax_norm"), read(z[:, :3], "softmax"))


def test_ordinal_log_probabilities():
    outputs = np.array([row for row in ROWS if row[0] > row[1] > row[2]])
    assert len(outputs) == 3
    expected = np.array([logs(exact(row, "ordinal")) for row in outputs])
    np.testing.assert_allclose(log_probabilities(outputs, "ordinal"), expected, rtol=1e-12)


def test_an_ordinal_class_between_equal_thresholds_has_a_finite_log():
    assert probabilities(np.zeros((1, 2)), "ordinal").tolist() == [[0.5, 0.0, 0.5]]
    assert -720 < log_probabilities(np.zeros((1, 2)), "ordinal")[0, 1] < -700


@pytest.mark.parametrize(
    ("link", "values"),
    [
        ("identity", [-2.0, 3.0]),
        ("softplus", [0.12692801104, 3.04858735157]),
        ("exp", [0.13533528324, 20.0855369232]),
    ],
)
def test_predicted_values(link, values):
    outputs = np.array([[-2.0], [3.0]])
    np.testing.assert_allclose(predicted_values(outputs, link)[:, 0], values, rtol=1e-9)
    np.testing.assert_allclose(predicted_values(outputs.T, link), [values], rtol=1e-9)


def test_the_first_of_two_gaussian_outputs_is_the_value():
    assert predicted_values(np.array([[-2.0, 9.0], [3.0, 9.0]]), "gaussian").tolist() == [[-2.0], [3.0]]


def test_a_link_of_the_other_kind_is_refused():
    with pytest.raises(ValueError, match="gives no class probabilities"):
        probabilities(np.zeros((1, 1)), "identity")
    with pytest.raises(ValueError, match="gives no values"):
        predicted_values(np.zeros((1, 2)), "softmax")


def test_labels_are_sigmoids_each_and_are_predicted_above_one_half():
    outputs = np.array(ROWS)
    p = probabilities(outputs, "labels")
    np.testing.assert_allclose(p, [[float(logistic(z)) for z in row] for row in ROWS], rtol=1e-12)
    predicted = links.named("labels").predicted(tf.constant(outputs, tf.float32))
    np.testing.assert_array_equal(predicted, p > 0.5)


def test_sigmoids_are_labels_where_examples_have_many():
    for link in ("sigmoid", "one_vs_rest", {"name": "sigmoid"}, "labels"):
        assert links.for_task(link, "multilabel") == "labels"
    for link in ("softmax", "ordinal", "identity", SCALED):
        assert links.for_task(link, "multilabel") == link
    for task in ("multiclass", "binary", "ordinal", "segmentation", "regression"):
        assert links.for_task("one_vs_rest", task) == "one_vs_rest"


SCALED, TEMPERED = {"name": "softmax", "scale": 30.0}, {"name": "tempered", "t2": 1.2}
EVERY_CLASS_LINK = [SCALED, TEMPERED, *(name for name in links.CLASS_LINKS if name != "tempered")]
ONE_CLASS = [link for link in EVERY_CLASS_LINK if link != "labels"]


@pytest.mark.parametrize("link", ONE_CLASS, ids=str)
@pytest.mark.parametrize("size", [1.0, 30.0])
def test_training_predicts_the_most_probable_class(link, size):
    found = links.named(link)
    z = np.random.default_rng(0).normal(0, size, [2000, found.width(5)]).astype(np.float32)
    log_p = log_probabilities(z, link)
    assert len(set(log_p.argmax(axis=1))) > 1
    for compiled in (False, True):
        predicted = tf.function(found.predicted, jit_compile=compiled, autograph=False)(tf.constant(z)).numpy()
        # Two sigmoids may be 1 to the last digit, and either class the most probable one.
        np.testing.assert_array_equal(log_p[np.arange(2000), predicted], log_p.max(axis=1))


@pytest.mark.parametrize("link", EVERY_CLASS_LINK, ids=str)
def test_probabilities_are_the_exponentials_of_their_logs(link):
    found = links.named(link)
    z = np.random.default_rng(1).normal(0, 3, [50, found.width(4)])
    p = probabilities(z, link)
    assert p.shape == (50, 2 if link == "sigmoid" else 4)
    np.testing.assert_allclose(np.exp(log_probabilities(z, link)), p, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("link", links.VALUE_LINKS)
def test_outputs_at_values_predict_them(link):
    values = np.array([0.01, 1.0, 30.0]) if links.named(link).positive else np.array([-2.0, 0.0, 30.0])
    outputs = links.named(link).at_values(values)
    assert outputs.shape == (3, links.named(link).width(0))
    np.testing.assert_allclose(predicted_values(outputs, link)[:, 0], values, rtol=1e-12)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_loss_has_a_link(option):
    loss = make(option)
    found = links.named(loss.link)
    assert found.name == links.split(loss.link)[0]
    assert found.of_classes == ("regression" not in loss.tasks)
    assert loss.num_outputs(4) == found.width(4)


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("probit", "link='probit' is not known; expected one of .*'softmax'"),
        ({"name": "sigmoid", "scale": 2.0}, "sigmoid takes no parameters"),
        ({"name": "tempered"}, "tempered takes t2"),
    ],
)
def test_a_link_that_is_none_is_refused(link, message):
    with pytest.raises(InputError, match=message):
        links.named(link)


def test_the_names_that_an_adapted_loss_takes_are_those_of_all_links():
    of_classes, of_order, of_values, _ = typing.get_args(Adapted.__annotations__["link"])
    assert (*typing.get_args(of_classes), *typing.get_args(of_order)) == ("auto", *links.CLASS_LINKS)
    assert typing.get_args(of_values) == links.VALUE_LINKS


@pytest.mark.parametrize("option", [name for name in OPTIONS if "segmentation" in make(name).tasks])
def test_pixels_are_given_what_rows_of_their_outputs_are(option):
    link = make(option).link
    rows = np.random.default_rng(0).normal(size=(24, links.named(link).width(5))).astype(np.float32)
    pixels = rows.reshape(2, 3, 4, -1)
    for given in (probabilities, log_probabilities):
        np.testing.assert_allclose(given(pixels, link).reshape(24, 5), given(rows, link), rtol=1e-12)
    predicted = links.named(link).predicted
    np.testing.assert_array_equal(tf.reshape(predicted(tf.constant(pixels)), [-1]), predicted(tf.constant(rows)))
