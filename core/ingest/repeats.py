"""A filter for sequences: keep a frame only if it differs from those that were kept."""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.space import unit_rows

STAGE = "filtering a sequence"

#: Frames looked at together.
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Filtered:
    """What is left of a sequence.

    Attributes
    ----------
    kept
        Places in the sequence, ascending.
    because
        For each frame `(n,)` the place of the kept one that it is near to; its own if it was kept.
    distance
        Its distance to that one `(n,)`; 0 for kept ones.
    share
        Share of frames kept.
    """

    kept: np.ndarray
    because: np.ndarray
    distance: np.ndarray
    share: float


def filter_stream(
    vectors: np.ndarray,
    threshold: float,
    *,
    window: int | None = None,
    progress: Progress | None = None,
) -> Filtered:
    """Walk through a sequence and keep every frame that is near none of those kept before.

    The result depends on the order. Every frame that is dropped lies within the threshold of a
    kept one.

    Parameters
    ----------
    vectors
        Shape `(n, d)` in the order of the sequence; scaled to unit length here.
    threshold
        Chordal distance, 0 to 2: a frame is dropped where a kept one is at most this far.
    window
        Compare with this many of the frames kept last; with all of them if None.

    Raises
    ------
    InputError
        The threshold or window makes no sense, or a vector is not finite or has no length.
    """
    progress = progress or Progress()
    if not 0 <= threshold <= 2:
        raise InputError(f"threshold must lie between 0 and 2, not {threshold}")
    if window is not None and window < 1:
        raise InputError(f"window must be 1 or more frames, not {window}")
    unit = unit_rows(vectors).astype(np.float64)
    n = len(unit)
    because, distance = np.arange(n), np.zeros(n)
    kept: list[int] = []
    for start in range(0, n, BLOCK):
        progress.report(STAGE, start, n)
        rows = np.arange(start, min(start + BLOCK, n))
        before = np.array(kept if window is None else kept[-window:], dtype=np.int64)
        compared = np.concatenate([before, rows])
        apart = _distances(unit[rows], unit[compared])
        waiting = list(range(len(before)))  # columns of frames that are kept and still compared
        for at, row in enumerate(rows.tolist()):
            near = np.array(waiting if window is None else waiting[-window:], dtype=np.int64)
            if len(near):
                best = int(near[apart[at, near].argmin()])
                if apart[at, best] <= threshold:
                    because[row], distance[row] = compared[best], apart[at, best]
                    continue
            kept.append(row)
            waiting.append(len(before) + at)
    share = len(kept) / n if n else 1.0
    return Filtered(np.array(kept, dtype=np.int64), because, distance, share)


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return all distances `(m, k)`; near ones as ‖x − y‖, which products cannot resolve."""
    squared = (
        np.einsum("ij,ij->i", first, first)[:, None]
        + np.einsum("ij,ij->i", second, second)
        - 2 * first @ second.T
    )
    apart: np.ndarray = np.sqrt(np.maximum(squared, 0))
    at, to = np.nonzero(squared < 1e-10)
    apart[at, to] = np.linalg.norm(first[at] - second[to], axis=1)
    return apart
