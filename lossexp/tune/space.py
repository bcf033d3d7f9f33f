"""What a search may change: intervals, choices and ranges among the overrides of a set, as Optuna samples them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from omegaconf import DictConfig, OmegaConf
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from lossexp.base.errors import InputError
from lossexp.config.sweep_settings import is_of_sweep
from lossexp.sweeps.expansion import check, chosen_sets

DIGITS = 6  # of a number in an override, so that commands can be read and typed again


@dataclass(frozen=True)
class Dimension:
    """key: of the override, such as `loss.gamma`. distribution: of the values; of a range, of their places in it.
    texts: the values of a choice or range as overrides say them, empty for an interval.
    """

    key: str
    distribution: BaseDistribution
    texts: tuple[str, ...] = ()

    @classmethod
    def of(cls, override: Override) -> Dimension:
        """Raises InputError for an interval without numbers in it."""
        key, values = override.get_key_element(), override.value()
        if isinstance(values, IntervalSweep):
            kind = FloatDistribution if isinstance(values.start, float) else IntDistribution
            if not (math.isfinite(values.start) and math.isfinite(values.end)):
                raise InputError(f"{override.input_line}: a search needs two numbers to look between.")
            try:
                distribution = kind(values.start, values.end, log="log" in values.tags)
            except ValueError as error:
                raise InputError(f"{override.input_line}: {error} Give another interval.") from None
            return cls(key, distribution)
        texts = tuple(dict.fromkeys(override.sweep_string_iterator()))
        ordered = override.is_range_sweep()
        return cls(key, IntDistribution(0, len(texts) - 1) if ordered else CategoricalDistribution(texts), texts)

    def override(self, value: Any) -> str:
        """What the command line says for a value of the distribution."""
        if self.texts and isinstance(value, int):
            value = self.texts[value]
        return f"{self.key}={f'{value:.{DIGITS}g}' if isinstance(value, float) else value}"

    @property
    def first(self) -> Any:
        """One of the values."""
        return self.texts[0] if isinstance(self.distribution, CategoricalDistribution) else self.distribution.low

    @property
    def size(self) -> float:
        """How many values there are; inf for numbers between two others."""
        if isinstance(self.distribution, FloatDistribution):
            return 1 if self.distribution.single() else math.inf
        return len(self.texts) or self.distribution.high - self.distribution.low + 1

    def place(self, config: DictConfig) -> Any:
        """The value that `config` has, as one of the distribution; None where the search cannot try it."""
        name = self.key.lstrip("+")
        value = config.hydra.runtime.choices.get(name) or OmegaConf.select(config, name)
        if not self.texts:
            low, high = self.distribution.low, self.distribution.high
            return value if isinstance(value, int | float) and low <= value <= high else None
        known = [OverridesParser.create().parse_override(f"{name}={text}").value() for text in self.texts]
        found = known.index(value) if value in known else None
        return found if found is None or isinstance(self.distribution, IntDistribution) else self.texts[found]


@dataclass(frozen=True)
class Space:
    """What one search has. common: overrides that all searches have. own: the loss and those of the set, in both cases
    without dimensions."""

    common: tuple[str, ...]
    own: tuple[str, ...]
    dimensions: tuple[Dimension, ...]

    def chosen(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The set with `values` by key; a dimension without one is left as it is."""
        return (*self.own, *(d.override(values[d.key]) for d in self.dimensions if d.key in values))


def spaces(config: DictConfig, arguments: Sequence[str], loader: ConfigLoader) -> list[Space]:
    """A space for each set, and for each loss in it.

    config, arguments: as `lossexp.sweeps.expansion.expand` takes them.

    Raises InputError for a setting that is given twice, and for several seeds.
    """
    parser = OverridesParser.create(config_loader=loader)
    common = [o for o in parser.parse_overrides(list(arguments)) if not is_of_sweep(o)]
    found = []
    for text, chosen in chosen_sets(config, parser):
        check([*common, *chosen], text)
        given = [*chosen, *common]
        losses = [_losses(o) for o in given if o.key_or_group == "loss"]
        dimensions = tuple(Dimension.of(o) for o in given if o.is_sweep_override() and o.key_or_group != "loss")
        beside, own = _fixed(common), _fixed(chosen)
        found += [Space(beside, (*loss, *own), dimensions) for loss in product(*losses)]
    if config.seeds is not None or any(d.key == "seed" for space in found for d in space.dimensions):
        raise InputError(
            "A search trains with one seed, such as seed=0, and the comparison after it with fresh ones. Give their "
            "number as tune.seeds=5, and leave other seeds out."
        )
    return found


def _losses(override: Override) -> list[str]:
    several = override.sweep_string_iterator() if override.is_sweep_override() else []
    return [f"loss={loss}" for loss in several] or [override.input_line]


def _fixed(overrides: Sequence[Override]) -> tuple[str, ...]:
    """What is no dimension, and not the loss."""
    return tuple(o.input_line for o in overrides if not o.is_sweep_override() and o.key_or_group != "loss")
