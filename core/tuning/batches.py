"""Which images are in a step, and the two views of each: all by the seed, epoch and step alone.

A training that was killed goes on from its last checkpoint as if it had never stopped, since what
is random in a step depends on nothing that came before it.
"""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from core.encoders.base import Encoder
from core.keys import digest
from core.tuning.request import TuneRequest

#: Fewest images of a step: with fewer there is nothing to be told from.
LEAST = 4
#: How much larger than a view a kept picture is.
ROOM = 1.25


def batches_of(units: np.ndarray, batch: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Return the steps of an epoch: places `(≤ batch,)` in `units`, no two of one unit.

    The first time round, one image of each unit is taken, then a second of those that have one,
    and so on; a rest of fewer than four is left out.

    Parameters
    ----------
    units
        Unit of each image `(n,)`.
    batch
        Most images of a step.
    seed, epoch
        What the order depends on.
    """
    shuffled = np.random.default_rng([seed, 2, epoch]).permutation(len(units))
    order = np.argsort(units[shuffled], kind="stable")
    mine = units[shuffled][order]
    starts = np.flatnonzero(np.r_[True, mine[1:] != mine[:-1]])
    turn = np.empty(len(units), np.int64)
    turn[order] = np.arange(len(units)) - np.repeat(starts, np.diff(np.r_[starts, len(units)]))
    steps: list[np.ndarray] = []
    for time in range(int(turn.max()) + 1):
        layer = shuffled[turn == time]
        parts = max(1, round(len(layer) / batch)) if len(layer) > batch else 1
        parts = max(parts, -(-len(layer) // batch))
        steps += [part for part in np.array_split(layer, parts) if len(part) >= LEAST]
    return steps


def seed_step(seed: int, epoch: int, step: int) -> None:
    """Set every source of chance to what a step has, whichever came before it."""
    import torch

    number = int(digest("tuning-step", seed, epoch, step)[:8], 16)
    random.seed(number)
    np.random.seed(number)  # lightly's blur draws from numpy's own
    torch.manual_seed(number)


def views_of(asked: TuneRequest, encoder: Encoder, size: int) -> Any:
    """Return lightly's transform of a method: a picture to two views `(c, size, size)`.

    Colour changes and crops are milder than the papers', which learn from nothing: here a network
    that knows much is tuned, and colour may be what tells one's images apart.
    """
    from lightly.transforms import (
        BYOLTransform,
        BYOLView1Transform,
        BYOLView2Transform,
        SimCLRTransform,
        VICRegTransform,
    )

    normalize = {"mean": list(encoder.spec.mean), "std": list(encoder.spec.std)}
    common: dict[str, Any] = {
        "input_size": size, "cj_strength": asked.jitter, "min_scale": asked.crop,
        "random_gray_scale": 0.2 * asked.jitter, "gaussian_blur": 0.2, "normalize": normalize,
    }  # fmt: skip
    if asked.method == "simclr":
        return SimCLRTransform(**common)
    if asked.method == "vicreg":
        return VICRegTransform(**common, solarize_prob=0.0)
    return BYOLTransform(BYOLView1Transform(**common), BYOLView2Transform(**common))


def stacked(transform: Any, pictures: Sequence[np.ndarray]) -> tuple[Any, Any]:
    """Return two batches of views `(n, c, size, size)` of pictures uint8 `(h, w, 3)`."""
    import torch

    pairs = [transform(Image.fromarray(one)) for one in pictures]
    first, second = (torch.stack([pair[at] for pair in pairs]) for at in (0, 1))
    return first, second


def kept_small(image: Image.Image, size: int) -> np.ndarray:
    """Return a picture as training keeps it: uint8 `(h, w, 3)`, its shorter side 1.25 views."""
    side = round(ROOM * size)
    scale = side / min(image.size)
    if scale < 1:
        sides = (max(side, round(image.width * scale)), max(side, round(image.height * scale)))
        image = image.resize(sides, Image.Resampling.BICUBIC)
    longest = 3 * side
    if max(image.size) > longest:  # a strip: more than three to one is cut at its ends
        left, top = max(0, image.width - longest) // 2, max(0, image.height - longest) // 2
        image = image.crop((left, top, image.width - left, image.height - top))
    return np.asarray(image.convert("RGB"))
