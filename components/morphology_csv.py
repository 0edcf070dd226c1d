"""The tables of a comparison as they are downloaded: flat, one fact a column, nothing rounded."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from components.morphology_distances import arranged, joined
from components.morphology_plane import plane_of
from components.morphology_tree import members
from core.errors import NotFoundError


def table_of(comparison: Any, name: str, items: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return a table of a comparison.

    Parameters
    ----------
    comparison
        The comparison as it is stored.
    name
        One of `TABLES`.
    items
        The item table of the set, where its rows are still those of the comparison: units and
        rows then come with the ids and paths of their images.

    Raises
    ------
    NotFoundError
        There is no such table.
    """
    if name not in TABLES:
        raise NotFoundError(f"no table {name!r:.40}: give one of {', '.join(TABLES)}")
    return TABLES[name](comparison, items)


def flat(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return records as a table: intervals as two columns, records inside records with a prefix.

    >>> flat([{"a": 1, "ci": [0.5, 2.0], "warnings": ["x", "y"]}]).to_dict("records")
    [{'a': 1, 'ci_low': 0.5, 'ci_high': 2.0, 'warnings': 'x; y'}]
    """
    return pd.DataFrame([_flat(one) for one in records])


def _flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a record without lists and records in it."""
    found: dict[str, Any] = {}
    for field, value in record.items():
        name = f"{prefix}{field}"
        if name == "ci" or name.endswith("_ci"):
            found[f"{name}_low"], found[f"{name}_high"] = value or (None, None)
        elif isinstance(value, Mapping):
            found |= _flat(value, f"{name}_")
        elif isinstance(value, list | tuple):
            found[name] = "; ".join(str(one) for one in value)
        else:
            found[name] = value
    return found


# -- each table ------------------------------------------------------------------------------------


def _units(comparison: Any, items: pd.DataFrame | None) -> pd.DataFrame:
    """Return the units with the names of their groups, and the image that stands for each."""
    table: pd.DataFrame = _named(comparison, comparison.tables["units"].copy())
    table = table.rename(columns={"head": "head_row"})
    return _with_images(table, "head_row", items, "head_")


def _rows(comparison: Any, items: pd.DataFrame | None) -> pd.DataFrame:
    """Return every image with its unit and its group."""
    units, table = comparison.tables["units"], comparison.tables["rows"].copy()
    place = table["unit"].to_numpy()
    table["unit"] = units["unit"].astype(str).to_numpy()[place]
    table["group"] = units["group"].to_numpy()[place]
    return _with_images(_named(comparison, table), "row", items, "")


def _named(comparison: Any, table: pd.DataFrame) -> pd.DataFrame:
    """Put names in the place of codes of groups."""
    names = {int(one["code"]): one["name"] for one in comparison.meta["design"]["groups"]}
    table["group"] = [names.get(int(code), "") for code in table["group"]]
    return table


def _with_images(
    table: pd.DataFrame, column: str, items: pd.DataFrame | None, prefix: str
) -> pd.DataFrame:
    """Put the id and the path of an image behind its row; nothing where the set has changed."""
    if items is None:
        return table
    at = list(table.columns).index(column) + 1
    rows = table[column].to_numpy()
    for name in ("item_id", "path"):
        if name in items and items[name].notna().any():
            table.insert(at, f"{prefix}{name}", items[name].to_numpy()[rows])
            at += 1
    return table


def _matrix(comparison: Any, items: Any) -> pd.DataFrame:
    """Return the square table of distances, groups in the order of the tree."""
    names, matrix = arranged(comparison.meta)
    table = pd.DataFrame(matrix, columns=names)
    table.insert(0, "group", names, allow_duplicates=True)
    return table


def _plane(comparison: Any, items: Any) -> pd.DataFrame:
    """Return the groups' principal coordinates."""
    names, matrix = arranged(comparison.meta)
    found = plane_of(names, matrix)
    scores = np.full((len(names), 2), np.nan) if found is None else found.scores
    table = pd.DataFrame(scores, columns=["coordinate_1", "coordinate_2"])
    table.insert(0, "group", names)
    return table


def _tree(comparison: Any, items: Any) -> pd.DataFrame:
    """Return the links of the tree: children, height, leaves, support, and the groups below."""
    found = comparison.meta.get("tree")
    if not found or not found.get("links"):
        return pd.DataFrame({name: [] for name in ("node", "first", "second", "height", "leaves",
                                                   "support", "groups")})  # fmt: skip
    leaves = [str(name) for name in found["leaves"]]
    support = found.get("support") or [None] * len(found["links"])
    return pd.DataFrame([
        {"node": len(leaves) + at, "first": int(one), "second": int(two), "height": height,
         "leaves": len(held), "support": sure, "groups": "; ".join(leaves[leaf] for leaf in held)}
        for at, ((one, two, height, *_), held, sure)
        in enumerate(zip(found["links"], members(found["links"]), support, strict=True))
    ])  # fmt: skip


def _meta(*path: str) -> Callable[[Any, Any], pd.DataFrame]:
    """Return what flattens the records at a place in a comparison's meta."""

    def made(comparison: Any, items: Any) -> pd.DataFrame:
        value: Any = comparison.meta
        for name in path:
            value = (value or {}).get(name)
        return flat(value or [])

    return made


def _card(comparison: Any, items: Any) -> pd.DataFrame:
    """Return the checks of the metric card that the comparison was made with."""
    fields = ("name", "title", "topic", "value", "ci", "limit", "status", "text")
    more = ("retrieval", "retrieval_ci", "pictures")
    return flat([
        {**{field: one.get(field) for field in fields},
         **{field: (one.get("details") or {}).get(field) for field in more}}
        for one in _checks(comparison)
    ])  # fmt: skip


def _card_distances(comparison: Any, items: Any) -> pd.DataFrame:
    """Return the share of pairs with one label in each tenth of the distances."""
    one = next((one for one in _checks(comparison) if one["name"] == "calibration"), {})
    details = one.get("details") or {}
    edges = details.get("edges") or []
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "same": details.get("same") or []})


def _checks(comparison: Any) -> list[dict[str, Any]]:
    return (comparison.meta.get("card") or {}).get("checks") or []


def _distances(comparison: Any, items: Any) -> pd.DataFrame:
    """Return every pair of groups with its distance and its test."""
    return flat(joined(comparison.meta, "name"))


#: What makes each table, by its name in the address.
TABLES: dict[str, Callable[[Any, Any], pd.DataFrame]] = {
    "tests": _meta("tests"),
    "groups": _meta("design", "groups"),
    "card": _card,
    "card-distances": _card_distances,
    "units": _units,
    "rows": _rows,
    "distances": _distances,
    "matrix": _matrix,
    "plane": _plane,
    "pairwise": _meta("pairwise"),
    "tree": _tree,
    "dispersion": _meta("dispersion", "groups"),
    "disparity": _meta("disparity", "groups"),
    "disparity-pairs": _meta("disparity", "pairs"),
    "distinct": _meta("distinct", "groups"),
    "supplementary": _meta("ordination", "supplementary"),
    "preset-axis": _meta("lurig", "discriminant", "groups"),
    "preset-likeness": _meta("lurig", "similarity"),
    "preset-within": _meta("lurig", "within"),
}
