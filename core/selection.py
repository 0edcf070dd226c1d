"""Selections: rows of a set under an opaque id, made from a polygon, a filter or a cluster."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from core.errors import InputError, NotFoundError
from core.keys import artefact_key
from core.storage.store import Workspace

Mode = Literal["replace", "add", "subtract", "intersect"]

#: Map coordinates travel and are compared as uint16.
SPAN = 65535

#: A polygon with more corners than this is refused; the map sends 64 at most.
MAX_CORNERS = 512


def quantise(coordinates: np.ndarray) -> np.ndarray:
    """Return map coordinates as uint16 `(n, 2)`, x right, y up.

    Both axes share one scale, the map lies centred in the unit square, and a margin of 2 %
    keeps points off its edge. Row order is kept; a third dimension is dropped.
    """
    flat = np.asarray(coordinates, dtype=np.float64)[:, :2]
    if not len(flat):
        return np.zeros((0, 2), np.uint16)
    low, high = flat.min(axis=0), flat.max(axis=0)
    span = float((high - low).max())
    unit = (flat - (low + high) / 2) / span if span > 0 else np.zeros_like(flat)
    return np.clip(np.rint((unit * 0.96 + 0.5) * SPAN), 0, SPAN).astype(np.uint16)


def rows_in_polygon(points: np.ndarray, polygon: Sequence[Sequence[float]]) -> np.ndarray:
    """Return the rows, ascending int64, that lie inside a polygon (even-odd rule).

    Parameters
    ----------
    points
        `(n, 2)` uint16, as `quantise` returns them.
    polygon
        Corners x, y in 0..1 map units, at least three; it closes itself.

    Raises
    ------
    InputError
        The polygon has fewer than 3 or more than 512 corners, or one that is no finite number.
    """
    try:
        corners = np.asarray(polygon, dtype=np.float64)
    except (TypeError, ValueError):
        corners = np.zeros(0)
    if corners.ndim != 2 or corners.shape[1] != 2 or not 3 <= len(corners) <= MAX_CORNERS:
        raise InputError(f"polygon: needs 3 to {MAX_CORNERS} corners of two numbers each")
    if not np.isfinite(corners).all():
        raise InputError("polygon: every corner must be two finite numbers")
    corners = corners * SPAN
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = np.flatnonzero(
        (points[:, 0] >= low[0])
        & (points[:, 0] <= high[0])
        & (points[:, 1] >= low[1])
        & (points[:, 1] <= high[1])
    )
    x = points[near, 0].astype(np.float64)
    y = points[near, 1].astype(np.float64)
    inside = np.zeros(len(near), bool)
    following = np.roll(corners, -1, axis=0)
    for (ax, ay), (bx, by) in zip(corners, following, strict=True):
        if ay == by:
            continue
        crosses = (ay > y) != (by > y)
        inside ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return near[inside]


def combine(rows: np.ndarray, base: np.ndarray | None, mode: Mode) -> np.ndarray:
    """Return `rows` combined with the rows selected before, ascending.

    Raises
    ------
    InputError
        The mode is not one of replace, add, subtract, intersect.
    """
    if mode not in {"replace", "add", "subtract", "intersect"}:
        raise InputError(f"mode {mode!r}: use replace, add, subtract or intersect")
    if base is None or mode == "replace":
        return rows if mode in {"replace", "add", "intersect"} else rows[:0]
    if mode == "add":
        return np.union1d(base, rows)
    if mode == "subtract":
        return np.setdiff1d(base, rows)
    return np.intersect1d(base, rows)


def bitmap(rows: np.ndarray, n: int) -> bytes:
    """Return one bit an item, least significant first, set where its row is selected."""
    mask = np.zeros(n, np.uint8)
    mask[rows] = 1
    return np.packbits(mask, bitorder="little").tobytes()


class Selections:
    """The selections of a workspace, each an artefact named by its content."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace

    def save(self, set_key: str, rows: np.ndarray, provenance: Mapping[str, Any]) -> str:
        """Store rows `(m,)` of the image set `set_key`; the same rows get the same id."""
        rows = np.asarray(rows, dtype=np.int64)
        key = artefact_key("selection", set_key, rows)
        meta = {"set": set_key, "count": len(rows), "provenance": dict(provenance)}
        self._workspace.write("selection", key, meta=meta, arrays={"rows": rows})
        return key

    def choose(
        self,
        set_key: str,
        total: int,
        rows: np.ndarray,
        provenance: Mapping[str, Any],
        *,
        base: str | None = None,
        mode: Mode = "replace",
    ) -> dict[str, Any]:
        """Combine rows with the selection `base`, store the result, and say how many they are.

        Returns
        -------
        dict
            {"selection": its id, "count": its rows, "total": items of the set}.
        """
        before = self.load(base, set_key) if base else None
        found = combine(rows, before, mode)
        key = self.save(set_key, found, provenance)
        return {"selection": key, "count": len(found), "total": total}

    def load(self, key: str, set_key: str) -> np.ndarray:
        """Return a selection's rows.

        Raises
        ------
        NotFoundError
            It does not exist, or belongs to another image set.
        """
        stored = self._workspace.read("selection", key)
        if stored.meta["set"] != set_key:
            raise NotFoundError(
                "this selection belongs to another set, or to this one before it changed; "
                "clear it and select again"
            )
        return np.asarray(stored.arrays["rows"])
