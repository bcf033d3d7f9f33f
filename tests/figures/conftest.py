import io

import matplotlib
import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def image():
    """Draws a figure; returns its pixels `[h, w, 4]`."""

    def draw(figure):
        png = io.BytesIO()
        figure.savefig(png, format="png")
        png.seek(0)
        pixels = matplotlib.image.imread(png)
        assert pixels.std() > 0.01
        return pixels

    return draw


@pytest.fixture(autouse=True)
def _settings_stay():
    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before
