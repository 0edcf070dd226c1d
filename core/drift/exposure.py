"""Is it only exposure? Brightness and sharpness of pictures, and the change that makes them equal.

A gain and a blur are found with which the median picture of one set is as bright and as fine as
that of the other. If the difference goes when they are applied, it was one of exposure.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from core.drift.kernel import mmd_test
from core.drift.result import DriftTest
from core.drift.units import sides_of

#: Longest side that pictures are measured at, and pictures that a change is tried on.
SIDE, TRIED = 256, 40
#: Limits of the gain, the widest blur as a share of the shorter side, and steps of a search.
GAINS, WIDEST, STEPS = (0.1, 10.0), 0.1, 14
#: A smaller change than these is none: share of brightness, share of fineness.
BRIGHT, FINE = 0.03, 0.05
#: Of a difference that is exposure less than this part remains.
GONE = 0.25


@dataclass(frozen=True, slots=True)
class Match:
    """The change that makes two sets equally bright and fine.

    Attributes
    ----------
    gain
        What values of the first set's pictures are multiplied by; 1 is no change.
    blur
        Standard deviation of the blur as a share of the picture's shorter side; 0 is none.
    blurred
        Which set is blurred: 1 the first, 2 the second.
    brightness, fineness
        Medians of both sets as they are.
    """

    gain: float
    blur: float
    blurred: int
    brightness: tuple[float, float]
    fineness: tuple[float, float]

    @property
    def nothing(self) -> bool:
        """Whether both sets are as bright and as fine already."""
        return self.gain == 1.0 and self.blur == 0.0


@dataclass(frozen=True, slots=True)
class Remaining:
    """How much of a difference is left once exposure is matched.

    Attributes
    ----------
    before, after
        The kernel test of the same pictures as they are, and matched.
    share
        Part of the MMD² that is left, 0 at least.
    gone
        Whether it is exposure: the difference was sure, is not any more, and less than a quarter
        of it is left.
    """

    before: DriftTest
    after: DriftTest
    share: float
    gone: bool


def small(image: Image.Image) -> Image.Image:
    """Return a picture at the size that brightness and fineness are measured at, RGB."""
    ratio = SIDE / max(image.size)
    size = max(1, round(image.width * ratio)), max(1, round(image.height * ratio))
    return image.convert("RGB").resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def brightness(image: Image.Image) -> float:
    """Return the mean grey of a picture, 0 to 1."""
    return float(np.asarray(image.convert("L"), np.float64).mean() / 255)


def fineness(image: Image.Image) -> float:
    """Return how fine a picture is drawn: the step from pixel to pixel over the spread of greys.

    Root mean squares of both, so that brightness and contrast play no part; √2 for noise.
    """
    grey = np.asarray(image.convert("L"), np.float64)
    spread = grey.std()
    steps = [np.diff(grey, axis=axis).ravel() for axis in (0, 1)]
    both = np.concatenate(steps)
    if spread == 0 or not len(both):
        return 0.0
    return float(np.sqrt((both**2).mean()) / spread)


def gained(image: Image.Image, gain: float) -> Image.Image:
    """Return a picture with all values multiplied; what exceeds 255 is 255."""
    if gain == 1.0:
        return image
    values = [min(255, round(value * gain)) for value in range(256)]
    return image.point(values * len(image.getbands()))


def softened(image: Image.Image, blur: float) -> Image.Image:
    """Return a picture blurred by a share of its shorter side."""
    if blur == 0.0:
        return image
    return image.filter(ImageFilter.GaussianBlur(blur * min(image.size)))


def matching(first: Sequence[Image.Image], second: Sequence[Image.Image]) -> Match:
    """Return the gain and the blur that make two sets of pictures alike.

    Parameters
    ----------
    first, second
        Pictures as `small` returns them, one at least of each.
    """
    bright = tuple(_median(images, brightness) for images in (first, second))
    fine = tuple(_median(images, fineness) for images in (first, second))
    found = Match(1.0, 0.0, 1, (bright[0], bright[1]), (fine[0], fine[1]))
    if abs(bright[1] - bright[0]) > BRIGHT * max(bright):
        tried = list(first[:TRIED])
        low, high = np.log(GAINS[0]), np.log(GAINS[1])
        wanted = _median(tried, brightness) * bright[1] / max(bright[0], 1e-6)
        for _ in range(STEPS):
            middle = (low + high) / 2
            gain = float(np.exp(middle))
            now = _median([gained(image, gain) for image in tried], brightness)
            low, high = (middle, high) if now < wanted else (low, middle)
        found = replace(found, gain=float(np.exp((low + high) / 2)))
    if abs(fine[1] - fine[0]) > FINE * max(fine):
        which = 1 if fine[0] > fine[1] else 2
        finer = first if which == 1 else second
        tried = [gained(image, found.gain if which == 1 else 1.0) for image in finer[:TRIED]]
        wanted = _median(tried, fineness) * min(fine) / max(fine)
        blur = _blur(tried, wanted)
        found = replace(found, blur=blur, blurred=which)
    return found


def _blur(tried: Sequence[Image.Image], wanted: float) -> float:
    low, high = 0.0, WIDEST
    for _ in range(STEPS):
        middle = (low + high) / 2
        now = _median([softened(image, middle) for image in tried], fineness)
        low, high = (middle, high) if now > wanted else (low, middle)
    return (low + high) / 2


def _median(images: Sequence[Image.Image], measure: Callable[[Image.Image], float]) -> float:
    return float(np.median([measure(image) for image in images]))


def remaining(
    as_is: tuple[np.ndarray, np.ndarray],
    matched: tuple[np.ndarray, np.ndarray],
    *,
    permutations: int = 999,
    seed: int = 0,
) -> Remaining:
    """Return how much of a difference is left once exposure is matched.

    Parameters
    ----------
    as_is, matched
        Points of the same pictures of both sets `(n, d)`, `(m, d)`, one of a unit.
    """
    before, after = (
        mmd_test(
            np.concatenate(pair), sides_of(np.repeat([False, True], [len(one) for one in pair])),
            permutations=permutations, seed=seed,
        )
        for pair in (as_is, matched)
    )  # fmt: skip
    if before.p is None or after.p is None or not before.effect or before.effect <= 0:
        return Remaining(before, after, 1.0, False)
    share = max(0.0, float(after.effect or 0.0)) / before.effect
    return Remaining(before, after, share, before.p < 0.05 <= after.p and share < GONE)
