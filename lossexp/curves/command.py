"""`python -m lossexp.curves`: Hydra composes one config a curve, `draw` draws them all on one figure.

Nothing here imports TensorFlow before there is something to draw.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from lossexp.base.errors import InputError
from lossexp.base.screen import show_error
from lossexp.config.command_line import granted
from lossexp.config.job import Job
from lossexp.config.messages import INPUT_ERRORS, explain, explained
from lossexp.config.shipped import config_folder
from lossexp.config.top_level import check_option
from lossexp.curves.variant import Variant

# Beside the loss and its settings, these may have several values: a curve each.
SWEPT = ("class_counts", "target", "progress")

EXAMPLES = """\
  python -m lossexp.curves loss=ce,focal,gce                      several losses on one figure
  python -m lossexp.curves loss=focal loss.gamma=0,0.5,1,2,5      one loss over a range of a parameter
  python -m lossexp.curves loss=focal,poly1_focal loss.gamma=1,2  every combination
  python -m lossexp.curves loss=gce 'loss.q=range(0.1,1,0.3)'     any sweep of Hydra's grammar
  python -m lossexp.curves loss=mse,huber,tukey range=[-8,8]      regression: against the error
  python -m lossexp.curves loss=ce,ldam class_counts=[5000,50]    a frequent and a rare (dashed) class
  python -m lossexp.curves loss=maxsup progress=0,0.5,1           a schedule: start, middle and end
  python -m lossexp.curves loss=focal output=focal.svg scale=log
  python -m lossexp.curves loss=focal tracking=mlflow             also logs the picture to MLflow"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry of `python -m lossexp.curves`. arguments: overrides and flags; None takes the command line's."""
    given = parser().parse_intermixed_args(arguments)
    try:
        variants = compose_variants(given.overrides, given.config_dir)
        if given.cfg:
            print("---\n".join(OmegaConf.to_yaml(variant.job.config) for variant in variants), end="")
            return
        _draw(variants, title(given.overrides))
    except Exception as error:
        if not explained(error, within=_draw):
            raise
        show_error(explain(error))
        sys.exit(1)


def _draw(variants: list[Variant], shown: str) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

    from lossexp.curves.draw import draw

    draw(variants, shown)


def parser() -> argparse.ArgumentParser:
    names = sorted(path.stem for path in (Path(config_folder()) / "loss").glob("*.yaml"))
    settings = (Path(config_folder()) / "drawing.yaml").read_text().partition("  - _self_\n")[2].strip()
    listed = textwrap.fill(", ".join(names), 110, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    result = argparse.ArgumentParser(
        prog="python -m lossexp.curves",
        usage="%(prog)s [--config-dir DIR] [--cfg job] [loss=OPTION,...] [SETTING=VALUE,...]",
        description="Draws losses and the size of their gradients against margin and probability, or\n"
        "against the error in regression. Overrides are Hydra's; several values give a curve each.",
        epilog=f"examples:\n{EXAMPLES}\n\nsettings, beside those of the loss (see --cfg job):\n"
        f"{textwrap.indent(settings, '  ')}\n\nlosses (docs/losses.md explains them):\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("overrides", nargs="*", help="Hydra overrides: GROUP=OPTION or SETTING=VALUE")
    result.add_argument("--config-dir", "-cd", metavar="DIR", help="a folder with options of yours, DIR/loss/mine.yaml")
    result.add_argument("--cfg", choices=["job"], help="print the composed config of each curve instead of drawing")
    result.add_argument("--multirun", "-m", action="store_true", help="as for lossexp; not needed here")
    return result


def compose_variants(overrides: Sequence[str], config_dir: str | None = None) -> list[Variant]:
    """A config for every combination of the values that the overrides name.

    config_dir: a folder with further options. Raises one of INPUT_ERRORS for what does not fit.
    """
    if config_dir and not Path(config_dir).is_dir():
        raise InputError(f"--config-dir={config_dir} is not a folder.")
    search = [f"hydra.searchpath=['file://{Path(config_dir).resolve()}']"] if config_dir else []
    with initialize_config_dir(config_folder(), job_name="lossexp", version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        parsed = OverridesParser.create(config_loader=loader).parse_overrides(list(overrides))
        settings = [o.get_key_element() for o in parsed if o.is_sweep_override() and o.key_or_group != "loss"]
        combinations = list(itertools.product(*(_alternatives(override) for override in parsed)))
        variants = []
        for combination in combinations:
            try:
                variants.append(_variant(list(combination), settings, search))
            except INPUT_ERRORS as error:
                if len(combinations) == 1:
                    raise
                raise InputError(f"{' '.join(combination)}: {explain(error)}") from None
        return variants


def _variant(overrides: list[str], settings: Sequence[str], search: list[str]) -> Variant:
    """settings: keys of the overrides that other variants have otherwise."""
    composed = compose("drawing", overrides=[*overrides, *search], return_hydra_config=True)
    config = OmegaConf.masked_copy(composed, [key for key in composed if key != "hydra"])
    values = dict(text.split("=", 1) for text in overrides if "=" in text)
    varied = {key.lstrip("+"): values[key] for key in settings}
    trusted = granted("trusted_packages", config, composed.hydra)
    check_option("loss", config, composed.hydra)
    return Variant(Job(config, choices={"loss": composed.hydra.runtime.choices.loss}, trusted=trusted), varied)


def _alternatives(override: Override) -> list[str]:
    """The override once for each of its values."""
    if not override.is_sweep_override():
        return [override.input_line]
    key = override.get_key_element()
    if override.key_or_group.split(".")[0] != "loss" and key not in SWEPT:
        raise InputError(
            f"{override.input_line}: only the loss, its settings, {', '.join(SWEPT)} may have several values."
        )
    if not override.is_discrete_sweep():
        raise InputError(
            f"{override.input_line}: an interval has no values to draw; list some, or range(start,stop,step)."
        )
    values = list(override.sweep_string_iterator())
    if not values:
        raise InputError(f"{override.input_line}: nothing matches.")
    return [f"{key}={value}" for value in values]


def title(overrides: Sequence[str]) -> str:
    """The overrides that make the curves what they are, as they were typed."""
    kept = [text for text in overrides if text.lstrip("+~").startswith(("loss=", "loss.", *SWEPT))]
    return textwrap.shorten(" ".join(kept or ["loss=ce"]), 95, placeholder=" ...")
