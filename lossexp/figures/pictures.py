"""Many small pictures on one axes, which takes a tenth of the time of an axes each."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

SHOWN_FOR_RANGE = 80


def show(axes: Axes, image: np.ndarray, left: float, top: float, **how: object) -> None:
    """Draws an image `[H, W]` in [0, 1] or `[H, W, 3 or 4]` one unit wide, with this corner; y grows downwards."""
    tall = image.shape[0] / image.shape[1]
    place = (left, left + 1, top + tall, top)
    axes.imshow(image, extent=place, cmap="gray", vmin=0, vmax=1, interpolation="nearest", **how)


def value_range(x: np.ndarray) -> tuple[float, float]:
    """The least and the largest value of the first pictures `[n, H, W, ...]`."""
    shown = np.asarray(x[:SHOWN_FOR_RANGE], np.float64)
    return float(np.nanmin(shown)), float(np.nanmax(shown))


def pixels(image: np.ndarray, low: float, high: float) -> np.ndarray:
    """One picture, scaled from [low, high] to [0, 1], with one or three channels."""
    image = (np.asarray(image, np.float64) - low) / ((high - low) or 1.0)
    if image.ndim == 3 and image.shape[-1] != 3:
        image = image[..., 0]
    return np.clip(np.nan_to_num(image), 0, 1)


def without_frame(axes: Axes) -> None:
    """Leaves the labels of the ticks, and nothing else around the axes."""
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set_visible(False)
