"""What the tests of models share."""

import keras
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _float32():
    """Leaves Keras with its default precision, whatever a test chose."""
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).random((16, 8, 8, 1), np.float32)
