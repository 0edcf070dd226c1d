"""Where in the frame two sides differ: tests by place and by bags of patches, as JSON values."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.drift.bags import alignment, bag_test
from core.drift.patches import PatchMap, patch_map
from core.drift.result import DriftTest
from core.drift.units import Sides, sides_of
from core.drifting.patching import Wanted, patches_for, tested_places
from core.drifting.pool import Pool
from core.progress import Progress
from core.storage.store import Artefact

ALPHA = 0.05
#: Share of what patches show that place explains from which pictures count as aligned.
ALIGNED = 0.05
#: Most drifted images of each side whose patches are kept, and those of each group and side.
SHOWN, OF_GROUP = 48, 3


def in_the_frame(
    pool: Pool, images: pd.DataFrame, clusters: Sequence[Any], progress: Progress
) -> dict[str, Any] | None:
    """Compare the features of both sides by place.

    Parameters
    ----------
    pool
        Both sides.
    images, clusters
        One row an image of the pool, and a line a cluster, as `Where` has them: the most drifted
        and the exemplars are kept too, to be looked at.

    Returns
    -------
    dict or None
        None where it was not asked for; with "notice" alone where it cannot be done. Else patches
        (key of the artefact), images (tested of each side), grid, dims, of_dims, kept, alignment,
        aligned, effect and p (rows of the grid), places (how many differ), least (the least p),
        bag (a test), usual, unread, text.
    """
    if not pool.asked.spatial:
        return None
    progress.report("patches")
    tested = tested_places(pool, pool.asked.spatial)
    counts = [int((pool.second[tested] == side).sum()) for side in (False, True)]
    if min(counts) < 2:
        return {"notice": "Fewer than two images of a side have a picture, so no place was seen."}
    wanted = Wanted(tested, shown_places(images, clusters, tested))
    stored = patches_for(pool, wanted, progress)
    if isinstance(stored, str):
        return {"notice": stored}
    return _told(stored, pool, progress)


def shown_places(images: pd.DataFrame, clusters: Sequence[Any], tested: np.ndarray) -> np.ndarray:
    """Return places in the pool of images that will be looked at, without the tested ones.

    Those are the most drifted of each side and of each of its groups, exemplars, and what each is
    shown beside.
    """
    side = images["side"].to_numpy()
    score, row = images["score"].to_numpy(), images["row"].to_numpy()
    place = {(one, int(at)): n for n, (one, at) in enumerate(zip(side, row, strict=True))}
    chosen: list[int] = []
    order = np.lexsort((row, -score))
    for one in ("a", "b"):
        mine = order[side[order] == one]
        chosen += mine[:SHOWN].tolist()
        for group in clusters:
            inside = mine[images["cluster"].to_numpy()[mine] == group["id"]]
            chosen += inside[:OF_GROUP].tolist()
            there = group[f"exemplars_{one}"][:OF_GROUP]
            chosen += [place[one, int(at)] for at in there]
    other = {"a": "b", "b": "a"}
    counterpart = images["counterpart"].to_numpy()
    beside = [place[other[side[at]], int(counterpart[at])] for at in chosen]
    found = np.unique(np.array([*chosen, *beside], np.int64))
    return found[~np.isin(found, tested)]


def _told(stored: Artefact, pool: Pool, progress: Progress) -> dict[str, Any]:
    """Return what the patches say."""
    images, asked = stored.tables["images"], pool.asked
    rows = np.flatnonzero(images["tested"].to_numpy(bool))
    patches = np.asarray(stored.arrays["patches"][rows], np.float32)
    second = (images["side"].to_numpy()[rows] == "b").astype(bool)
    sides = sides_of(second, images["unit"].to_numpy()[rows])
    if min(sides.counts) < 1:
        return {"notice": "The pictures of a side cannot be read, so no place was compared."}
    told = {
        "patches": stored.key, "images": [int((~second).sum()), int(second.sum())],
        "unread": int(stored.meta["unread"]),
        **{name: stored.meta[name] for name in ("grid", "dims", "of_dims", "kept", "usual")},
    }  # fmt: skip
    found = patch_map(
        patches, sides, permutations=asked.permutations, seed=asked.seed, progress=progress
    )  # fmt: skip
    bag = bag_test(
        patches, sides, permutations=asked.permutations, seed=asked.seed, progress=progress
    )
    share = alignment(patches[~second])
    aligned = share >= ALIGNED
    different = int((found.p < ALPHA).sum())
    return told | {
        "alignment": share, "aligned": aligned, "effect": found.effect.tolist(),
        "p": found.p.tolist(), "places": different, "least": float(found.p.min()),
        "bag": {"name": bag.name, "effect": bag.effect, "effect_name": bag.effect_name,
                "p": bag.p, "p_min": bag.p_min, "status": bag.status, "notice": bag.notice},
        "text": words(found, bag, share, aligned, sides), "notice": found.notice,
    }  # fmt: skip


def words(found: PatchMap, bag: DriftTest, share: float, aligned: bool, sides: Sides) -> str:
    """Return what the tests say, in words; the one that suits the pictures first."""
    if sides.too_few:
        return f"No place was tested: {sides.too_few}."
    different, places = int((found.p < ALPHA).sum()), found.p.size
    where = (
        f"They differ at {different:,} of {places:,} places of the frame, most "
        f"{_corner(found.effect)} (p {_p(float(found.p.min()))} over the whole frame)."
        if different
        else f"No place of {places:,} differs more than chance allows over the whole frame."
    )
    if bag.p is None:
        bags = "All patches are the same."
    elif bag.p < ALPHA:
        bags = f"What patches show differs, wherever they lie (p {_p(bag.p)})."
    else:
        bags = f"What patches show, wherever they lie, is not seen to differ (p {_p(bag.p)})."
    if aligned:
        return f"{where} {bags}"
    frame = (
        f"The pictures have no common frame: place explains {max(0.0, 100 * share):.0f} % of what "
        "patches show, so where they lie says little."
    )
    return f"{frame} {bags} {where}"


def _p(p: float) -> str:
    return f"= {p:.2g}" if p >= 0.001 else f"= {p:.1g}"


def _corner(effect: np.ndarray) -> str:
    """Return where in the frame the largest effect lies."""
    row, column = np.unravel_index(int(effect.argmax()), effect.shape)
    high, wide = effect.shape
    down = ("at the top", "in the middle", "at the bottom")[int(3 * (row + 0.5) / high)]
    across = ("on the left", "", "on the right")[int(3 * (column + 0.5) / wide)]
    if down == "in the middle":
        return across or down
    return f"{down} {across}".strip()
