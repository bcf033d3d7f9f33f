"""Settings that another setting switches off: whoever gives one on the command line expects something of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from lossexp.base.errors import InputError
from lossexp.base.wording import shown


@dataclass(frozen=True)
class Needs:
    """`setting` has an effect only where `works` holds for the value of the setting `other`; advice: such a value."""

    setting: str
    other: str
    works: Callable[[Any], bool]
    advice: str


def on(value: Any) -> bool:
    return value is True


def off(value: Any) -> bool:
    return value is None or value is False


def some(value: Any) -> bool:
    return bool(value)


RULES = (
    Needs("optimizer.ema_momentum", "optimizer.use_ema", on, "true"),
    Needs("optimizer.nesterov", "optimizer.momentum", some, "0.9"),
    Needs("loss.alpha", "loss.apply_class_balancing", on, "true"),  # Keras's binary focal loss
    Needs("loss.beta", "loss.drw", lambda share: share is not None, "0.8"),
    Needs("loss.class_counts", "loss.running", off, "false"),
    Needs("loss.width", "loss.weight", some, "1.0"),
    Needs("dataset.fill", "dataset.missing", lambda rule: rule == "constant", "constant"),
    Needs("dataset.test_fraction", "dataset.splits.test", off, "null"),
    Needs("dataset.validation_fraction", "dataset.splits.val", off, "null"),
    Needs("noise.before_split", "noise.val", on, "true"),
    *(Needs(f"model.{name}", "model.hidden", some, "[64]") for name in ("activation", "dropout", "penalty")),
    Needs("trainer.checkpoint_seconds", "trainer.keep_checkpoints", some, "2"),
    *(
        Needs(f"trainer.{name}", "trainer._target_", lambda target: "keras_trainer" not in str(target), "default")
        for name in ("keep_checkpoints", "checkpoint_seconds")
    ),
)


def check_idle(config: DictConfig, given: Iterable[str]) -> None:
    """Raises InputError for the first of the `given` settings, such as `loss.alpha`, that has no effect in `config`.

    What is null or false asks for nothing, so it may stand.
    """
    given = list(given)
    for rule in RULES:
        value, other = (OmegaConf.select(config, key, default="???") for key in (rule.setting, rule.other))
        if rule.setting in given and "???" not in (value, other) and not off(value) and not rule.works(other):
            now, advice = f"{rule.other}={shown(other)}", f"{rule.other}={rule.advice}"
            if rule.other.endswith("._target_"):
                now, advice = "this option", f"{rule.other.split('.')[0]}={rule.advice}"
            raise InputError(
                f"{rule.setting}={shown(value)} has no effect with {now}. Set {advice}, or leave {rule.setting} out."
            )
