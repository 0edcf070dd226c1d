"""Changes of a picture that do not change what it shows: what distances should not see.

How far each moves a picture's vector, against how far pictures of one kind lie apart, tells
whether an encoder measures the animal or the way it was photographed. Every change is
deterministic.
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from core.imaging.decode import Picture
from core.imaging.perturb import TRANSFORMS, Transform

#: Degrees of a turn, factor of a gain.
TURN, GAIN = 5.0, 0.8


@dataclass(frozen=True, slots=True)
class Nuisance:
    """What is said of one change.

    Attributes
    ----------
    title
        For a person, to follow "A change": "mirrored left to right".
    decides
        Whether distances that see it are no measure of form at all; the others are a matter of
        what is asked: left and right may differ, darkness may be a trait.
    """

    title: str
    decides: bool


#: Every change by its name, in the order of the card.
NUISANCES: dict[str, Nuisance] = {
    "shift": Nuisance("shifted by one pixel", True),
    "gain": Nuisance("darker by a fifth", False),
    "jpeg": Nuisance("saved as JPEG of quality 60", True),
    "crop": Nuisance("cropped by 2 % on each side", True),
    "rotate": Nuisance("turned by 5°", True),
    "flip": Nuisance("mirrored left to right", False),
    "background": Nuisance("put on the ground of another picture", False),
}


def changes(sign: int, step: int) -> dict[str, Transform]:
    """Return the changes of a picture by name, all but that of the ground.

    Parameters
    ----------
    sign
        1 or -1: which way the picture is turned and shifted.
    step
        Pixels by which it is shifted, see `shift_of`.
    """
    return {
        "shift": Transform("shift", "", lambda image: _shifted(image, sign * step), moves=True),
        "gain": Transform("gain", "", _darker),
        "jpeg": TRANSFORMS["jpeg60"],
        "crop": TRANSFORMS["crop2"],
        "rotate": Transform("rotate", "", lambda image: _turned(image, sign * TURN), moves=True),
        "flip": TRANSFORMS["mirrored"],
    }


def shift_of(width: int, seen: int | None) -> int:
    """Return how many pixels of a picture are one pixel of what an encoder sees; at least 1.

    Parameters
    ----------
    width
        Of the picture, in pixels.
    seen
        Width of the encoder's input; None where it takes a picture as it is.
    """
    return 1 if not seen else max(1, round(width / seen))


def _shifted(image: Image.Image, step: int) -> Image.Image:
    """Move to the right (left below 0); the column at the edge is repeated."""
    values = np.asarray(image)
    columns = np.clip(np.arange(image.width) - step, 0, image.width - 1)
    return Image.fromarray(np.ascontiguousarray(values[:, columns]))


def _darker(image: Image.Image) -> Image.Image:
    values = [round(value * GAIN) for value in range(256)]
    return image.point(values * len(image.getbands()))


def _turned(image: Image.Image, degrees: float) -> Image.Image:
    """Turn about the middle at the same scale; what lies beyond the edges is mirrored at them.

    Corners of one colour would be a change of their own.
    """
    values = np.asarray(image)
    margin = int(np.ceil(max(image.size) * np.sin(np.radians(abs(degrees))) / 2)) + 2
    padded = Image.fromarray(np.pad(values, ((margin, margin), (margin, margin), (0, 0)),
                                    mode="symmetric"))  # fmt: skip
    turned = padded.rotate(degrees, Image.Resampling.BICUBIC)
    return turned.crop((margin, margin, margin + image.width, margin + image.height))


def on_ground(picture: Picture, ground: Image.Image) -> Picture:
    """Return a picture whose masked-out part shows a ground instead of mid-grey.

    Raises
    ------
    ValueError
        Nothing of it is masked out.
    """
    if picture.alpha is None:
        raise ValueError("the picture has no mask")
    whole = ground.convert("RGB").resize(picture.image.size, Image.Resampling.BILINEAR)
    image = Image.composite(picture.image.convert("RGB"), whole, picture.alpha)
    return replace(picture, image=image, alpha=None)


def ground_of(whole: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return what lies around an object: the picture, its colours drawn in over the object.

    Parameters
    ----------
    whole
        The picture without its mask, RGB.
    alpha
        "L", what is the object; stretched to the picture where its size differs.
    """
    edge = 2 * max(1, round(max(whole.size) / 100)) + 1  # what a mask leaves of its object
    inside = alpha.resize(whole.size, Image.Resampling.NEAREST).filter(ImageFilter.MaxFilter(edge))
    around = np.asarray(inside) == 0
    values = np.asarray(whole.convert("RGB"), np.float32)
    return Image.fromarray(np.clip(np.rint(_drawn_in(values, around)), 0, 255).astype(np.uint8))


def _drawn_in(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return values `(h, w, 3)` float32, unknown ones as those around them at ever coarser scales.

    So an object leaves no outline. Push and pull of Gortler et al. (1996),
    doi:10.1145/237170.237200.
    """
    if known.all():
        return values
    height, width = known.shape
    if not known.any() or max(height, width) <= 2:
        middle = values[known].mean(axis=0) if known.any() else np.float32(128)
        return np.where(known[..., None], values, middle).astype(np.float32)
    size = ((width + 1) // 2, (height + 1) // 2)
    weight = known.astype(np.float32)
    share = _scaled(weight, size, Image.Resampling.BOX)
    sums = [_scaled(values[..., c] * weight, size, Image.Resampling.BOX) for c in range(3)]
    half = np.stack(sums, axis=-1) / np.maximum(share, 1e-6)[..., None]
    coarse = _drawn_in(half, share > 1e-6)
    whole = [_scaled(coarse[..., c], (width, height), Image.Resampling.BILINEAR) for c in range(3)]
    return np.where(known[..., None], values, np.stack(whole, axis=-1))


def _scaled(plane: np.ndarray, size: tuple[int, int], how: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize(size, how))
