"""Selections: rows of a set under an opaque id, their algebra, and how each was made, in words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from core.errors import InputError, NotFoundError, VitrineError
from core.keys import artefact_key, digest
from core.storage.store import Artefact, Workspace

Mode = Literal["replace", "add", "subtract", "intersect"]

#: Map coordinates travel and are compared as uint16.
SPAN = 65535

#: A polygon with more corners than this is refused; the map sends 64 at most.
MAX_CORNERS = 512

#: A sentence about a selection goes back this many steps, and no further than this many letters.
STEPS, LETTERS = 8, 300

EARLIER = "an earlier selection"

#: Rows whose neighbours are looked at together.
_BLOCK = 65_536

_MAPS = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}


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
    except (TypeError, ValueError, OverflowError):
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
    if not isinstance(mode, str) or mode not in {"replace", "add", "subtract", "intersect"}:
        raise InputError(f"mode {str(mode)[:40]!r}: use replace, add, subtract or intersect")
    if base is None or mode == "replace":
        return rows if mode in {"replace", "add", "intersect"} else rows[:0]
    # One byte for each row up to the last: sorting a million rows takes thirty times as long.
    size = 1 + max(int(base.max(initial=-1)), int(rows.max(initial=-1)))
    first, second = np.zeros(size, bool), np.zeros(size, bool)
    first[base], second[rows] = True, True
    if mode == "add":
        return np.flatnonzero(first | second)
    return np.flatnonzero(first & ~second if mode == "subtract" else first & second)


def inverse(rows: np.ndarray, n: int) -> np.ndarray:
    """Return the rows of a set of `n` items that are not among `rows`, ascending int64."""
    left = np.ones(n, bool)
    left[rows] = False
    return np.flatnonzero(left)


def checked_rows(values: Any, n: int, field: str = "rows") -> np.ndarray:
    """Return rows that a request names, ascending int64, each once.

    Raises
    ------
    InputError
        They are no list of whole numbers from 0 to n - 1; the message names `field`.
    """
    good = isinstance(values, list) and all(type(v) is int and 0 <= v < n for v in values)
    if not good:
        raise InputError(f"{field}: needs a list of rows, whole numbers from 0 to {n - 1}")
    return np.unique(np.asarray(values, dtype=np.int64))


def nearest_by_graph(
    indices: np.ndarray, distances: np.ndarray, rows: np.ndarray, k: int
) -> np.ndarray:
    """Return the `k` rows nearest to a selection, by the neighbour graph, ascending int64.

    The distance of a row to the selection is that to the nearest of its images whose neighbour it
    is; ties go to the lower row. Rows of the selection itself are left out. Fewer than `k` come
    back where the graph knows no more.

    Parameters
    ----------
    indices, distances
        `(n, neighbours)`, as `core.model.Neighbors` holds them.
    rows
        The selection.
    k
        How many are wanted.
    """
    nearest = np.full(len(indices), np.inf)
    for start in range(0, len(rows), _BLOCK):  # a large selection has millions of neighbours
        part = rows[start : start + _BLOCK]
        near, away = np.asarray(indices[part]).ravel(), np.asarray(distances[part]).ravel()
        np.minimum.at(nearest, near[near >= 0], away[near >= 0])
    nearest[rows] = np.inf
    found = np.flatnonzero(nearest < np.inf)
    return np.sort(found[np.argsort(nearest[found], kind="stable")[:k]])


def bitmap(rows: np.ndarray, n: int) -> bytes:
    """Return one bit an item, least significant first, set where its row is selected."""
    mask = np.zeros(n, np.uint8)
    mask[rows] = 1
    return np.packbits(mask, bitorder="little").tobytes()


def of_polygon(method: str, polygon: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Return the provenance of what lies in a polygon on the map of a method."""
    corners = [[float(x), float(y)] for x, y in polygon]
    sides = [len({corner[axis] for corner in corners}) for axis in (0, 1)]
    how = "box" if len(corners) == 4 and sides == [2, 2] else "lasso"
    return {"how": how, "map": method, "corners": len(corners), "polygon": digest(corners)[:16]}


def describe(
    provenance: Mapping[str, Any],
    earlier: Callable[[str], Mapping[str, Any] | None] = lambda key: None,
    steps: int = STEPS,
) -> str:
    """Return in words how a selection was made: "lasso on UMAP, then label = moth".

    Parameters
    ----------
    provenance
        As `Selections.save` was given it: `how` and what belongs to it; `mode` and `base` where
        it was combined with an earlier selection.
    earlier
        Gives the provenance of an earlier selection by its id; None where it is gone.
    steps
        How many selections back the sentence goes; before that it says "an earlier selection".
    """

    def told(key: Any) -> str:
        before = earlier(str(key)) if key and steps > 0 else None
        text = describe(before, earlier, steps - 1) if before is not None else EARLIER
        return text if len(text) <= LETTERS else EARLIER

    def aside(key: Any) -> str:
        text = told(key)
        return f"({text})" if ", " in text else text

    how = str(provenance.get("how", ""))
    if how == "invert":
        return f"all but {aside(provenance.get('base'))}"
    if how == "nearest" and provenance.get("of"):
        own = f"the {provenance.get('k')} nearest to {aside(provenance['of'])}"
    else:
        own = aside(provenance.get("with")) if how == "selection" else _step(how, provenance)
    word = {"add": "and", "subtract": "without", "intersect": "then"}.get(
        str(provenance.get("mode", "replace"))
    )
    return f"{told(provenance['base'])}, {word} {own}" if word and provenance.get("base") else own


def _step(how: str, made: Mapping[str, Any]) -> str:
    """Return in words one way to select that needs no other selection."""
    if how in {"lasso", "box", "polygon"}:
        method = str(made.get("map", ""))
        base = method.removesuffix("3d")
        return f"{'box' if how == 'box' else 'lasso'} on {_MAPS.get(base, base) or 'a map'}"
    if how == "filter":
        return _filter_step(str(made.get("column", "a column")), made)
    if how == "cluster":
        word = "Theme" if made.get("kind", "themes") == "themes" else "Group"
        label = made.get("cluster")
        return f"{word} {label + 1}" if isinstance(label, int) and label >= 0 else "unassigned"
    if how == "rows":
        count = made.get("count", 0)
        return "1 picked image" if count == 1 else f"{count:,} picked images"
    if how == "nearest":
        of = f"image {made['row']}" if "row" in made else "a search"
        return f"the {made.get('k')} nearest to {of}"
    if how == "slice":
        return f"slice “{made.get('slice')}”"
    named = {"working": "the working set", "excluded": "what was excluded", "all": "all images"}
    return named.get(how, how or "a selection")


def _filter_step(column: str, made: Mapping[str, Any]) -> str:
    """Return in words what a filter by a column asked for."""
    names, text, missing = made.get("names"), made.get("text"), made.get("missing")
    low, high = made.get("low"), made.get("high")
    if missing is not None:
        return f"{column} {'missing' if missing else 'known'}"
    if names:
        shown = [str(name) or "missing" for name in names]
        if len(shown) > 3:
            shown = [*shown[:2], f"{len(shown) - 2} other values"]
        return f"{column} = {' or '.join(shown)}"
    if text:
        return f"{column} containing “{text}”"
    if low is not None and high is not None:
        return f"{column} from {_value(low)} to {_value(high)}"
    if low is None and high is None:
        return f"filter by {column}"
    end = f"at least {_value(low)}" if high is None else f"at most {_value(high)}"
    return f"{column} {end}"


def _value(value: Any) -> str:
    """Return an end of a range in words: a number, or a date as it was given."""
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)


class Selections:
    """The selections of a workspace, each an artefact named by its content."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace

    def save(
        self,
        set_key: str,
        rows: np.ndarray,
        provenance: Mapping[str, Any],
        total: int | None = None,
    ) -> str:
        """Store rows `(m,)` of the image set `set_key`; the same rows get the same id.

        Rows that were selected before keep the provenance of the first time. `total` is how many
        items the set has.
        """
        rows = np.asarray(rows, dtype=np.int64)
        key = artefact_key("selection", set_key, rows)
        meta = {"set": set_key, "count": len(rows), "total": total, "provenance": dict(provenance)}
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
        joined = {"base": base, "mode": mode} if base and mode != "replace" else {}
        key = self.save(set_key, found, {**provenance, **joined}, total)
        return {"selection": key, "count": len(found), "total": total}

    def stored(self, key: str) -> Artefact:
        """Return a selection as it is stored; `NotFoundError` if none has this id."""
        try:
            return self._workspace.read("selection", key)
        except NotFoundError:
            raise NotFoundError("no selection with this id is kept here; select again") from None

    def load(self, key: str, set_key: str) -> np.ndarray:
        """Return a selection's rows.

        Raises
        ------
        NotFoundError
            It does not exist, or belongs to another image set.
        """
        stored = self.stored(key)
        if stored.meta["set"] != set_key:
            raise NotFoundError(
                "this selection belongs to another set, or to this one before it changed; "
                "clear it and select again"
            )
        return np.asarray(stored.arrays["rows"])

    def provenance(self, key: str) -> dict[str, Any]:
        """Return how a selection was made; `NotFoundError` if it does not exist."""
        return dict(self._workspace.read("selection", key).meta.get("provenance") or {})

    def describe(self, key: str) -> str:
        """Return in words how a selection was made, through those it was made from."""

        def earlier(parent: str) -> dict[str, Any] | None:
            try:
                return self.provenance(parent)
            except VitrineError:  # gone or damaged: the sentence begins later
                return None

        return describe(self.provenance(key), earlier)
