"""What a selection can be made from: one function for the HTTP route and for the buttons."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from components.answers import text
from components.state import services
from core.errors import InputError, NotFoundError
from core.selection import checked_rows, combine, inverse, nearest_by_graph

#: Names of slices that are not a person's: the working set, and what was taken out of it.
WORKING, EXCLUDED = ":working", ":excluded"

#: What is done with the selection that a request starts from, by the name of the operation.
COMBINING = {"union": "add", "difference": "subtract", "intersect": "intersect"}

#: What a gallery writes over a picture; "" over all others.
MARKS = {"keep": "kept", "drop": "dropped", "exclude": "excluded"}

Found = tuple[np.ndarray, dict[str, Any]]


def service(name: str) -> Any:
    """Return a service that the app may lack, None where it does."""
    return getattr(services(), name, None)


def view_of(opened: Any) -> Any:
    """Return what was decided about an open set; None where decisions are not kept."""
    desk = service("curation")
    return None if desk is None else desk.view(opened)


def select(opened: Any, op: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Make a selection of an open set, and say how many rows it has.

    Parameters
    ----------
    opened
        A set or a part.
    op
        invert, union, intersect, difference, rows, nearest, slice, cluster, working or excluded.
    given
        `base`, the selection to start from, and what the operation needs:
        union, intersect, difference: `with`, another selection, or `slice`;
        rows: `rows`, or `all` with `except` and the keys of a gallery (`window_rows`);
        nearest: `k` and `row` or `query`, else those nearest to `base`;
        slice: `slice`; cluster: `cluster` and `kind`.
        The last six combine with `base` as `mode` says; `nearest` to `base` replaces it or adds.

    Returns
    -------
    dict
        {"selection", "count", "total"}.

    Raises
    ------
    InputError, NotFoundError
        A field is missing, cannot be used, or names what is not there; the message names it.
    """
    if op in COMBINING:
        _needed(given, "base", f"the selection to start from; {op} joins two")
        rows, made = _other(opened, given)
        mode = COMBINING[op]
    elif op in _MAKERS:
        rows, made = _MAKERS[op](opened, given)
        mode = "replace" if op == "invert" else given.get("mode") or "replace"
    else:
        known = ", ".join([*COMBINING, *_MAKERS])
        raise InputError(f"op: {op!r} is not one of {known}")
    chosen: dict[str, Any] = services().selections.choose(
        opened.key, len(opened), rows, made, base=_text(given, "base"), mode=mode
    )
    return chosen


def _text(given: Mapping[str, Any], field: str) -> str | None:
    """Return a field as text; None where it is empty."""
    return text(given, field) or None


def _needed(given: Mapping[str, Any], field: str, what: str) -> str:
    """Return a field as text, else say what is missing."""
    value = _text(given, field)
    if value is None:
        raise InputError(f"{field}: give {what}")
    return value


def _whole(given: Mapping[str, Any], field: str, least: int, most: int) -> int:
    """Return a whole number of a request."""
    try:
        value = int(str(given.get(field)))
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise InputError(f"{field}: needs a whole number from {least} to {most}")
    return value


def _other(opened: Any, given: Mapping[str, Any]) -> Found:
    """Return the selection or slice to combine with."""
    if _text(given, "slice"):
        return _slice(opened, given)
    other = _needed(given, "with", "another selection, or a slice")
    return services().selections.load(other, opened.key), {"how": "selection", "with": other}


def _invert(opened: Any, given: Mapping[str, Any]) -> Found:
    base = _needed(given, "base", "the selection to invert")
    rows = inverse(services().selections.load(base, opened.key), len(opened))
    return rows, {"how": "invert", "base": base}


def _rows(opened: Any, given: Mapping[str, Any]) -> Found:
    if not given.get("all"):
        rows = checked_rows(given.get("rows"), len(opened))
        return rows, {"how": "rows", "count": len(rows)}
    left_out = checked_rows(given.get("except") or [], len(opened), "except")
    rows = combine(left_out, window_rows(opened, given), "subtract")
    return rows, {"how": "rows", "count": len(rows)}


def _nearest(opened: Any, given: Mapping[str, Any]) -> Found:
    k = _whole(given, "k", 1, max(1, len(opened)))
    row, query, base = given.get("row"), _text(given, "query"), _text(given, "base")
    if row is None and query is None:
        if base is None:
            raise InputError("nearest: give row, query or base, what is to be near")
        if opened.neighbors is None:
            raise NotFoundError("nearest: this set has no neighbour graph yet; see the jobs")
        graph, rows = opened.neighbors, services().selections.load(base, opened.key)
        near = nearest_by_graph(graph.indices, graph.distances, rows, k)
        return near, {"how": "nearest", "k": k, "of": base}
    searches = service("search")
    if searches is None:
        raise NotFoundError("nearest: searching is not available here")
    of = query if query is not None else _whole(given, "row", 0, len(opened) - 1)
    near = np.unique(np.asarray(searches.nearest(opened, of, k), np.int64))
    return near, {"how": "nearest", "k": k, "query" if query is not None else "row": of}


def _slice(opened: Any, given: Mapping[str, Any]) -> Found:
    name = _needed(given, "slice", "the name of a slice")
    if name == WORKING:
        return _working(opened, given)
    if name == EXCLUDED:
        return _excluded(opened, given)
    return _decided(opened).slice(name).rows, {"how": "slice", "slice": name}


def _cluster(opened: Any, given: Mapping[str, Any]) -> Found:
    label = _whole(given, "cluster", -1, max(0, len(opened)))
    kind = _text(given, "kind") or "themes"
    return opened.cluster_rows(label, kind), {"how": "cluster", "cluster": label, "kind": kind}


def _working(opened: Any, given: Mapping[str, Any]) -> Found:
    return _decided(opened).working, {"how": "working"}


def _excluded(opened: Any, given: Mapping[str, Any]) -> Found:
    return _decided(opened).excluded, {"how": "excluded"}


def _decided(opened: Any) -> Any:
    view = view_of(opened)
    if view is None:
        raise NotFoundError("slices and decisions are not kept here")
    return view


_MAKERS: dict[str, Callable[[Any, Mapping[str, Any]], Found]] = {
    "invert": _invert,
    "rows": _rows,
    "nearest": _nearest,
    "slice": _slice,
    "cluster": _cluster,
    "working": _working,
    "excluded": _excluded,
}


def window_rows(opened: Any, given: Mapping[str, Any]) -> np.ndarray:
    """Return the rows that a gallery address names, ascending: a selection, a cluster, or all."""
    rows = np.arange(len(opened))
    if given.get("cluster") not in (None, ""):
        rows = _cluster(opened, given)[0]
    if given.get("selection"):
        chosen = services().selections.load(str(given["selection"]), opened.key)
        rows = combine(chosen, rows, "intersect") if len(rows) < len(opened) else np.asarray(chosen)
    return rows


def marks_of(view: Any, rows: np.ndarray) -> list[str]:
    """Return what was decided about each of these rows, in a word; "" for most.

    What is out of the working set says so, whatever else was decided about it.
    """
    out = np.isin(rows, view.excluded)
    marks = [""] * len(rows)
    for decision, word in MARKS.items():
        decided = view.decisions.get(decision)
        if decided is None or not len(decided):
            continue
        for at in np.flatnonzero(np.isin(rows, decided)):
            marks[at] = word
    return ["excluded" if gone and m in {"", "kept"} else m
            for m, gone in zip(marks, out.tolist(), strict=True)]  # fmt: skip
