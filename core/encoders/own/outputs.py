"""From what a model gives, a map, a sequence or a vector, to one vector a picture."""

import numpy as np

from core.encoders.base import EncoderName
from core.errors import EncoderUnavailableError

#: avg and max over places; token is the first of a sequence.
POOLINGS = ("avg", "max", "token")


def pool_of(name: EncoderName) -> str:
    """Return how a name says that outputs become vectors; "" where it says nothing.

    Raises
    ------
    EncoderUnavailableError
        In a way there is not.
    """
    pool = name.options.get("pool", "")
    if pool and pool not in POOLINGS:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: pool is {', '.join(POOLINGS)}, not {pool!r}"
        )
    return pool


def pooled(output: np.ndarray, pool: str, name: str) -> np.ndarray:
    """Return `(n, dims)` for a vector `(n, d)`, a sequence `(n, t, d)` or a map `(n, d, h, w)`.

    Parameters
    ----------
    output
        What the model gave.
    pool
        avg, max or token; "" where the model gives vectors itself. Sides of length 1 at the end
        are dropped in any case.
    name
        The encoder's name, for the message.

    Raises
    ------
    EncoderUnavailableError
        The output cannot be pooled this way, or needs a pooling.
    """
    while output.ndim > 2 and output.shape[-1] == 1:
        output = output[..., 0]
    if output.ndim <= 2:
        return output
    if not pool or output.ndim > 4 or (pool == "token" and output.ndim == 4):
        shape = " x ".join(map(str, output.shape))
        fitting = "avg or max" if output.ndim == 4 else "avg, max or token"
        raise EncoderUnavailableError(
            f"encoder {name!r}: its output is {shape}, not one vector a picture; choose another, "
            f"or pool={fitting}"
        )
    if pool == "token":
        return output[:, 0]
    axes = (1,) if output.ndim == 3 else (2, 3)
    values = output.astype(np.float32)
    pooled_values: np.ndarray = values.max(axis=axes) if pool == "max" else values.mean(axis=axes)
    return pooled_values
