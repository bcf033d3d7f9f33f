"""Links: how a model's raw outputs become probabilities or predicted values.

NumPy only, so that reports can score saved outputs without TensorFlow. A link is a name and, for a
few, parameters: ``"softmax"`` or ``{"name": "tempered", "t2": 1.2}``. A loss declares its link; models
never apply it.
"""

from __future__ import annotations

import numpy as np
from scipy import special

CLASS_LINKS = ("softmax", "softmax_norm", "tempered", "sigmoid", "one_vs_rest", "ordinal", "conditional")
VALUE_LINKS = ("identity", "softplus", "exp", "gaussian")
SMALLEST = np.finfo(np.float64).tiny


def split(link: str | dict) -> tuple[str, dict]:
    """A link's name and its parameters."""
    if isinstance(link, str):
        return link, {}
    return link["name"], {key: value for key, value in link.items() if key != "name"}


def probabilities(outputs: np.ndarray, link: str | dict) -> np.ndarray:
    """Class probabilities `[n, K]` (float64, rows sum to 1) from raw outputs.

    `softmax`: `[n, K]` logits, times its parameter `scale` (for cosines; 1 if not given).
    `softmax_norm`: the same with one more column, a norm for the loss alone. `sigmoid`: `[n, 1]` logits of
    the positive class. `one_vs_rest`: `[n, K]` logits of "is class k"; the sigmoids are scaled to
    sum to 1. `ordinal`: `[n, K-1]` logits of "label > k" (Cao et al. 2020), made monotone before differences
    are taken. `conditional`: `[n, K-1]` logits of "label > k, given that it is at least k" (Shi et al. 2021).
    `tempered`: `[n, K]` logits of the softmax with temperature `t2` (Amid et al. 2019).
    """
    z = np.asarray(outputs, np.float64)
    link, parameters = split(link)
    if link == "softmax_norm":
        return special.softmax(z[:, :-1], axis=-1)
    if link == "softmax":
        return special.softmax(z * parameters.get("scale", 1.0), axis=-1)
    if link == "one_vs_rest":
        return special.softmax(special.log_expit(z), axis=-1)
    if link == "sigmoid":
        p = special.expit(z.reshape(len(z), -1)[:, :1])
        return np.concatenate([special.expit(-z.reshape(len(z), -1)[:, :1]), p], axis=1)
    if link in ("tempered", "conditional"):
        return np.exp(log_probabilities(z, {"name": link, **parameters}))
    if link == "ordinal":
        above = np.minimum.accumulate(special.expit(z), axis=1)
        edges = np.concatenate([np.ones((len(z), 1)), above, np.zeros((len(z), 1))], axis=1)
        return edges[:, :-1] - edges[:, 1:]
    raise ValueError(f"link={link!r} gives no class probabilities; expected one of {CLASS_LINKS}")


def log_probabilities(outputs: np.ndarray, link: str | dict) -> np.ndarray:
    """Log class probabilities `[n, K]` (float64), exact where the probabilities themselves underflow to 0.

    An ordinal class between two equal thresholds has probability 0; its log is floored at -708 (the
    smallest normal number), so that averages stay finite, as it is for links without a log form here.
    """
    z = np.asarray(outputs, np.float64)
    name, parameters = split(link)
    if name == "softmax":
        return special.log_softmax(z * parameters.get("scale", 1.0), axis=-1)
    if name == "softmax_norm":
        return special.log_softmax(z[:, :-1], axis=-1)
    if name == "one_vs_rest":
        return special.log_softmax(special.log_expit(z), axis=-1)
    if name == "sigmoid":
        z = z.reshape(len(z), -1)[:, :1]
        return np.concatenate([special.log_expit(-z), special.log_expit(z)], axis=1)
    if name == "ordinal":
        return _log_ordinal(z)
    if name == "conditional":
        return _log_conditional(z)
    if name == "tempered":
        return np.maximum(_log_tempered(z, **parameters), np.log(SMALLEST))
    return np.log(np.maximum(probabilities(outputs, link), SMALLEST))


def _log_ordinal(z: np.ndarray) -> np.ndarray:
    # s(a) - s(b) = s(a) s(-b) (1 - exp(b - a)) for the logistic function s and a >= b
    edge = np.full((len(z), 1), np.inf)
    edges = np.concatenate([edge, np.minimum.accumulate(z, axis=1), -edge], axis=1)
    above, below = edges[:, :-1], edges[:, 1:]
    between = np.maximum(-np.expm1(below - above), SMALLEST)
    return special.log_expit(above) + special.log_expit(-below) + np.log(between)


def _log_conditional(z: np.ndarray) -> np.ndarray:
    zero = np.zeros((len(z), 1))
    reached = np.concatenate([zero, np.cumsum(special.log_expit(z), axis=1)], axis=1)
    return reached + np.concatenate([special.log_expit(-z), zero], axis=1)


def _log_tempered(z: np.ndarray, t2: float) -> np.ndarray:
    """`log p`, p_k = [1 + (1 - t2)(z_k - L)]_+^(1 / (1 - t2)) with the L that makes p sum to 1."""
    if t2 == 1.0:
        return special.log_softmax(z, axis=-1)
    z = z - z.max(axis=-1, keepdims=True)
    level = np.zeros((len(z), 1))
    with np.errstate(divide="ignore"):
        for _ in range(20):  # Newton on (sum p)^(1 - t2) = 1, nearly linear in L: five steps are enough
            log_p = np.log1p(np.maximum((1.0 - t2) * (z - level), -1.0)) / (1.0 - t2)
            total = special.logsumexp(log_p, axis=-1, keepdims=True)
            slope = special.logsumexp(t2 * log_p, axis=-1, keepdims=True)
            level += np.expm1((1.0 - t2) * total) / (1.0 - t2) * np.exp(t2 * total - slope)
        return np.log1p(np.maximum((1.0 - t2) * (z - level), -1.0)) / (1.0 - t2)


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
