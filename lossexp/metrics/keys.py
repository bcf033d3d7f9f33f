"""Keys of metrics that there are several of, one for each class, label or output."""

from __future__ import annotations

from collections.abc import Sequence

from lossexp.base.names import legal_part


def keys(metric: str, names: Sequence[str]) -> list[str]:
    """The key `<metric>/<name>` of each; names are made legal, and unique by a number where two are equal."""
    found: list[str] = []
    for number, name in enumerate(names):
        key = f"{metric}/{legal_part(name) or number}"
        found.append(f"{key}_{number}" if key in found else key)
    return found
