"""Bi-tempered loss: its limit, its link, its smoothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from lossexp import losses
from lossexp.base import links
from tests.losses.four_classes import close, logits, quickly, values


@quickly
@given(z=logits, t1=st.floats(0, 0.99))
def test_bi_tempered_without_heavy_tails_is_generalised_cross_entropy_and_a_sum_of_powers(z, t1):
    p = special.softmax(np.float64(z))
    expected = values(losses.GCE(q=1 - t1), z) + ((p ** (2 - t1)).sum() - 1) / (2 - t1)
    close(values(losses.BiTempered(t1=t1, t2=1), z), expected, 1e-4, 1e-6)


@pytest.mark.parametrize(("t2", "num_classes"), [(0.5, 3), (1.01, 10), (1.5, 1000), (2.0, 1000), (4.0, 10)])
def test_the_tempered_link_agrees_with_the_loss(t2, num_classes):
    z = np.random.default_rng(0).normal(0, 10, [50, num_classes]).astype(np.float32)
    p = links.probabilities(z, {"name": "tempered", "t2": t2})
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    labels = np.arange(50) % num_classes
    p_y = p[np.arange(50), labels]
    expected = (1 - p_y**0.5) / 0.5 + ((p**1.5).sum(axis=1) - 1) / 1.5
    value = losses.BiTempered(t1=0.5, t2=t2).call(labels, z)
    np.testing.assert_allclose(value, expected, 1e-5, 1e-9)
    assert losses.BiTempered(t1=0.5, t2=t2).link == {"name": "tempered", "t2": t2}
    assert losses.BiTempered(t2=1).link == "softmax"


@quickly
@given(z=logits)
def test_bi_tempered_at_one_is_the_divergence_from_a_soft_label(z):
    soft = np.float32([[0.8, 0.1, 0.1, 0.0]])
    expected = special.rel_entr(np.float64(soft), special.softmax(np.float64(z))).sum()
    for loss in (losses.BiTempered(t1=1, t2=1), losses.KLDivergence()):
        close(values(loss, z, soft), expected, 2e-5, 1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_bi_tempered_has_no_jump_at_one(smoothing):
    z, soft = np.zeros([1, 3]), np.float32([[0.8, 0.1, 0.1]])
    at_one = losses.BiTempered(t1=1, t2=1, label_smoothing=smoothing).call(soft, z)
    near = losses.BiTempered(t1=1 - 1e-5, t2=1 + 1e-5, label_smoothing=smoothing).call(soft, z)
    close(at_one, near, 1e-4)
    if not smoothing:
        close(at_one, 0.459580, 1e-5)


def test_bi_tempered_smooths_labels_by_its_own_rule():
    z = [0.5, -1.0, 2.0, 0.25]
    smooth = np.float32(np.eye(4) * (1 - 4 / 3 * 0.3) + 0.3 / 3)
    close(values(losses.BiTempered(label_smoothing=0.3), z), values(losses.BiTempered(), z, smooth))
    with pytest.raises(ValueError, match=r"label_smoothing=0\.8"):
        values(losses.BiTempered(label_smoothing=0.8), z)
