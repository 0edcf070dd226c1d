"""A comparison of four groups with every number chosen: what its views show is known.

Groups stand on a line at 0, 1, 4 and 9, so distances are differences of these; of the last there
is one unit only, which has no distance.
"""

import copy
from typing import Any

import numpy as np
import pandas as pd
from morphology_fake import FormSet, comparison, designed
from scipy.cluster.hierarchy import linkage

PLACES = {"ant": 0.0, "bee": 1.0, "cat": 4.0}
NAMES = [*PLACES, "dog <b>"]
#: Units a group, in the order of `NAMES`.
UNITS = (4, 3, 4, 1)


def distances() -> list[dict[str, Any]]:
    """Pairs of groups; that of ant and bee was below nothing, so it has no interval above 0."""
    names = list(PLACES)
    found = []
    for at, a in enumerate(names):
        for b in names[at + 1 :]:
            far = abs(PLACES[a] - PLACES[b])
            found.append({"a": a, "b": b, "distance": far, "ci": [0.5 * far, 1.5 * far],
                          "truncated": False})  # fmt: skip
    return found


def pairwise() -> list[dict[str, Any]]:
    return [
        {"a": one["a"], "b": one["b"], "effect": 0.25, "statistic": 8.125, "p": 0.002,
         "p_adjusted": 0.006, "p_min": 0.001, "n_units": 7, "status": "ok", "warnings": ["few"]}
        for one in distances()
    ]  # fmt: skip


def tree() -> dict[str, Any]:
    table = np.array([[abs(a - b) for b in PLACES.values()] for a in PLACES.values()])
    links = linkage(table[np.triu_indices(3, 1)], "average")
    return {"links": links.tolist(), "leaves": list(PLACES), "cophenetic": 0.95,
            "support": [0.97, 1.0]}  # fmt: skip


def units() -> pd.DataFrame:
    """Twelve units, one an image; axis 1 is the row itself, axis 2 its square."""
    group = np.repeat(np.arange(4), UNITS)
    row = np.arange(12)
    measures = {
        name: (row * (at + 1)) / 10.0
        for at, name in enumerate(
            ("distinctiveness", "uniqueness", "originality", "specialisation")
        )
    }
    table = pd.DataFrame({"unit": [f"u{r}" for r in row], "group": group, "images": 1, "head": row})
    for name, values in measures.items():
        table[name] = values
        table[f"{name}_percentile"] = row / 11
        table[f"{name}_percentile_group"] = 0.5
    table["centroid"] = np.abs(row - np.array([1.0, 5.0, 9.0, 11.0])[group])
    table["axis1"], table["axis2"] = row - 5.5, (row - 5.5) ** 2 - 11.9
    table["axis3"] = 0.0
    return table


def supplementary() -> list[dict[str, Any]]:
    told = [("weight", 1, 0.9, 0.003), ("weight", 2, -0.1, 0.8), ("width", 1, None, None),
            ("width", 2, None, None), ("age", 1, 0.2, 0.4), ("age", 2, -0.7, 0.04)]  # fmt: skip
    return [
        {"column": column, "axis": axis, "r": r, "p": p, "p_adjusted": p, "n": 12}
        for column, axis, r, p in told
    ]


def lurig() -> dict[str, Any]:
    sides = [
        {"group": name, "units": n, "pole": name in {"ant", "cat"}, "unseen": True,
         "mean": PLACES.get(name, 9.0) / 4, "low": PLACES.get(name, 9.0) / 4 - 0.25,
         "high": PLACES.get(name, 9.0) / 4 + 0.125, "second": 0.25}
        for name, n in zip(NAMES, UNITS, strict=True)
    ]  # fmt: skip
    return {
        "components": 9, "explained": 0.953, "dimensions": 64,
        "discriminant": {"poles": ["ant", "cat"], "components": 7, "units": [4, 4],
                         "trimmed": [1, 0], "auc": 0.93, "auc_folds": [0.9, 0.96],
                         "trimmed_auc": None, "groups": sides},
        "similarity": [{"group": "ant", "a": "left", "b": "right", "units_a": 4, "units_b": 3,
                        "all": 0.91, "axis": 0.88}],
        "between": [{"a": "left", "b": "right", "all": 0.52}],
        "within": [{"group": "ant", "units": 4, "mean": 0.8}, {"group": "cat", "units": 4,
                                                               "mean": 0.7}],
        "exemplars": [{"group": name, "unit": at} for name, at in zip(NAMES, (1, 5, 9, 11),
                                                                      strict=True)],
        "warnings": ["likeness depends on the origin"],
    }  # fmt: skip


def shapes(**changes: Any) -> Any:
    """Return the comparison, with some fields of its meta replaced."""
    groups = [
        {"name": name, "code": code, "units": n, "images": n, "tested": n >= 3}
        for code, (name, n) in enumerate(zip(NAMES, UNITS, strict=True))
    ]
    varied = [
        {"name": name, "units": n, "variance": (at + 1) / 8 if n > 1 else None,
         "variance_ci": [at / 8, (at + 2) / 8] if n > 1 else None,
         "distance": (at + 1) / 4 if n > 1 else None,
         "distance_ci": [at / 4, (at + 2) / 4] if n > 1 else None, "hull": None}
        for at, (name, n) in enumerate(zip(NAMES, UNITS, strict=True))
    ]  # fmt: skip
    means = units().groupby("group")[["distinctiveness", "uniqueness", "originality",
                                      "specialisation"]].mean()  # fmt: skip
    fields = {
        "design": designed(groups=groups), "distances": distances(), "pairwise": pairwise(),
        "tree": tree(),
        "disparity": {"groups": varied, "pairs": [
            {"a": "ant", "b": "bee", "estimate": -0.125, "ci": [-0.25, 0.0], "p": 0.03,
             "p_adjusted": 0.04},
            {"a": "ant", "b": "cat", "estimate": -0.25, "ci": [-0.5, 0.25], "p": 0.3,
             "p_adjusted": 0.3}]},
        "distinct": {"groups": [
            {"name": name, "p": 0.5 - code / 10, "p_adjusted": 0.5, **means.loc[code].to_dict()}
            for code, name in enumerate(NAMES)]},
        "ordination": {"method": "PCA", "explained": [0.6, 0.3, 0.0], "axes": 3,
                       "supplementary": supplementary(), "note": ""},
        "lurig": lurig(),
    }  # fmt: skip
    made = comparison(**{**copy.deepcopy(fields), **changes})
    table = units()
    made.tables = {
        "units": table,
        "rows": pd.DataFrame({"row": table["head"], "unit": np.arange(12)}),
    }
    return made


def keys(**more: str) -> dict[str, str]:
    """Return the keys of an address of this comparison."""
    return {"set": "moths", "view": "distances", "key": "c" * 32, **more}


__all__ = ["NAMES", "PLACES", "FormSet", "keys", "shapes", "units"]
