"""Losses: every one a `keras.losses.Loss` on raw outputs; the contract is `loss.Loss`."""

from lossexp.losses.barron import Barron, Tukey
from lossexp.losses.cosine import CosineSimilarity
from lossexp.losses.cross_entropy import BinaryCrossEntropy, CrossEntropy, KLDivergence
from lossexp.losses.deviance import GammaDeviance, Poisson, Tweedie
from lossexp.losses.distances import MAE, MAPE, MSE, MSLE, SMAPE, LogCosh
from lossexp.losses.focal import BinaryFocal, Focal
from lossexp.losses.gaussian import CRPS, GaussianNLL
from lossexp.losses.keras_losses import Adapted, as_loss
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
    "Adapted",
    "Barron",
    "BinaryCrossEntropy",
    "BinaryFocal",
    "CosineSimilarity",
    "CrossEntropy",
    "EpsilonInsensitive",
    "Expectile",
    "Focal",
    "GammaDeviance",
    "GaussianNLL",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "Poisson",
    "Quantile",
    "SmoothL1",
    "Tukey",
    "Tweedie",
    "Wing",
    "as_loss",
]
