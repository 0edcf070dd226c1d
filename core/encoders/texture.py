"""The `colour-texture` encoder: a documented hand-made descriptor of 211 numbers.

A picture whose shorter side is above 160 px is first shrunk to it (never enlarged). Then, in this
order, five blocks, none of which can dominate, since none has a length above 1:

========== ===== ==========================================================================
block      dims  contents
========== ===== ==========================================================================
moments        9 mean, standard deviation and cube root of the third central moment of each
                 of L, a, b (CIE Lab, D65): (L - 50) / 50, a / 110, b / 110; spreads and skews
                 by 50 and 55; each clipped to [-1, 1] and divided by 3
colours       80 histogram of L (16 bins over 0..100) and joint histogram of a, b (8 x 8 bins
                 over -64..64, what is beyond counts as the border); linear soft assignment
patterns      54 histograms of uniform rotation-invariant local binary patterns of L with
                 (P, R) = (8, 1), (16, 2), (24, 3): 10 + 18 + 26 bins
gradients     60 histograms of edge orientation (12 bins over 180 degrees, weighted by the
                 Sobel magnitude of L) of the whole picture and of its four quadrants
cooccurrence   8 contrast, homogeneity, energy and correlation of the grey-level co-occurrence
                 matrix of L in 32 levels, mean of four directions, at 1 px and at 4 px
========== ===== ==========================================================================

Histograms are normalised to sum 1 and square-rooted, so that the dot product of two is their
Bhattacharyya coefficient, and divided by the root of their number in the block. An alpha mask
weights moments, colours, patterns and gradients; the co-occurrence block sees the picture as it is
composited. Sources: Stricker & Orengo 1995 (colour moments, doi:10.1117/12.205308); Ojala et al.
2002 (local binary patterns, doi:10.1109/TPAMI.2002.1017623); Dalal & Triggs 2005 (orientation
histograms, doi:10.1109/CVPR.2005.177); Haralick et al. 1973 (co-occurrence,
doi:10.1109/TSMC.1973.4309314).
"""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.encoders.base import AT_LEAST, EncoderName, check_options
from core.model import EncoderSpec

if TYPE_CHECKING:
    from core.imaging.decode import Picture

#: Shorter side that pictures are shrunk to.
SIDE = 160

#: Name and length of each block, in the order of the vector.
BLOCKS = (("moments", 9), ("colours", 80), ("patterns", 54), ("gradients", 60), ("cooccurrence", 8))

DIMS = sum(length for _, length in BLOCKS)

_PATTERNS = ((8, 1), (16, 2), (24, 3))


def block(name: str) -> slice:
    """Return where the block `name` lies in the vector."""
    start = 0
    for title, length in BLOCKS:
        if title == name:
            return slice(start, start + length)
        start += length
    raise KeyError(name)


def describe(name: EncoderName) -> EncoderSpec:
    """Return the spec of `colour-texture`, which takes no options."""
    check_options(name, ())
    return EncoderSpec(
        name=name.text,
        weights_digest="",
        model_type="hand-made",
        dims=DIMS,
        crop_mode="none",
        interpolation="box",
        metric=True,
        good_for="colour and surface: textures, materials, stains, scenes of one kind; no weights",
        extra={"encoder": "colour-texture", "version": 1, "side": SIDE},
    )


class ColourTextureEncoder:
    """Pictures to statistics of their colours and local texture; see the module for the layout."""

    concurrent = True

    def __init__(self, name: EncoderName):
        self.spec = describe(name)
        self.at_least = max(2 * SIDE, AT_LEAST)

    def prepare(self, picture: "Picture") -> np.ndarray:
        """Return the picture's descriptor, float32 `(211,)`."""
        from skimage.color import rgb2lab

        image, weights = _shrink(picture.image, picture.alpha)
        lab = rgb2lab(np.asarray(image)).astype(np.float64)
        grey = np.clip(np.rint(lab[..., 0] * 2.55), 0, 255).astype(np.uint8)
        blocks = (
            _moments(lab, weights),
            _colours(lab, weights),
            _patterns(grey, weights),
            _gradients(lab[..., 0], weights),
            _cooccurrence(grey),
        )
        return np.concatenate(blocks).astype(np.float32)

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Return the descriptors `(n, 211)` as they are."""
        return np.asarray(inputs, dtype=np.float32)


def _shrink(image: Image.Image, alpha: Image.Image | None) -> tuple[Image.Image, np.ndarray]:
    """Return the picture with its shorter side at most `SIDE`, and pixel weights `(h, w)`."""
    shorter = min(image.size)
    if shorter > SIDE:
        size = tuple(max(SIDE, round(length * SIDE / shorter)) for length in image.size)
        image = image.resize((size[0], size[1]), Image.Resampling.BOX)
        if alpha is not None:
            alpha = alpha.resize((size[0], size[1]), Image.Resampling.BOX)
    weights = np.ones((image.height, image.width))
    if alpha is not None:
        weights = np.asarray(alpha, dtype=np.float64) / 255
        if not weights.any():  # nothing is opaque: the mask says nothing
            weights = np.ones_like(weights)
    return image, weights


def _root(histogram: np.ndarray, parts: int) -> np.ndarray:
    """Return a histogram normalised, square-rooted, and scaled as one of `parts` in a block."""
    total = histogram.sum()
    return np.sqrt(histogram / (total * parts)) if total > 0 else np.zeros_like(histogram)


def _moments(lab: np.ndarray, weights: np.ndarray) -> np.ndarray:
    flat = lab.reshape(-1, 3)
    share = weights.reshape(-1, 1) / weights.sum()
    mean = (flat * share).sum(axis=0)
    centred = flat - mean
    spread = np.sqrt((centred**2 * share).sum(axis=0))
    skew = np.cbrt((centred**3 * share).sum(axis=0))
    scaled = [
        (mean - [50, 0, 0]) / [50, 110, 110],
        spread / [50, 55, 55],
        skew / [50, 55, 55],
    ]
    return np.clip(np.concatenate(scaled), -1, 1) / 3


def _soft(values: np.ndarray, low: float, high: float, bins: int) -> list[tuple[np.ndarray, ...]]:
    """Return the two nearest bins of each value and its share in each."""
    place = np.clip((values - low) / (high - low) * bins - 0.5, 0, bins - 1)
    below = np.minimum(place.astype(np.intp), bins - 1)
    above = np.minimum(below + 1, bins - 1)
    share = place - below
    return [(below, 1 - share), (above, share)]


def _colours(lab: np.ndarray, weights: np.ndarray) -> np.ndarray:
    light, a, b = (lab[..., i].ravel() for i in range(3))
    weight = weights.ravel()
    lights, chroma = np.zeros(16), np.zeros(64)
    for bins, share in _soft(light, 0, 100, 16):
        lights += np.bincount(bins, share * weight, 16)
    for rows, share_a in _soft(a, -64, 64, 8):
        for columns, share_b in _soft(b, -64, 64, 8):
            chroma += np.bincount(rows * 8 + columns, share_a * share_b * weight, 64)
    return np.concatenate([_root(lights, 2), _root(chroma, 2)])


def _patterns(grey: np.ndarray, weights: np.ndarray) -> np.ndarray:
    from skimage.feature import local_binary_pattern

    histograms = []
    for points, radius in _PATTERNS:
        codes = local_binary_pattern(grey, points, radius, method="uniform").astype(np.intp)
        counts = np.bincount(codes.ravel(), weights.ravel(), points + 2)
        histograms.append(_root(counts, len(_PATTERNS)))
    return np.concatenate(histograms)


def _gradients(light: np.ndarray, weights: np.ndarray) -> np.ndarray:
    from skimage.filters import sobel_h, sobel_v

    down, across = sobel_h(light), sobel_v(light)
    strength = np.hypot(down, across) * weights
    strength[strength < 1e-6] = 0  # rounding noise of a flat picture has no orientation
    turn = np.mod(np.arctan2(down, across), np.pi) / np.pi * 12
    bins = np.minimum(turn.astype(np.intp), 11)
    middle, centre = light.shape[0] // 2, light.shape[1] // 2
    parts = [
        (slice(None), slice(None)),
        (slice(None, middle), slice(None, centre)),
        (slice(None, middle), slice(centre, None)),
        (slice(middle, None), slice(None, centre)),
        (slice(middle, None), slice(centre, None)),
    ]
    histograms = [
        _root(np.bincount(bins[part].ravel(), strength[part].ravel(), 12), len(parts))
        for part in parts
    ]
    return np.concatenate(histograms)


def _cooccurrence(grey: np.ndarray) -> np.ndarray:
    from skimage.feature import graycomatrix, graycoprops

    angles = (0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
    matrix = graycomatrix(grey // 8, (1, 4), angles, levels=32, symmetric=True, normed=True)
    values = [
        np.sqrt(graycoprops(matrix, "contrast").mean(axis=1)) / 31,
        graycoprops(matrix, "homogeneity").mean(axis=1),
        graycoprops(matrix, "energy").mean(axis=1),
        graycoprops(matrix, "correlation").mean(axis=1),
    ]
    return np.concatenate(values) / np.sqrt(8)
