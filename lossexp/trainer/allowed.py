"""What a setting may be, and the error where it is something else."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lossexp.errors import InputError


@dataclass(frozen=True)
class Allowed:
    """The values that a setting may have: `said` completes "give ..."."""

    said: str
    holds: Callable[[Any], bool]

    def check(self, setting: str, value: Any, or_null: bool = False) -> None:
        """Raises InputError that names `setting`, its value and what to give; or_null: where null is allowed too."""
        if self.holds(value) or (value is None and or_null):
            return
        shown = "null" if value is None else value
        raise InputError(f"{setting}={shown}: give {self.said}{', or null for none' if or_null else ''}.")


def is_number(value: Any) -> bool:
    """Whether it is a finite number, and not a switch, which Python counts as one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def whole(least: int, said: str | None = None) -> Allowed:
    """Whole numbers of at least `least`."""
    return Allowed(
        said or f"a whole number of at least {least}",
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= least,
    )


BELOW_ONE = Allowed("a number from 0 up to but below 1", lambda v: is_number(v) and 0 <= v < 1)
BETWEEN = Allowed("a number between 0 and 1", lambda v: is_number(v) and 0 < v < 1)
SHARE = Allowed("a number from 0 to 1", lambda v: is_number(v) and 0 <= v <= 1)
SHARE_ABOVE_ZERO = Allowed("a number above 0 and up to 1", lambda v: is_number(v) and 0 < v <= 1)
FROM_ZERO = Allowed("a number from 0 up", lambda v: is_number(v) and v >= 0)
ABOVE_ZERO = Allowed("a number above 0", lambda v: is_number(v) and v > 0)
SWITCH = Allowed("true or false", lambda v: isinstance(v, bool))
