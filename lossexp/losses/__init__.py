"""Losses: every one a `keras.losses.Loss` on raw outputs; the contract is `loss.Loss`."""

from lossexp.losses.barron import Barron, Tukey
from lossexp.losses.cosine import CosineSimilarity
from lossexp.losses.deviance import GammaDeviance, Poisson, Tweedie
from lossexp.losses.distances import MAE, MAPE, MSE, MSLE, SMAPE, LogCosh
from lossexp.losses.focal import BinaryFocal, Focal
from lossexp.losses.gaussian import CRPS, GaussianNLL
from lossexp.losses.loss import Loss
from lossexp.losses.piecewise import EpsilonInsensitive, Huber, SmoothL1, Wing
from lossexp.losses.pinball import Expectile, Quantile

__all__ = [
    "CRPS",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "SMAPE",
    "Barron",
    "BinaryFocal",
    "CosineSimilarity",
    "EpsilonInsensitive",
    "Expectile",
    "Focal",
    "GammaDeviance",
    "GaussianNLL",
    "Huber",
    "LogCosh",
    "Loss",
    "Poisson",
    "Quantile",
    "SmoothL1",
    "Tukey",
    "Tweedie",
    "Wing",
]
