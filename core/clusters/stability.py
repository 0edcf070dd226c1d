"""How firm clusters are: the search for them done again and again in part of the set.

A cluster that is there is found again when a fifth of the images is left out. For every run, each
cluster, restricted to the images drawn, is compared with the one found that is most like it.
See `docs/methods/trust.md`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.clusters.agree import adjusted_rand, best_jaccards
from core.clusters.micro import find_micro_clusters
from core.clusters.subset import draw, restrict
from core.clusters.themes import FEWEST, find_themes
from core.keys import artefact_key
from core.maps.umap_layout import MANY
from core.model import Clustering, Neighbors
from core.progress import Progress, Step

STAGE = "stability"

#: Runs, and the share of images drawn in each.
RUNS, SHARE = 20, 0.8
#: From this mean Jaccard index a cluster is firm; below the second it is dissolved.
FIRM, DISSOLVED = 0.75, 0.5
#: `jaccard_low` is this quantile over the runs.
LOW = 0.1

#: Images times rounds of layout that the maps of all runs may cost; beyond it there are fewer
#: runs, and where there would be fewer than 5 (above 75,000 images) the set's own map is kept.
LAYOUT_WORK, FEWEST_MAPS = 60_000_000, 5
#: Images drawn at most in a run that keeps the map.
KEPT_MAP_IMAGES = 40_000
#: Images grouped in all runs of micro-clusters; beyond it there are fewer runs, 3 or more.
MICRO_WORK, FEWEST_RUNS = 20 * 200_000, 3

TABLE = {
    "cluster": "int32", "runs": "int64", "jaccard_mean": "float64", "jaccard_low": "float64",
    "state": "object",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """How firm clusters are.

    Attributes
    ----------
    table
        One row a cluster: `cluster`, `runs` (in which one of its images was drawn), `jaccard_mean`
        and `jaccard_low` (their mean and .1 quantile) and `state`: "firm" from .75, "dissolved"
        below .5, else "shaky", "" where no run drew one of its images.
    ari_mean
        Mean adjusted Rand index over images that neither the set nor the run left unassigned;
        None where there was nothing to compare.
    noise_mean
        Mean share of images that a run left unassigned; None without runs.
    runs, n_used
        Runs, and images drawn in each (the median where units differ in size).
    method, notice
        What was done again, and why there is nothing to tell, in words.
    """

    table: pd.DataFrame
    ari_mean: float | None
    noise_mean: float | None
    runs: int
    n_used: int
    method: str
    notice: str = ""


def stability_key(clustering: str, seed: int) -> str:
    """Return the key of the stability of a clustering."""
    return artefact_key("stability", clustering, {"runs": RUNS, "share": SHARE, "seed": seed})


def state_of(jaccard: float) -> str:
    """Return what a mean Jaccard index says: firm, shaky or dissolved; "" for NaN."""
    if np.isnan(jaccard):
        return ""
    return "firm" if jaccard >= FIRM else "shaky" if jaccard >= DISSOLVED else "dissolved"


def runs_with_maps(n: int, runs: int = RUNS) -> int:
    """Return in how many runs a set of `n` images is mapped anew; 0 keeps the map it has."""
    drawn = SHARE * n
    affordable = int(LAYOUT_WORK // (drawn * (500 if drawn <= MANY else 200)))
    return min(runs, affordable) if affordable >= FEWEST_MAPS else 0


def theme_stability(
    vectors: np.ndarray,
    neighbors: Neighbors,
    found: Clustering,
    space: np.ndarray | None,
    *,
    units: np.ndarray | None = None,
    seed: int = 0,
    runs: int = RUNS,
    progress: Progress | None = None,
) -> Measured:
    """Measure how firm themes are.

    Up to 75,000 images each run repeats the whole search: the ten-dimensional map from the
    neighbour graph restricted to the images drawn, with a seed of its own, dense regions, test for
    structure. Above 7,500 there are fewer runs (see `runs_with_maps`), to bound the cost. Above
    75,000 the map of the set is kept and the rest repeated, on 40,000 images at most.

    Parameters
    ----------
    vectors, neighbors
        Those of the set `(n, d)`.
    found
        Its themes.
    space
        The map they were found on `(n, 10)`; used where the map is kept.
    units
        Unit of each image `(n,)`, whole units are drawn; None draws images.
    seed
        Seed of the draws and of the layouts.
    runs
        How many at most.
    progress
        Told about finished runs, as stage "stability"; cancels between and within them.

    Notes
    -----
    Hennig (2007), Cluster-wise assessment of cluster stability, doi:10.1016/j.csda.2006.11.025:
    its subsetting scheme, thresholds .75 and .5. The least size of a theme shrinks with the share
    drawn.
    """
    n, size = len(vectors), int(found.spec.get("min_cluster_size", 2))
    if not len(found.table):
        return _nothing("There are no themes to test.")
    if SHARE * n < FEWEST:
        return _nothing(f"Testing themes needs {round(FEWEST / SHARE)} or more images.")
    mapped = runs_with_maps(n, runs)
    kept, runs = mapped == 0 and space is not None, mapped or runs
    share = min(SHARE, KEPT_MAP_IMAGES / n) if kept else SHARE

    def again(rows: np.ndarray, run: int, told: Progress) -> np.ndarray:
        near = restrict(neighbors, rows, vectors)
        return find_themes(
            vectors[rows], near, key="", seed=seed + run + 1,
            min_cluster_size=max(2, round(size * len(rows) / n)),
            min_samples=int(found.spec.get("min_samples", 5)),
            space=np.asarray(space)[rows] if kept and space is not None else None, progress=told,
        ).labels  # fmt: skip

    what = (
        "the search for dense regions was done again on the map there is, which makes themes look "
        "firmer than a new map would"
        if kept
        else "the whole search was done again, map and all"
    )
    return _repeat(found.labels, again, units, share, seed, runs, what, progress or Progress())


def micro_stability(
    vectors: np.ndarray,
    found: Clustering,
    *,
    units: np.ndarray | None = None,
    seed: int = 0,
    runs: int = RUNS,
    progress: Progress | None = None,
) -> Measured:
    """Measure how firm micro-clusters are: as `theme_stability`, with as many groups each time.

    Sets of more than 200,000 images have fewer runs, 3 at least.
    """
    n = len(vectors)
    if not n:
        return _nothing("There are no images to group.")
    runs = min(runs, max(FEWEST_RUNS, MICRO_WORK // n))
    mean = n / max(1, len(found.table))

    def again(rows: np.ndarray, run: int, told: Progress) -> np.ndarray:
        size = max(1.0, mean * len(rows) / n)
        return find_micro_clusters(
            vectors[rows], key="", seed=seed + run + 1, mean_size=size, progress=told
        ).labels

    what = "they were grouped again into as many groups"
    return _repeat(found.labels, again, units, SHARE, seed, runs, what, progress or Progress())


def _repeat(
    labels: np.ndarray,
    again: Callable[[np.ndarray, int, Progress], np.ndarray],
    units: np.ndarray | None,
    share: float,
    seed: int,
    runs: int,
    what: str,
    progress: Progress,
) -> Measured:
    """Draw, search again and compare, `runs` times."""
    rng = np.random.default_rng([seed, 20])
    overlaps, agreements, noise, drawn = [], [], [], []
    draws = draw(len(labels), units, share, rng)
    for run in range(runs):
        progress.report(STAGE, run, runs)
        rows = next(draws)
        got = again(rows, run, _quiet(progress, run, runs))
        overlaps.append(best_jaccards(labels, rows, got))
        agreements.append(adjusted_rand(labels[rows], got))
        noise.append(float((got < 0).mean()))
        drawn.append(len(rows))
    progress.report(STAGE, runs, runs)
    known = [value for value in agreements if value is not None]
    used = int(np.median(drawn))
    told = f"In each of {runs} runs {used:,} of {len(labels):,} images were drawn and {what}."
    if units is not None:
        told += " Images of one unit were drawn together."
    empty = noise.count(1.0)
    if empty:
        told += f" {empty} of the runs found no clusters at all."
    return Measured(
        _table(np.array(overlaps)), float(np.mean(known)) if known else None,
        float(np.mean(noise)), runs, used, told,
    )  # fmt: skip


def _quiet(progress: Progress, run: int, runs: int) -> Progress:
    """Return a progress for what goes on inside a run: its stages are notes, it may cancel."""

    def tell(step: Step) -> None:
        progress.report(STAGE, run, runs, step.stage)

    return Progress(tell, progress.cancelled, progress.interval)


def _table(overlaps: np.ndarray) -> pd.DataFrame:
    """Return the table of Jaccard indices `(runs, clusters)`, NaN where a run drew none."""
    lines = []
    for cluster, values in enumerate(overlaps.T):
        known = values[~np.isnan(values)]
        mean = float(known.mean()) if len(known) else np.nan
        low = float(np.quantile(known, LOW)) if len(known) else np.nan
        lines.append((cluster, len(known), mean, low, state_of(mean)))
    return pd.DataFrame(lines, columns=list(TABLE)).astype(TABLE)


def _nothing(notice: str) -> Measured:
    """Return that nothing was run, and why."""
    return Measured(_table(np.zeros((0, 0))), None, None, 0, 0, "", notice)
