"""What batches of a reference could show, and how many images one needs."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from core.drift.classifier import classifier_test
from core.drift.occupancy import pooled_clusters
from core.drift.planning import images_needed
from core.drift.series_plan import FEWEST, NULLS, REPEATS, SHARES, STRANGERS, Plan, mean_plan, plan
from core.drift.series_words import plan_words
from core.drift.units import sides_of
from core.drifting.pool import principal
from core.drifting.series_batches import Batches
from core.progress import Progress
from core.quality.threads import calm_threads

#: Groups of the reference that are held back, one at a time; components the model sees.
GROUPS, COMPONENTS = 5, 64
ALPHA = 0.05


def planned(found: Batches, points: np.ndarray, progress: Progress) -> dict[str, Any] | None:
    """Return the plan for batches of a reference as JSON values; None with too few units.

    Parameters
    ----------
    found
        The reference, and what new images look like.
    points
        Of the reference's units `(n, d)`.
    """
    asked = found.asked
    progress.report("plan")
    shares = tuple(sorted({*SHARES, asked.share}))
    pairs = list(_pairs(found, points))
    draws = (NULLS, REPEATS) if len(pairs) == 1 else (NULLS // 2, REPEATS // 2)
    plans: list[Plan] = []
    for known, new in pairs:
        one = plan(
            known, new, shares=shares, alpha=ALPHA, draws=draws, seed=asked.seed, progress=progress
        )
        if one is not None:
            plans.append(one)
    if not plans:
        return None
    made = mean_plan(plans)
    area = float(np.mean([_told_apart(known, new, asked.seed) for known, new in pairs]))
    per_unit = len(found.reference.rows) / len(points)
    least = made.sizes[-1] if made.sizes else 0
    needed = [_needed(made, share, area, per_unit) for share in shares]
    what = (
        f"like {found.like.label}" if found.like is not None
        else "of a group that the reference lacks"
    )  # fmt: skip
    mine = next(one for one in needed if one["share"] == asked.share)
    return {
        "share": asked.share, "units": len(points), "images": len(found.reference.rows),
        "images_per_unit": per_unit, "strangers": what, "groups": len(plans), "alpha": ALPHA,
        "sizes": list(made.sizes), "shares": list(shares),
        "power": [list(line) for line in made.power], "auc": area, "largest": least,
        "needed": needed, "text": plan_words(asked.share, mine, what),
    }  # fmt: skip


def _needed(made: Plan, share: float, area: float, per_unit: float) -> dict[str, Any]:
    """Return how many units and images a batch needs, and where that comes from."""
    units: float | None = made.needed(share)
    how = "measured"
    if units is None:
        units, how = images_needed(share, area) if area > 0.5 else None, "formula"
        if units is not None and made.sizes:
            units = max(units, made.sizes[-1] + 1)
    if units is None:
        return {"share": share, "units": None, "images": None, "how": "none"}
    whole = int(np.ceil(units))
    return {"share": share, "units": whole, "images": int(np.ceil(units * per_unit)), "how": how}


def _pairs(found: Batches, points: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield a known set and its strangers: those asked for, or groups of the reference."""
    if found.like is not None:
        yield points, found.points(found.like)
        return
    if len(points) < FEWEST + STRANGERS:
        return
    with calm_threads(points.size):
        codes = pooled_clusters(points, min(20, len(points) // 20), seed=found.asked.seed)
    sizes = np.bincount(codes)
    fitting = [code for code in np.argsort(-sizes, kind="stable").tolist()
               if sizes[code] >= STRANGERS and len(points) - sizes[code] >= FEWEST]  # fmt: skip
    # from large to small ones, so that neither alone decides
    places = np.unique(np.linspace(0, len(fitting) - 1, min(GROUPS, len(fitting))).round())
    for at in places.astype(int).tolist():
        yield points[codes != fitting[at]], points[codes == fitting[at]]


def _told_apart(known: np.ndarray, new: np.ndarray, seed: int) -> float:
    """Return how well a model tells new units from known ones: an AUC of at least .5."""
    rng = np.random.default_rng(seed)
    if len(known) > 1500:
        known = known[np.sort(rng.choice(len(known), 1500, replace=False))]
    second = np.repeat([False, True], [len(known), len(new)])
    scores = principal(np.concatenate([known, new]), COMPONENTS)
    with calm_threads(scores.size):
        found = classifier_test(scores, sides_of(second), seed=seed)
    return max(0.5, float(found.effect or 0.5))
