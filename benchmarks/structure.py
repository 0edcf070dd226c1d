"""How often structureless data get themes, and data with structure keep theirs.

Run as `python -m benchmarks.structure [--items 200 500] [--seeds 4]`; about a second a run.
"""

import argparse
from collections.abc import Callable

import numpy as np

from core.clusters.themes import find_themes
from core.neighbors import find_neighbors

Made = Callable[[int, np.random.Generator], np.ndarray]


def cube(dims: int, low: float = 0.0) -> Made:
    """Return uniform points of a cube from `low` to 1."""
    return lambda n, rng: rng.uniform(low, 1, size=(n, dims))


def gaussian(dims: int, decay: float, away: float = 0.0) -> Made:
    """Return one Gaussian whose k-th deviation is k^−decay, `away` from the origin."""
    deviations = (1.0 + np.arange(dims)) ** -decay
    shift = away / np.sqrt(dims)
    return lambda n, rng: rng.normal(size=(n, dims)) * deviations + shift


def ball(dims: int) -> Made:
    """Return uniform points of a ball beside the origin."""

    def made(n: int, rng: np.random.Generator) -> np.ndarray:
        points = rng.normal(size=(n, dims))
        points *= rng.uniform(size=(n, 1)) ** (1 / dims) / np.linalg.norm(
            points, axis=1, keepdims=True
        )
        return np.hstack([points, np.ones((n, 1))])

    return made


def bent(dims: int, waves: float, noise: float) -> Made:
    """Return a curve, sheet or volume bent by random waves into 64 dimensions."""

    def made(n: int, rng: np.random.Generator) -> np.ndarray:
        where = rng.uniform(size=(n, dims))
        phases = where @ (rng.normal(size=(dims, 256)) * waves) + rng.uniform(0, 2 * np.pi, 256)
        points = np.cos(phases) @ rng.normal(size=(256, 64)) / 16
        return points + noise * rng.normal(size=(n, 64))

    return made


def blobs(count: int, dims: int, apart: float) -> Made:
    """Return Gaussian groups whose centres are about `apart` deviations from one another."""

    def made(n: int, rng: np.random.Generator) -> np.ndarray:
        centres = rng.normal(size=(count, dims))
        centres *= apart / np.sqrt(2) / np.linalg.norm(centres, axis=1, keepdims=True)
        points = centres[rng.integers(0, count, n)] + rng.normal(size=(n, dims))
        return np.hstack([points, np.full((n, 1), 3 * np.sqrt(dims))])

    return made


DATA: dict[str, Made] = {
    "cube 2": cube(2), "cube 10": cube(10), "cube 64": cube(64), "cube 384": cube(384),
    "cube 3 around 0": cube(3, -1), "cube 64 around 0": cube(64, -1), "ball 5": ball(5),
    "ball 20": ball(20), "sphere 3": gaussian(3, 0), "sphere 64": gaussian(64, 0),
    "gaussian 64": gaussian(64, 0.5, 8), "gaussian 384": gaussian(384, 1, 2),
    "curve": bent(1, 4, 0.02), "sheet": bent(2, 2.5, 0.02), "volume": bent(3, 2, 0.05),
    "5 blobs in 10, 5 apart": blobs(5, 10, 5), "5 blobs in 10, 7 apart": blobs(5, 10, 7),
    "10 blobs in 64, 8 apart": blobs(10, 64, 8), "20 blobs in 64, 12 apart": blobs(20, 64, 12),
}  # fmt: skip


def main() -> None:
    """Print, for each kind of data and size, how many runs had structure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[200, 500, 2000])
    parser.add_argument("--seeds", type=int, default=4)
    asked = parser.parse_args()
    for n in asked.items:
        for name, made in DATA.items():
            verdicts = []
            for seed in range(asked.seeds):
                vectors = made(n, np.random.default_rng([seed, n]))
                near = find_neighbors(vectors, key="", k=30)
                verdicts.append(find_themes(vectors, near, key="", seed=seed).structure)
            with_structure = sum(v["verdict"] == "structure" for v in verdicts)
            tried = sorted(v["themes"] for v in verdicts)
            print(
                f"{n:6}  {name:26} structure in {with_structure} of {asked.seeds}; groups {tried}"
            )


if __name__ == "__main__":
    main()
