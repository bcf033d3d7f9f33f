"""Every public name of the room, all registered as Keras serializables."""

from lossexp.losses.active_passive import NCEMAE, NCERCE, NFLRCE
from lossexp.losses.adaptive_focal import FLSD53, DualFocal
from lossexp.losses.asymmetric import ASL, ASLSingle
from lossexp.losses.backward import BackwardCorrection
from lossexp.losses.barron import Barron, Tukey
from lossexp.losses.batch_calibration import MDCA, MMCE
from lossexp.losses.bi_tempered import BiTempered
from lossexp.losses.binary_overlap import BinaryDice, BinaryTversky
from lossexp.losses.bootstrap import BootHard, BootSoft
from lossexp.losses.bounded import GCE, MAEProb, Taylor
from lossexp.losses.brier import Brier
from lossexp.losses.class_balanced import CBCrossEntropy, CBFocal, CBSigmoid
from lossexp.losses.confidence import ConfidencePenalty, MaxSup
from lossexp.losses.cosine import CosineSimilarity
from lossexp.losses.cross_entropy import BinaryCrossEntropy, CrossEntropy, KLDivergence
from lossexp.losses.deviance import GammaDeviance, Poisson, Tweedie
from lossexp.losses.distances import MAE, MAPE, MSE, MSLE, SMAPE, LogCosh
from lossexp.losses.distribution_balanced import DBLoss
from lossexp.losses.equalization import EQL
from lossexp.losses.focal import BinaryFocal, Focal
from lossexp.losses.forward import Forward
from lossexp.losses.gaussian import CRPS, GaussianNLL
from lossexp.losses.gradient_ratio import EQLv2, EqualizedFocal
from lossexp.losses.hinge import CategoricalHinge, CrammerSinger, Hinge, SquaredHinge
from lossexp.losses.influence_balanced import InfluenceBalanced
from lossexp.losses.jensen_shannon import JS
from lossexp.losses.keras_losses import Adapted, as_loss
from lossexp.losses.ldam import LDAM
from lossexp.losses.logit_adjustment import VS, BalancedSoftmax, LogitAdjusted
from lossexp.losses.logit_norm import LogitNorm
from lossexp.losses.loss import Loss
from lossexp.losses.lovasz import LovaszHinge, LovaszSoftmax
from lossexp.losses.margin_softmax import ArcFace, CosFace
from lossexp.losses.multilabel import ZLPR, TwoWay
from lossexp.losses.normalized import NCE, NFL
from lossexp.losses.ordinal import CORAL, CORN
from lossexp.losses.overlap import Dice, FocalTversky, Tversky
from lossexp.losses.piecewise import EpsilonInsensitive, Huber, SmoothL1, Wing
from lossexp.losses.pinball import Expectile, Quantile
from lossexp.losses.polynomial import Poly1, Poly1Focal
from lossexp.losses.seesaw import Seesaw
from lossexp.losses.squared_emd import SquaredEMD
from lossexp.losses.symmetric import RCE, SCE

__all__ = [
    "ASL",
    "CORAL",
    "CORN",
    "CRPS",
    "EQL",
    "FLSD53",
    "GCE",
    "JS",
    "LDAM",
    "MAE",
    "MAPE",
    "MDCA",
    "MMCE",
    "MSE",
    "MSLE",
    "NCE",
    "NCEMAE",
    "NCERCE",
    "NFL",
    "NFLRCE",
    "RCE",
    "SCE",
    "SMAPE",
    "VS",
    "ZLPR",
    "ASLSingle",
    "Adapted",
    "ArcFace",
    "BackwardCorrection",
    "BalancedSoftmax",
    "Barron",
    "BiTempered",
    "BinaryCrossEntropy",
    "BinaryDice",
    "BinaryFocal",
    "BinaryTversky",
    "BootHard",
    "BootSoft",
    "Brier",
    "CBCrossEntropy",
    "CBFocal",
    "CBSigmoid",
    "CategoricalHinge",
    "ConfidencePenalty",
    "CosFace",
    "CosineSimilarity",
    "CrammerSinger",
    "CrossEntropy",
    "DBLoss",
    "Dice",
    "DualFocal",
    "EQLv2",
    "EpsilonInsensitive",
    "EqualizedFocal",
    "Expectile",
    "Focal",
    "FocalTversky",
    "Forward",
    "GammaDeviance",
    "GaussianNLL",
    "Hinge",
    "Huber",
    "InfluenceBalanced",
    "KLDivergence",
    "LogCosh",
    "LogitAdjusted",
    "LogitNorm",
    "Loss",
    "LovaszHinge",
    "LovaszSoftmax",
    "MAEProb",
    "MaxSup",
    "Poisson",
    "Poly1",
    "Poly1Focal",
    "Quantile",
    "Seesaw",
    "SmoothL1",
    "SquaredEMD",
    "SquaredHinge",
    "Taylor",
    "Tukey",
    "Tversky",
    "Tweedie",
    "TwoWay",
    "Wing",
    "as_loss",
]
