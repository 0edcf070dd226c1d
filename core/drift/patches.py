"""Where in the frame two sets differ: patch by patch, for pictures that are aligned."""

from dataclasses import dataclass

import numpy as np

from core.drift.result import undefined
from core.drift.units import Sides, deals
from core.errors import InputError
from core.progress import Progress

STAGE, NAME = "patches", "Difference in place"


@dataclass(frozen=True, slots=True)
class PatchMap:
    """How far two sets differ at each place of the frame.

    Attributes
    ----------
    effect
        `(h, w)`: squared distance of the mean patch vectors over the variance of patches inside
        the sides there; 0 is no difference.
    p
        `(h, w)`: against the largest effect anywhere in other splits, so that one false place is
        as rare as p says over the whole frame. 1 everywhere where nothing can be tested.
    notice
        Why nothing can be tested; "" where it can.
    """

    effect: np.ndarray
    p: np.ndarray
    notice: str = ""


def patch_map(
    patches: np.ndarray,
    sides: Sides,
    *,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> PatchMap:
    """Compare two sets place by place.

    Parameters
    ----------
    patches
        Shape `(n, h, w, d)`: the feature map of each image, of the same frame.
    sides
        Which image is of which side; whole units are dealt anew.

    Notes
    -----
    The largest statistic over the frame in each split gives the error over all places: Westfall
    and Young (1993), as in maps of the brain (Nichols and Holmes 2002, doi:10.1002/hbm.1058).
    """
    if patches.ndim != 4 or len(patches) != len(sides.second):
        raise InputError(f"patches: shape {patches.shape} for {len(sides.second)} images")
    n, high, wide, d = patches.shape
    if sides.too_few:
        why = undefined(NAME, sides.too_few).notice
        return PatchMap(np.zeros((high, wide)), np.ones((high, wide)), why)
    flat = np.asarray(patches, np.float32).reshape(n, high * wide, d)
    units = len(sides.of_unit)
    size = np.bincount(sides.unit, minlength=units).astype(np.float32)
    of_unit = np.zeros((units, high * wide, d), np.float32)
    np.add.at(of_unit, sides.unit, flat)
    of_unit /= size[:, None, None]
    of_unit -= of_unit.mean(axis=0)
    square = np.einsum("upd,upd->up", of_unit, of_unit, dtype=np.float64)
    table = of_unit.reshape(units, -1)

    def effects(second: np.ndarray) -> np.ndarray:
        m = second.sum(axis=1).astype(np.float64)[:, None]
        there = (second.astype(np.float32) @ table).reshape(len(second), high * wide, d)
        sums = np.einsum("bpd,bpd->bp", there, there, dtype=np.float64)
        # all units sum to 0, so the other side sums to the same with another sign
        between = sums / m + sums / (units - m)
        within = np.maximum(square.sum(axis=0) - between, 1e-12)
        found: np.ndarray = sums * (1 / m + 1 / (units - m)) ** 2 / (within / (units - 2))
        return found

    observed = effects(sides.of_unit[None])[0]
    first = np.unique(sides.unit, return_index=True)[1]
    largest, done = [], 0
    progress = progress or Progress()
    for dealt in deals(sides, permutations, seed):
        progress.report(STAGE, done, permutations)
        done += len(dealt)
        largest.append(effects(dealt[:, first]).max(axis=1))
    others = np.concatenate(largest or [np.zeros(0)])
    p = (1 + (others[None, :] >= observed[:, None] - 1e-10).sum(axis=1)) / (1 + len(others))
    return PatchMap(observed.reshape(high, wide), p.reshape(high, wide))
