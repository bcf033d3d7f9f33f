"""From a composed config to objects: `build` and what it admits."""

from lossexp.config.build import build, float_parameters, prepare
from lossexp.config.targets import locate
from lossexp.config.values import check_values

__all__ = ["build", "check_values", "float_parameters", "locate", "prepare"]
