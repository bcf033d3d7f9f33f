"""The datasets that scikit-learn brings along: small, real, and never downloaded."""

from __future__ import annotations

import numpy as np
from sklearn import datasets

from lossexp.base.checks import Between, Count, FromZero, settings
from lossexp.datasets.assemble import assemble
from lossexp.datasets.dataset import Dataset, Split


@settings("dataset")
def digits(
    seed: FromZero = 0,
    validation_fraction: Between = 0.1,
    test_fraction: Between = 0.2,
    limit: Count | None = None,
) -> Dataset:
    """1797 images of handwritten digits, `[8, 8, 1]` in [0, 1], in ten classes."""
    data = datasets.load_digits()
    return assemble(
        "digits",
        "multiclass",
        Split((data.images[..., np.newaxis] / 16).astype(np.float32), data.target),
        class_names=tuple(str(name) for name in data.target_names),
        seed=seed,
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
        limit=limit,
    )


@settings("dataset")
def breast_cancer(
    seed: FromZero = 0,
    validation_fraction: Between = 0.1,
    test_fraction: Between = 0.2,
    limit: Count | None = None,
) -> Dataset:
    """569 tumours with 30 standardised features; class 0 is malignant, class 1 benign."""
    data = datasets.load_breast_cancer()
    return assemble(
        "breast_cancer",
        "binary",
        Split(data.data, data.target),
        class_names=tuple(str(name) for name in data.target_names),
        seed=seed,
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
        limit=limit,
    )


@settings("dataset")
def linnerud(
    seed: FromZero = 0,
    validation_fraction: Between = 0.2,
    test_fraction: Between = 0.2,
    limit: Count | None = None,
) -> Dataset:
    """20 men in a fitness club: weight, waist and pulse from three exercises; only to try several outputs with."""
    data = datasets.load_linnerud()
    return assemble(
        "linnerud",
        "regression",
        Split(data.data, data.target),
        class_names=tuple(name.lower() for name in data.target_names),
        seed=seed,
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
        limit=limit,
    )


@settings("dataset")
def diabetes(
    seed: FromZero = 0,
    validation_fraction: Between = 0.1,
    test_fraction: Between = 0.2,
    limit: Count | None = None,
) -> Dataset:
    """442 patients with 10 standardised features; the target is disease progression, positive."""
    data = datasets.load_diabetes()
    return assemble(
        "diabetes",
        "regression",
        Split(data.data, data.target),
        seed=seed,
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
        limit=limit,
    )
