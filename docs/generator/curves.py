"""The pictures of docs/losses.md."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from lossexp.base.errors import InputError
from lossexp.curves.command import compose_variants
from lossexp.curves.draw import picture
from lossexp.losses import Loss

FOLDER = Path(__file__).parents[2] / "docs" / "images" / "losses"
DOTS_PER_INCH = 100
COLOURS = 48  # of a picture; keeps a hundred of them below two megabytes


def draw_overrides(overrides: str, name: str) -> Path:
    """The picture that `python -m lossexp.curves` draws for the overrides."""
    return _save(overrides.split(), name, by_probability=True)


def draw_option(option: str, loss: Loss, settings: str) -> Path | None:
    """The option's curve beside the baseline of its kind; None where it has no curve."""
    baseline = "mse" if "regression" in loss.tasks else "ce"
    names = baseline if option == baseline else f"{baseline},{option}"
    try:
        return _save([f"loss={names}", *settings.split()], option, by_probability=False)
    except InputError:
        return None


def keep_only(drawn: set[Path]) -> None:
    """Removes pictures of losses that are gone."""
    for path in set(FOLDER.iterdir()) - drawn:
        path.unlink()


def _save(overrides: list[str], name: str, by_probability: bool) -> Path:
    figure = picture(compose_variants(overrides), title="", by_probability=by_probability)
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=DOTS_PER_INCH)
    path = FOLDER / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(drawn).convert("RGB").quantize(COLOURS).save(path, optimize=True)
    return path
