"""The patches of a comparison as they are kept: where two of its images differ."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.drift.bags import apart
from core.errors import NotFoundError, VitrineError
from core.storage.store import Artefact, Workspace

#: Where colour begins and is full in what is strange to a set, and between two images at least:
#: parts of the distance that 95 % of A's own patches stay below.
STRANGE, PAIR = (1.0, 1.6), (0.3, 0.7)


class Patches:
    """The patches of the images of a comparison that were read.

    Parameters
    ----------
    stored
        The artefact that `core.drifting.patching` wrote.
    """

    def __init__(self, stored: Artefact):
        self._patches, self._strange = stored.arrays["patches"], stored.arrays["strange"]
        self.usual: Mapping[str, float | None] = stored.meta["usual"]
        self.images = stored.tables["images"]
        self.means = {side: stored.arrays[f"mean_{side}"] for side in "ab"
                      if f"mean_{side}" in stored.arrays}  # fmt: skip
        keys = zip(self.images["side"], self.images["row"].tolist(), strict=True)
        self._at = {key: at for at, key in enumerate(keys)}

    def has(self, side: str, row: int) -> bool:
        """Tell whether the patches of an image are kept."""
        return (side, row) in self._at

    def between(self, side: str, row: int, other: str, beside: int) -> np.ndarray:
        """Return how far each patch of an image is from the nearest of another, `(h, w)`.

        1 is what 95 % of the patches of two images of A stay below.

        Raises
        ------
        NotFoundError
            The patches of one of them are not kept.
        """
        one, two = self._of(side, row), self._of(other, beside)
        bank = np.asarray(two, np.float32).reshape(-1, two.shape[-1])
        return apart(one, bank) / _unit(self.usual["pair"])

    def contrast(self, side: str, row: int, other: str, beside: int) -> np.ndarray:
        """Return how strongly the places of an image are coloured against another, 0 to 1.

        Both images of a pair share one scale: from the middle of their own distances to the
        largest, but never from nearly nothing, so that two alike images stay without colour.
        """
        one = self.between(side, row, other, beside)
        both = np.concatenate([one.ravel(), self.between(other, beside, side, row).ravel()])
        low, high = max(PAIR[0], float(np.median(both))), max(PAIR[1], float(both.max()))
        return ramp(one, low, high)

    def nearest(self, side: str, row: int, most: int) -> list[tuple[int, float]]:
        """Return the images of the other side whose patches are nearest: row and distance.

        The distance is the mean, over the patches of the image, of that to the other's nearest.

        Raises
        ------
        NotFoundError
            The patches of the image are not kept.
        """
        one = np.asarray(self._of(side, row), np.float32)
        there = np.flatnonzero((self.images["side"] != side).to_numpy())
        d, unit = one.shape[-1], _unit(self.usual["pair"])
        far = np.array([
            float(apart(one, np.asarray(self._patches[at], np.float32).reshape(-1, d)).mean())
            for at in there.tolist()
        ])  # fmt: skip
        rows = self.images["row"].to_numpy()[there]
        order = np.lexsort((rows, far))[:most]
        return [(int(rows[at]), float(far[at]) / unit) for at in order]

    def strange(self, side: str, row: int) -> np.ndarray:
        """Return how far each patch of an image is from the nearest of the other side, `(h, w)`.

        1 is what 95 % of the patches of A stay below, each to the nearest of other images of A.

        Raises
        ------
        NotFoundError
            The patches of the image are not kept.
        """
        found = np.asarray(self._strange[self._place(side, row)], np.float32)
        return np.asarray(found / _unit(self.usual["among"]))

    def colour(self, side: str, row: int) -> np.ndarray:
        """Return how strongly what is strange in an image is coloured `(h, w)`, 0 to 1."""
        return ramp(self.strange(side, row), *STRANGE)

    def strangest(self, side: str, most: int) -> list[tuple[int, float]]:
        """Return the images of a side with the strangest parts: row and how strange, most first.

        How strange an image is, is the mean of its strangest tenth of patches.
        """
        mine = np.flatnonzero((self.images["side"] == side).to_numpy())
        flat = np.asarray(self._strange[mine], np.float32).reshape(len(mine), -1)
        few = max(1, flat.shape[1] // 10)
        score = np.sort(flat, axis=1)[:, -few:].mean(axis=1) / _unit(self.usual["among"])
        rows = self.images["row"].to_numpy()[mine]
        order = np.lexsort((rows, -score))[:most]
        return [(int(rows[at]), float(score[at])) for at in order]

    def _place(self, side: str, row: int) -> int:
        if not self.has(side, row):
            raise NotFoundError(
                f"the patches of image {row} of {side.upper()} are not kept: those of the tested "
                "and of the most drifted images are"
            )
        return self._at[side, row]

    def _of(self, side: str, row: int) -> np.ndarray:
        return np.asarray(self._patches[self._place(side, row)])


def patches_of_drift(drift: Any, workspace: Workspace) -> Patches | None:
    """Return the patches of a comparison; None where it has none, or they were deleted."""
    key = (drift.meta.get("spatial") or {}).get("patches")
    if not key:
        return None
    try:
        return Patches(workspace.read("patches", str(key)))
    except VitrineError:
        return None


def ramp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return values from `low` to `high` as 0 to 1; those beyond are 0 and 1."""
    return np.asarray(np.clip((values - low) / (high - low), 0, 1))


def _unit(value: float | None) -> float:
    return value if value else 1.0
