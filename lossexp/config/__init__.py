"""From a composed config to objects: `build` and what it admits."""

from lossexp.config.build import build, float_parameters, prepare
from lossexp.config.paths import confined
from lossexp.config.targets import check_target, locate
from lossexp.config.values import check_values

__all__ = ["build", "check_target", "check_values", "confined", "float_parameters", "locate", "prepare"]
