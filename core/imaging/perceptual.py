"""Two fingerprints of a picture: of its exact pixels, and of how it looks.

Equal pixels give one digest in whatever format they are stored. The perceptual hash of 64 bits
changes little when a picture is scaled, compressed or brightened; it finds candidates, nothing
more.
"""

import hashlib
from functools import cache

import numpy as np
from PIL import Image

#: Side of the grey picture that is transformed, and of the low frequencies that are kept.
SIDE, KEPT = 32, 8
#: The eight ways a picture can be turned and mirrored: quarter turns, and whether mirrored first.
TURNS = tuple((mirrored, quarters) for mirrored in (False, True) for quarters in range(4))


def pixel_digest(image: Image.Image, salt: str = "") -> str:
    """Return the SHA-256, 64 hex digits, of a picture's size and RGB pixels, and of a salt."""
    rgb = image.convert("RGB")
    state = hashlib.sha256(f"{rgb.width}x{rgb.height}{salt and ':'}{salt}".encode())
    state.update(rgb.tobytes())
    return state.hexdigest()


def perceptual_hash(image: Image.Image) -> int:
    """Return the perceptual hash of a picture, 64 bits, as `imagehash.phash` does.

    The sign of the 8 × 8 lowest frequencies of its cosine transform against their median, the
    lowest first, in the highest bit. Zauner (2010), "Implementation and benchmarking of
    perceptual image hash functions".
    """
    return int(_bits(_grey(image)[None])[0])


def perceptual_hashes(image: Image.Image) -> np.ndarray:
    """Return the hashes `(8,)` uint64 of a picture turned and mirrored as in `TURNS`."""
    found: np.ndarray = hashes_of(_grey(image)[None])[0]
    return found


def hashes_of(grey: np.ndarray) -> np.ndarray:
    """Return the hashes `(k, 8)` uint64 of grey values `(k, 32, 32)`, turned as in `TURNS`."""
    values = grey.astype(np.float64)
    found = []
    for mirrored, quarters in TURNS:
        shown = values[:, :, ::-1] if mirrored else values
        found.append(_bits(np.rot90(shown, quarters, axes=(1, 2))))
    return np.stack(found, axis=1)


def hamming(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return how many bits differ between uint64 hashes, by broadcasting."""
    different: np.ndarray = np.bitwise_count(np.bitwise_xor(first, second))
    return different


def _grey(image: Image.Image) -> np.ndarray:
    """Return the picture in grey at 32 × 32, float64."""
    grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(grey, dtype=np.float64)


@cache
def _cosines() -> np.ndarray:
    """Return the 8 lowest rows of the type II cosine transform of 32 values, `(8, 32)`."""
    places = np.arange(SIDE) + 0.5
    rows: np.ndarray = 2 * np.cos(np.pi * np.arange(KEPT)[:, None] * places / SIDE)
    return rows


def _bits(grey: np.ndarray) -> np.ndarray:
    """Return the hashes `(k,)` uint64 of grey values `(k, 32, 32)`."""
    lowest = _cosines() @ grey @ _cosines().T
    # rounding: of one-coloured pictures all but the first are zero, not whatever rounding left
    lowest = np.round(lowest, 6).reshape(len(grey), -1)
    above = lowest > np.median(lowest, axis=1, keepdims=True)
    return np.packbits(above, axis=1).view(">u8")[:, 0].astype(np.uint64)
