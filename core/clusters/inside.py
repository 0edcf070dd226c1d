"""The parts of one theme: themes are sought again among its images alone."""

from dataclasses import dataclass

import numpy as np

from core.clusters.themes import FEWEST, find_themes
from core.model import Neighbors
from core.progress import Progress


@dataclass(frozen=True, slots=True)
class Inside:
    """What lies inside a theme.

    Attributes
    ----------
    parts
        Positions `(m,)`, ascending, of each part among the theme's rows; the largest first. Empty
        where the theme is one.
    rest
        How many rows are in no part.
    notice
        Why it is one, in words; "" where it is not.
    """

    parts: tuple[np.ndarray, ...]
    rest: int
    notice: str


def find_parts(
    vectors: np.ndarray,
    neighbors: Neighbors,
    *,
    seed: int = 0,
    min_cluster_size: int | None = None,
    min_samples: int = 5,
    progress: Progress | None = None,
) -> Inside:
    """Look for themes inside a theme.

    Parameters
    ----------
    vectors, neighbors
        Those of its images alone `(m, d)`: what is far apart in the theme need not be so in the
        set.
    seed, min_cluster_size, min_samples
        As for themes; the least size follows from the theme's own size if None.
    progress
        Told about stage "themes".
    """
    n = len(vectors)
    if n < FEWEST:
        return Inside((), n, f"A theme needs {FEWEST} or more images to be split; this has {n}.")
    found = find_themes(
        vectors, neighbors, key="", seed=seed, min_cluster_size=min_cluster_size,
        min_samples=min_samples, progress=progress,
    )  # fmt: skip
    count = len(found.table)
    if count < 2:
        why = found.notice or "All of it is one dense region."
        return Inside((), n, f"Nothing parts this theme. {why}")
    parts = tuple(np.flatnonzero(found.labels == number) for number in range(count))
    return Inside(parts, int((found.labels < 0).sum()), "")
