"""Pictures of several handwritten digits: which digits appear, or whose ink each pixel is."""

from __future__ import annotations

from typing import Literal

import numpy as np
from sklearn import datasets

from lossexp.base.checks import BelowOne, Between, Count, FromZero, settings
from lossexp.base.seeds import derive
from lossexp.datasets.assemble import assemble
from lossexp.datasets.dataset import Dataset, Split
from lossexp.datasets.splitting import cut

SIDE = 8  # pixels of a digit, and of a cell
SHIFT = 3  # how far a digit may lie from its cell, so that neighbours overlap
BACKGROUND = 10


@settings("dataset")
def digits_mosaic(
    task: Literal["multilabel", "segmentation"] = "multilabel",
    grid: Literal[2, 3] = 2,
    examples: Count = 4000,
    empty: BelowOne = 0.25,
    seed: FromZero = 0,
    validation_fraction: Between = 0.1,
    test_fraction: Between = 0.2,
    limit: Count | None = None,
) -> Dataset:
    """scikit-learn's digits, scattered over pictures of `grid` x `grid` cells, `[8 grid, 8 grid, 1]` uint8.

    Digits lie up to three pixels beside their cell, and where two overlap, the brighter ink is seen. The 1797 digits
    are split first, so that none appears in two splits.

    task: multilabel, labels `[n, 10]`, whether each digit appears; or segmentation, `[n, 8 grid, 8 grid]`, the digit
    whose ink a pixel is, 10 where there is none. examples: pictures in all; each split gets its fraction of them.
    empty: the probability that a cell has no digit, in [0, 1).
    """
    digits = datasets.load_digits()
    rest, test = cut(digits.target, test_fraction, seed, "test", stratify=True)
    train, val = (rest[part] for part in cut(digits.target[rest], validation_fraction, seed, "validation", True))
    counts = {"test": round(examples * test_fraction)}
    counts["val"] = round((examples - counts["test"]) * validation_fraction)
    counts["train"] = examples - counts["test"] - counts["val"]
    ink = np.round(digits.images * (255 / 16)).astype(np.uint8)
    splits = {}
    for name, chosen in {"train": train, "val": val, "test": test}.items():
        random = np.random.RandomState(derive(seed, f"mosaic/{name}"))  # its numbers never change with NumPy's version
        pictures, appears, owner = mosaics(ink[chosen], digits.target[chosen], counts[name], grid, empty, random)
        splits[name] = Split(pictures, appears if task == "multilabel" else owner)
    names = tuple(map(str, range(10)))
    return assemble(
        "digits_mosaic",
        task,
        splits["train"],
        val=splits["val"],
        test=splits["test"],
        class_names=names if task == "multilabel" else (*names, "background"),
        seed=seed,
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
        limit=limit,
        inputs="image",
    )


def mosaics(
    ink: np.ndarray, digits: np.ndarray, n: int, grid: int, empty: float, random: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures `[n, H, W, 1]` uint8, which digits appear `[n, 10]`, and whose ink is where `[n, H, W]`, both int32.

    ink: `[m, 8, 8]` uint8, the digits to draw from, with replacement. digits: `[m]`, which they are.
    """
    height = SIDE * grid
    pictures = np.zeros([n, height, height], np.uint8)
    appears = np.zeros([n, 10], np.int32)
    owner = np.full([n, height, height], BACKGROUND, np.int32)
    everyone, offsets = np.arange(n), np.arange(SIDE)
    for cell in np.ndindex(grid, grid):
        chosen, filled = random.randint(len(ink), size=n), random.uniform(size=n) >= empty
        corner = SIDE * np.array(cell) + random.randint(-SHIFT, SHIFT + 1, size=[n, 2])
        rows, columns = np.clip(corner, 0, height - SIDE).T[:, :, np.newaxis] + offsets
        place = everyone[:, np.newaxis, np.newaxis], rows[:, :, np.newaxis], columns[:, np.newaxis, :]
        seen = (ink[chosen] > pictures[place]) & filled[:, np.newaxis, np.newaxis]
        pictures[place] = np.where(seen, ink[chosen], pictures[place])
        owner[place] = np.where(seen, digits[chosen][:, np.newaxis, np.newaxis], owner[place])
        appears[everyone[filled], digits[chosen[filled]]] = 1
    return pictures[..., np.newaxis], appears, owner
