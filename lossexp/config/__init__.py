"""From a composed config to objects: `build` and what it admits."""

from lossexp.config.build import build, float_parameters, prepare
from lossexp.config.targets import locate

__all__ = ["build", "float_parameters", "locate", "prepare"]
