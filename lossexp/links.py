"""Links: how a model's raw outputs become probabilities or predicted values.

NumPy only, so that reports can score saved outputs without TensorFlow. A link is a name and, for a
few, parameters: ``"softmax"`` or ``{"name": "tempered", "t2": 1.2}``. A loss declares its link; models
never apply it.
"""

from __future__ import annotations

import numpy as np
from scipy import special

CLASS_LINKS = ("softmax", "sigmoid", "ordinal")
VALUE_LINKS = ("identity", "softplus", "exp", "gaussian")


def probabilities(outputs: np.ndarray, link: str) -> np.ndarray:
    """Class probabilities `[n, K]` (float64, rows sum to 1) from raw outputs.

    `softmax`: `[n, K]` logits. `sigmoid`: `[n, 1]` logits of the positive class. `ordinal`: `[n, K-1]`
    logits of "label > k" (Cao et al. 2020), made monotone before differences are taken.
    """
    z = np.asarray(outputs, np.float64)
    if link == "softmax":
        return special.softmax(z, axis=-1)
    if link == "sigmoid":
        p = special.expit(z.reshape(len(z), -1)[:, :1])
        return np.concatenate([special.expit(-z.reshape(len(z), -1)[:, :1]), p], axis=1)
    if link == "ordinal":
        above = np.minimum.accumulate(special.expit(z), axis=1)
        edges = np.concatenate([np.ones((len(z), 1)), above, np.zeros((len(z), 1))], axis=1)
        return edges[:, :-1] - edges[:, 1:]
    raise ValueError(f"link={link!r} gives no class probabilities; expected one of {CLASS_LINKS}")


def predicted_values(outputs: np.ndarray, link: str) -> np.ndarray:
    """Predicted values `[n]` (float64) from raw outputs `[n, 1]` (`gaussian`: `[n, 2]`, mean first)."""
    z = np.asarray(outputs, np.float64).reshape(len(outputs), -1)[:, 0]
    if link in ("identity", "gaussian"):
        return z
    if link == "softplus":
        return np.logaddexp(0.0, z)
    if link == "exp":
        return np.exp(z)
    raise ValueError(f"link={link!r} gives no values; expected one of {VALUE_LINKS}")
