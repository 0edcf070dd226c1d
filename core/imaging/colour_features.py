"""Colour of a picture in numbers that have names: supplementary variables for an ordination.

A picture is reduced so that its longer side is at most 192 px and taken to CIELAB (D65, 2°
observer); of pixels with a mask only those wholly inside it count. In CIELAB equal distances look
about equally different; L* runs from 0 (black) to 100 (white), a* from green to red, b* from blue
to yellow, and chroma C* = √(a*² + b*²) is 0 for grey.

============== ===================================================================================
lightness      mean L*
contrast       standard deviation of L*
chroma         mean C*
red_green      mean a*: above 0 reddish, below greenish
yellow_blue    mean b*: above 0 yellowish, below bluish
hue_cos        Σ a* / Σ C*: mean hue weighted by chroma, along red (1) to green (−1)
hue_sin        Σ b* / Σ C*: the same along yellow (1) to blue (−1)
colour_spread  √(var a* + var b*): how many colours there are
dark           share of pixels with L* below 25
pale           share of pixels with L* above 75
============== ===================================================================================

Hue is an angle, so its mean is that of its vectors; both are near 0 where hues cancel out. Values
are those of the files: without a colour chart they are of the photographs, not of the animals.
"""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from core.imaging.decode import Picture

#: Raised when other values are measured, or the same otherwise.
VERSION = 1
SIDE = 192
DARK, PALE = 25.0, 75.0
#: Chroma (mean) below which a picture has no hue: what rounding to 8 bits makes of grey.
GREY = 0.5
FEATURES: dict[str, str] = {
    "lightness": "Lightness (mean L*)",
    "contrast": "Contrast of lightness (s.d. of L*)",
    "chroma": "Chroma (mean C*)",
    "red_green": "Red to green (mean a*)",
    "yellow_blue": "Yellow to blue (mean b*)",
    "hue_cos": "Hue, red to green",
    "hue_sin": "Hue, yellow to blue",
    "colour_spread": "Spread of colours",
    "dark": "Share of dark pixels",
    "pale": "Share of pale pixels",
}


def colour_features(picture: "Picture") -> np.ndarray:
    """Return the features of a decoded picture, float64 `(10,)` in the order of `FEATURES`.

    NaN all over where nothing of it shows; hues are NaN where there is no colour.
    """
    from skimage.color import rgb2lab

    image, inside = _reduced(picture.image, picture.alpha)
    if not inside.any():
        return np.full(len(FEATURES), np.nan)
    light, a, b = rgb2lab(np.asarray(image)).astype(np.float64)[inside].T
    chroma = np.hypot(a, b)
    total = chroma.sum()
    has_hue = chroma.mean() > GREY
    return np.array([
        light.mean(), light.std(), chroma.mean(), a.mean(), b.mean(),
        a.sum() / total if has_hue else np.nan, b.sum() / total if has_hue else np.nan,
        np.sqrt(a.var() + b.var()), (light < DARK).mean(), (light > PALE).mean(),
    ])  # fmt: skip


def _reduced(image: Image.Image, alpha: Image.Image | None) -> tuple[Image.Image, np.ndarray]:
    """Return the picture made small, and which pixels `(h, w)` lie wholly inside its mask.

    What is reduced at the border of a mask is mixed with the ground and is left out, unless the
    object is so thin that nothing else is left.
    """
    factor = min(1.0, SIDE / max(image.size))
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    small = image.convert("RGB").resize(size, Image.Resampling.BOX)
    if alpha is None:
        return small, np.ones((size[1], size[0]), bool)
    shown = np.asarray(alpha.resize(size, Image.Resampling.BOX))
    inside = shown == 255
    return small, inside if inside.any() else shown >= 128
