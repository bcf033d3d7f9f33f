"""Names that every store accepts, MLflow's keys being the narrowest."""

from __future__ import annotations

import re

LONGEST = 250


def legal_name(name: str) -> str:
    """`name` with what MLflow refuses in a key replaced by `_`; `/` stays as the group separator.

    Allowed are letters, digits and `_ - . space /`, without empty, `.` or `..` parts, 250 characters.
    """
    parts = [legal_part(part) for part in str(name).split("/")]
    return "/".join(part for part in parts if part)[:LONGEST].rstrip("/") or "_"


def legal_part(part: str) -> str:
    """One part of a name: as `legal_name`, and without `/` (`T-shirt/top` becomes `T-shirt_top`)."""
    legal = re.sub(r"[^\w.\- ]", "_", str(part)).strip()
    return "_" * len(legal) if set(legal) == {"."} else legal
