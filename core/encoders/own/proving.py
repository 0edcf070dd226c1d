"""What is asked of an encoder of one's own before its vectors are used.

A network left in training mode, with dropout or batch statistics, gives another vector for the same
picture each time, or one that depends on which pictures share its batch. Neither shows in a map.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.errors import EncoderUnavailableError, VitrineError

if TYPE_CHECKING:
    from core.encoders.base import Encoder
    from core.imaging.decode import Picture

#: Largest ‖x−y‖/‖x‖ between two vectors of one picture. Sums in another order differ by 1e-6 or
#: so, half precision by 1e-3; dropout and batch statistics by a tenth or more.
TOLERANCE = 2e-3

#: Height and width of the made pictures; different shapes, so that the declared crop is used.
_SIZES = ((96, 128), (200, 150), (64, 64), (40, 180), (300, 220))


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was checked: its name, whether it holds, and what was found."""

    name: str
    passed: bool
    told: str


def made_pictures() -> "list[Picture]":
    """Return five pictures, always the same: blocks of random colours, of different shapes."""
    from core.imaging.decode import Picture

    pictures = []
    for seed, (height, width) in enumerate(_SIZES):
        blocks = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        image = Image.fromarray(blocks).resize((width, height), Image.Resampling.NEAREST)
        pictures.append(Picture(image, None, width, height, "RGB", "PNG"))
    return pictures


def prove(encoder: "Encoder") -> list[Proof]:
    """Check an encoder on made pictures: shape, finite values, repeatable, independent of batches.

    Parameters
    ----------
    encoder
        The encoder, loaded; `spec.dims` is what it says it gives.

    Returns
    -------
    list of Proof
        In the order they were made; after one that fails, no more are made.
    """
    inputs = np.stack([encoder.prepare(picture) for picture in made_pictures()])
    proofs: list[Proof] = []
    try:
        together = np.asarray(encoder.encode(inputs))
        for check in (_shape, _finite, _apart):
            proofs.append(check(together, len(inputs), encoder.spec.dims))
            if not proofs[-1].passed:
                return proofs
        again = encoder.encode(inputs)
        proofs.append(
            _same("determinism", together, again, "the same pictures twice",
                  "is the network in evaluation mode, without dropout or random numbers?")
        )  # fmt: skip
        if not proofs[-1].passed:
            return proofs
        alone = np.concatenate([encoder.encode(inputs[at : at + 1]) for at in range(len(inputs))])
        turned = encoder.encode(inputs[::-1])[::-1]
        worse = max(alone, turned, key=lambda other: _difference(together, other))
        proofs.append(
            _same("batch", together, worse, "alone, and in batches of another order",
                  "does it use batch statistics, or a fixed batch size?")
        )  # fmt: skip
    except VitrineError as error:
        proofs.append(Proof("call", False, str(error)))
    return proofs


def require(encoder: "Encoder", proofs: list[Proof]) -> None:
    """Raise `EncoderUnavailableError` naming what an encoder failed."""
    failed = [proof for proof in proofs if not proof.passed]
    if failed:
        told = "; ".join(proof.told for proof in failed)
        raise EncoderUnavailableError(f"encoder {encoder.spec.name!r} cannot be used: {told}")


def as_json(proofs: list[Proof]) -> list[dict[str, Any]]:
    """Return proofs as JSON can hold them."""
    return [asdict(proof) for proof in proofs]


def as_vectors(output: Any, count: int, name: str) -> np.ndarray:
    """Return what a model gave as float32 `(n, dims)`.

    Raises
    ------
    EncoderUnavailableError
        It is no array of numbers with a row for each picture.
    """
    try:
        array = np.asarray(output)
    except Exception as error:
        raise EncoderUnavailableError(
            f"encoder {name!r}: its output {type(output).__name__} is no array ({error})"
        ) from error
    if array.dtype.kind not in "fiu":
        raise EncoderUnavailableError(
            f"encoder {name!r}: its output holds {array.dtype}, real numbers are needed"
        )
    if array.ndim != 2 or len(array) != count or not array.shape[1]:
        shape = " x ".join(map(str, array.shape)) or "a single value"
        raise EncoderUnavailableError(
            f"encoder {name!r}: its output is {shape} for {count} pictures; one vector each is "
            f"needed, ({count}, dimensions)"
        )
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=np.float32)


def _shape(vectors: np.ndarray, count: int, dims: int) -> Proof:
    right = vectors.shape == (count, dims)
    told = f"{' x '.join(map(str, vectors.shape))} for {count} pictures"
    return Proof("shape", right, told if right else f"{told}; ({count}, {dims}) was declared")


def _finite(vectors: np.ndarray, count: int, dims: int) -> Proof:
    bad = int((~np.isfinite(vectors).all(axis=1)).sum())
    if bad:
        return Proof("finite", False, f"{bad} of {count} vectors hold NaN or infinity")
    return Proof("finite", True, "no NaN and no infinity")


def _apart(vectors: np.ndarray, count: int, dims: int) -> Proof:
    """Different pictures must give different directions, none of them zero."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    if (lengths == 0).any():
        return Proof("values", False, "a picture's vector is zero, which has no direction")
    unit = vectors / lengths[:, None]
    spread = max(float(np.linalg.norm(unit[0] - other)) for other in unit[1:])
    if spread < TOLERANCE:
        return Proof("values", False, "every picture has the same vector")
    return Proof("values", True, f"different pictures are up to {spread:.3g} apart")


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest ‖x−y‖/‖x‖ over rows; infinity where shapes differ."""
    if one.shape != other.shape or not np.isfinite(other).all():
        return float("inf")
    wide, narrow = one.astype(np.float64), other.astype(np.float64)
    return float((np.linalg.norm(wide - narrow, axis=1) / np.linalg.norm(wide, axis=1)).max())


def _same(name: str, one: np.ndarray, other: np.ndarray, how: str, why: str) -> Proof:
    found = _difference(one, other)
    passed = found <= TOLERANCE
    told = f"{how}: vectors differ by {100 * found:.2g} % of their length"
    if passed:
        return Proof(name, True, told)
    return Proof(name, False, f"{told}, at most {100 * TOLERANCE:g} % is allowed; {why}")
