"""From composed configs to a picture of their losses, in a file and with the tracker."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from lossexp.base.errors import InputError
from lossexp.config.job import Job
from lossexp.curves import profile
from lossexp.curves.figure import SCALES, loss_figure
from lossexp.curves.profile import Profile
from lossexp.curves.variant import Variant, named
from lossexp.losses.base.loss import Loss
from lossexp.losses.keras.adapted import as_loss
from lossexp.tracking.provenance import provenance
from lossexp.tracking.tracker import Tracker

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")


def draw(variants: Sequence[Variant], title: str) -> None:
    """Draws one curve for each variant into `output`, and logs the file where a tracker is on."""
    job = variants[0].job
    output = Path(job["output"])
    if output.suffix not in FORMATS:
        raise InputError(f"output={output}: the name should end in {', '.join(FORMATS)}.")
    tracker: Tracker = job.build("tracking")
    figure = picture(variants, title)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output)
    print(f"{output}: {len(variants)} {'curve' if len(variants) == 1 else 'curves'}")
    with tempfile.TemporaryDirectory() as folder, tracker:
        tracker.open(
            run_name="loss curves",
            run_dir=Path(folder),
            tags={**provenance(job.trusted), "kind": "loss curves"},
        )
        tracker.params({"drawn": title})
        tracker.artifact(output)
    if tracker.where():
        print(tracker.where())


def picture(variants: Sequence[Variant], title: str, by_probability: bool = True) -> Figure:
    """The figure of all variants; title, by_probability: see `loss_figure`."""
    job = variants[0].job
    for variant in variants:
        _check_settings(variant.job)
    curves = named(variants)
    losses = {name: as_loss(v.job.build("loss")) for name, v in curves.items()}
    _check_axis(losses)
    limits = _limits(job["range"], losses.values())
    profiles = {name: profiles_of(name, losses[name], v.job, limits) for name, v in curves.items()}
    settings = list(variants[0].varied)
    one_setting = len(settings) == 1 and len({v.loss for v in variants}) == 1
    return loss_figure(
        profiles,
        title=title,
        note=_note(variants[0], losses.values()),
        legend=settings[0].removeprefix("loss.") if one_setting else None,
        labels=_labels(variants[0], losses.values()),
        ordered=one_setting and all(_is_number(name) for name in profiles),
        scale=job["scale"],
        by_probability=by_probability,
    )


def profiles_of(name: str, loss: Loss, job: Job, limits: tuple[float, float]) -> list[Profile]:
    """The loss's profile; in classification those of the first and the last class where they differ."""
    try:
        profiles = list(_profiles(loss, job, limits))
    except (ValueError, tf.errors.OpError) as error:
        raise (error if isinstance(error, InputError) else InputError(f"{name} cannot be drawn: {error}")) from error
    if not any(np.isfinite(p.value).any() for p in profiles):
        raise InputError(f"{name} has no values for {limits[0]:g} to {limits[1]:g}.")
    if not any(np.nanmax(np.abs(p.slope)) > 0.0 for p in profiles):
        raise InputError(f"{name} has no curve: it gives one example alone no gradient on this axis.")
    values = [p.value for p in profiles]
    same = np.allclose(values[0], values[-1], rtol=1e-3, atol=1e-6, equal_nan=True)
    return profiles[:1] if same else profiles


def _profiles(loss: Loss, job: Job, limits: tuple[float, float]) -> Iterator[Profile]:
    if profile.is_regression(loss):
        errors = np.linspace(*limits, profile.POINTS)
        yield profile.error_profile(loss, errors, float(job["target"]), job["progress"])
        return
    counts = job["class_counts"]
    if "multiclass" not in loss.tasks:
        counts = [counts[0], counts[-1]]
    loss.adapt(counts)
    margins = profile.margins(*limits)
    for label in (0, len(counts) - 1):
        yield profile.margin_profile(loss, margins, label, len(counts), job["progress"])


def _check_settings(job: Job) -> None:
    counts, target, progress = job["class_counts"], job["target"], job["progress"]
    whole = isinstance(counts, list) and all(type(n) is int and n >= 0 for n in counts)
    expected = {
        "scale": (job["scale"] in SCALES, f"one of {', '.join(SCALES)}"),
        "class_counts": (whole and len(counts) > 1, "a whole number for each of two classes or more"),
        "target": (isinstance(target, int | float), "a number"),
        "progress": (isinstance(progress, int | float) and 0 <= progress <= 1, "in [0, 1]"),
    }
    for name, (good, what) in expected.items():
        if not good:
            raise InputError(f"{name}={job[name]}: expected {what}.")


def _check_axis(losses: Mapping[str, Loss]) -> None:
    errors = [name for name, loss in losses.items() if profile.is_regression(loss)]
    margins = [name for name in losses if name not in errors]
    if errors and margins:
        raise InputError(
            f"{', '.join(errors)} can be drawn against an error, {', '.join(margins)} against a margin: "
            "draw them on two figures."
        )


def _limits(given: Any, losses: Collection[Loss]) -> tuple[float, float]:
    """Of the horizontal axis: as given, or wide enough for every loss."""
    if given is None:
        lows, highs = zip(*(profile.default_limits(loss) for loss in losses))
        return min(lows), max(highs)
    if not isinstance(given, list) or len(given) != 2 or not given[0] < given[1]:
        raise InputError(f"range={given}: expected two numbers, low and high, such as range=[-5,5].")
    return float(given[0]), float(given[1])


def _note(variant: Variant, losses: Collection[Loss]) -> str:
    """What the horizontal axis is measured from."""
    if any(profile.is_regression(loss) for loss in losses):
        return "" if "target" in variant.varied else f"target {variant.job['target']:g}"
    num_classes = len(variant.job["class_counts"])
    if num_classes == 2:
        return "two classes; the true one's logit minus the other's"
    return f"{num_classes} classes; the true one's logit minus log-sum-exp of the others"


def _labels(variant: Variant, losses: Collection[Loss]) -> list[str]:
    """What solid and dashed lines stand for."""
    counts = variant.job["class_counts"]
    counted = any(loss.needs_counts for loss in losses) and "class_counts" not in variant.varied
    return [f"class {k}, {counts[k]} examples" if counted else f"class {k}" for k in (0, len(counts) - 1)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
