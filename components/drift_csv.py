"""The tables of a comparison of two sets as they are downloaded: flat, nothing rounded."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from components.morphology_csv import flat
from core.drifts import Drift
from core.errors import NotFoundError

#: What a local state is called.
_STATES = {1: "new", 0: "", -1: "vanished"}


def table_of(drift: Drift, name: str, opened: tuple[Any, Any] = (None, None)) -> pd.DataFrame:
    """Return a table of a comparison.

    Parameters
    ----------
    drift
        The comparison as it is stored.
    name
        One of `TABLES`.
    opened
        The sets of both sides, where their rows are still those of the comparison: images then
        come with their paths.

    Raises
    ------
    NotFoundError
        There is no such table.
    """
    if name not in TABLES:
        raise NotFoundError(f"no table {name!r:.40}: give one of {', '.join(TABLES)}")
    return TABLES[name](drift, opened)


def _images(drift: Drift, opened: tuple[Any, Any]) -> pd.DataFrame:
    """Return every image with its counterpart on the other side."""
    table = drift.images.copy()
    ids = {side: drift.of(side).set_index("row")["item_id"] for side in ("a", "b")}
    mine, other = table["side"].to_numpy(), table["counterpart"].to_numpy()
    there = {side: ids["b" if side == "a" else "a"].reindex(other).to_numpy() for side in ids}
    table = table.rename(columns={"side": "set", "counterpart": "counterpart_row"})
    at = list(table.columns).index("counterpart_row")
    table.insert(at, "counterpart", [
        there[side][place] for place, side in enumerate(mine.tolist())
    ])  # fmt: skip
    table["local"] = [_STATES.get(int(state), "") for state in table["local"]]
    paths = [None if one is None or "path" not in one.items else one.items["path"].to_numpy()
             for one in opened]  # fmt: skip
    if all(path is None for path in paths):
        return table
    named = dict(zip(("a", "b"), paths, strict=True))
    found = [
        None if (known := named[side]) is None else known[row]
        for side, row in zip(mine.tolist(), table["row"].tolist(), strict=True)
    ]
    table.insert(list(table.columns).index("item_id") + 1, "path", found)
    return table


def _records(name: str) -> Callable[[Drift, Any], pd.DataFrame]:
    """Return what flattens the records of a field of the comparison's meta."""
    return lambda drift, opened: flat(drift.meta.get(name) or [])


def _components(drift: Drift, opened: Any) -> pd.DataFrame:
    """Return the principal components with how much the sides differ along each."""
    return flat((drift.meta.get("details") or {}).get("components") or [])


def _places(drift: Drift, opened: Any) -> pd.DataFrame:
    """Return the places of the frame, row by row from the top left, counted from 1."""
    found = drift.meta.get("spatial") or {}
    lines = [
        {"row": y + 1, "column": x + 1, "effect": effect, "p": p}
        for y, both in enumerate(zip(found.get("effect") or [], found.get("p") or [], strict=True))
        for x, (effect, p) in enumerate(zip(*both, strict=True))
    ]
    return pd.DataFrame(lines, columns=["row", "column", "effect", "p"])


#: What makes each table, by its name in the address.
TABLES: dict[str, Callable[[Drift, Any], pd.DataFrame]] = {
    "images": _images,
    "clusters": lambda drift, opened: drift.clusters,
    "tests": _records("tests"),
    "explain": _records("explain"),
    "labels": _records("conditional"),
    "components": _components,
    "places": _places,
}
