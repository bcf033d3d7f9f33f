"""Losses of one score a class: symmetry, and what they are where they have been published."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from lossexp import losses
from tests.losses.four_classes import ONE_HOT, close, gradients, logits, quickly, values

SYMMETRIC = [(losses.Unhinged(), 2), (losses.Sigmoid(), 1), (losses.Sigmoid(beta=3), 1), (losses.Ramp(), 2)]
PATRINI = {  # of y z, y being 1 or 0, as their code has it
    "Unhinged": lambda u: 1 - u,
    "Sigmoid": lambda u: special.expit(-u),
    "Ramp": lambda u: np.minimum(1, np.maximum(0, 1 - u)),
    "Savage": lambda u: 1 / np.square(1 + np.exp(2 * u)),
}
MADE_SO = {"Ramp": {"bound": 1}, "Savage": {"scores": "probabilities"}}


@quickly
@given(z=logits)
def test_values_of_all_labels_sum_to_a_constant(z):
    for loss, constant in SYMMETRIC:
        close(values(loss, z).sum(), constant, 1e-5)
        close(gradients(loss, z).sum(0), np.zeros(4), floor=1e-6)


def test_neither_savage_nor_other_weights_of_negatives_are_symmetric():
    for loss in (losses.Savage(), losses.Sigmoid(negatives=1), losses.Sigmoid(negatives=0), losses.Ramp(bound=1)):
        assert abs(values(loss, [0.5, -1, 2, 0.25]).sum() - values(loss, [3, -1, 2, 0.25]).sum()) > 0.01


@quickly
@given(z=logits)
def test_with_negatives_1_a_label_and_its_complement_sum_to_a_constant(z):
    for loss, constant in ((losses.Unhinged, 2), (losses.Sigmoid, 1), (losses.Ramp, 2)):
        loss = loss(negatives=1)
        close(values(loss, z, ONE_HOT) + values(loss, z, 1 - ONE_HOT), constant, 1e-4)


@quickly
@given(z=logits, name=st.sampled_from(sorted(PATRINI)))
def test_without_negatives_they_are_what_patrini_et_al_computed_but_for_a_constant(z, name):
    loss = getattr(losses, name)(negatives=0, **MADE_SO.get(name, {}))
    phi, z64 = PATRINI[name], np.float64(np.float32(z))
    published = phi(ONE_HOT * (special.softmax(z64) if name == "Savage" else z64)).mean(-1)
    close(values(loss, z) + phi(0.0) * 3 / 4, published, 1e-5, 1e-6)


def test_savage_is_the_squared_error_of_sigmoids():
    z = [0.5, -1.0, 2.0, 0.25]
    close(values(losses.Savage(negatives=1), z), ((special.expit(2 * np.array(z)) - ONE_HOT) ** 2).mean(-1))


def test_steep_sigmoids_count_errors():
    close(values(losses.Sigmoid(beta=1e4, negatives=1), [0.5, -1.0, 2.0, -0.25]), [0.25, 0.75, 0.25, 0.75])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: losses.Unhinged(negatives=-1), "negatives=-1"),
        (lambda: losses.Sigmoid(beta=0), "beta=0"),
        (lambda: losses.Ramp(bound=0), "bound=0"),
        (lambda: losses.Savage(scores="logit"), "scores=logit: give logits or probabilities"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
