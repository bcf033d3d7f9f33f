"""From a composed config to objects: `Job`, `build`, and what they admit."""

from lossexp.config.build import build, float_parameters, prepare
from lossexp.config.callback_paths import confined
from lossexp.config.job import Job
from lossexp.config.targets import check_target, locate
from lossexp.config.values import check_values

__all__ = ["Job", "build", "check_target", "check_values", "confined", "float_parameters", "locate", "prepare"]
