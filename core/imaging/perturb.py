"""Small changes that a picture goes through and stays the same picture.

Five of them teach how far copies lie from their originals (`core.quality.threshold`); the others
plant copies in benchmarks and tests. Every change is deterministic.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace

from PIL import Image, ImageFilter

from core.imaging.decode import Picture
from core.imaging.modes import flatten


@dataclass(frozen=True, slots=True)
class Transform:
    """One change.

    Attributes
    ----------
    name, title
        As a key, and for a person.
    change
        RGB in, RGB out.
    moves
        Whether pixels move, so that what is transparent moves with them.
    """

    name: str
    title: str
    change: Callable[[Image.Image], Image.Image]
    moves: bool = False

    def __call__(self, image: Image.Image) -> Image.Image:
        """Return the changed picture, RGB."""
        return self.change(image.convert("RGB"))

    def of(self, picture: Picture) -> Picture:
        """Return a decoded picture changed, what is transparent with it."""
        image, alpha = self(picture.image), picture.alpha
        if alpha is not None:
            alpha = self.change(alpha.convert("RGB")).convert("L") if self.moves else alpha
            image = flatten(image, alpha)
        return replace(picture, image=image, alpha=alpha, width=image.width, height=image.height)


def _jpeg(quality: int) -> Callable[[Image.Image], Image.Image]:
    """Write as JPEG and read again."""

    def change(image: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        with Image.open(buffer) as again:
            return again.convert("RGB")

    return change


def _resize(factor: float) -> Callable[[Image.Image], Image.Image]:
    """Scale both sides, as programs that make pictures smaller do."""

    def change(image: Image.Image) -> Image.Image:
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        return image.resize(size, Image.Resampling.LANCZOS)

    return change


def _gain(factor: float) -> Callable[[Image.Image], Image.Image]:
    """Multiply all values; what exceeds 255 is 255."""
    values = [min(255, round(value * factor)) for value in range(256)]
    return lambda image: image.point(values * len(image.getbands()))


def _crop(share: float) -> Callable[[Image.Image], Image.Image]:
    """Cut a share of each side off at either end, to parts of a pixel where it is small."""

    def change(image: Image.Image) -> Image.Image:
        x, y = image.width * share, image.height * share
        box = (x, y, image.width - x, image.height - y)
        size = (max(1, round(image.width - 2 * x)), max(1, round(image.height - 2 * y)))
        if size == image.size:  # less than a pixel: the picture is shown a little larger
            return image.resize(size, Image.Resampling.BILINEAR, box=box)
        left, top = round(x), round(y)
        return image.crop((left, top, left + size[0], top + size[1]))

    return change


def _transposed(method: Image.Transpose) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.transpose(method)


def _blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(max(0.5, min(image.size) / 200)))


_ALL = (
    Transform("jpeg60", "JPEG 60", _jpeg(60)),
    Transform("half", "resize ½", _resize(0.5), moves=True),
    Transform("gain_up", "gain +10 %", _gain(1.1)),
    Transform("gain_down", "gain −10 %", _gain(0.9)),
    Transform("crop2", "crop 2 %", _crop(0.02), moves=True),
    Transform("crop5", "crop 5 %", _crop(0.05), moves=True),
    Transform("brighter", "brighter by 30 %", _gain(1.3)),
    Transform("darker", "darker by 30 %", _gain(0.7)),
    Transform("blurred", "blurred a little", _blurred),
    Transform("grey", "without colour", lambda image: image.convert("L").convert("RGB")),
    Transform("mirrored", "mirrored", _transposed(Image.Transpose.FLIP_LEFT_RIGHT), moves=True),
    Transform("turned", "turned by a quarter", _transposed(Image.Transpose.ROTATE_90), moves=True),
)

#: Every change by its name.
TRANSFORMS: dict[str, Transform] = {transform.name: transform for transform in _ALL}
#: Those from which a set's threshold for near-duplicates is learned.
LEARNED = ("jpeg60", "half", "gain_up", "gain_down", "crop2")
