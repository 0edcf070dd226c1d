"""The condensed tree: how dense regions split as density rises, and which of them are themes."""

import numpy as np
import pandas as pd

#: λ = 1 / distance is never taken as larger: it stays finite among duplicates.
LARGEST = 1e6

COLUMNS = {
    "node": "int32", "parent": "int32", "birth": "float64", "death": "float64", "size": "int64",
    "selected": "int32",
}  # fmt: skip


def no_tree() -> pd.DataFrame:
    """Return a tree without nodes."""
    return pd.DataFrame({name: np.zeros(0, kind) for name, kind in COLUMNS.items()})


def cluster_tree(raw: np.ndarray, labels: np.ndarray, number: np.ndarray) -> pd.DataFrame:
    """Return the clusters of HDBSCAN's condensed tree.

    Parameters
    ----------
    raw
        The tree as hdbscan gives it: a record array of `parent`, `child`, `lambda_val` and
        `child_size`, one entry for each item that leaves a cluster and for each cluster that
        splits off; nodes below n are items, n is the root, children have larger numbers than
        their parents.
    labels
        HDBSCAN's own label of each item `(n,)`, −1 for none.
    number
        Theme that each of HDBSCAN's labels became `(k,)`, −1 for none.

    Returns
    -------
    pandas.DataFrame
        One row a cluster, parents before children: `node` (0 is the root), `parent` (−1 for the
        root), `birth` and `death` (the λ = 1 / distance at which it splits off, 0 for the root,
        and at which it splits or its last item leaves), `size` (items when born) and `selected`
        (the theme it is, −1 if none).
    """
    n = len(labels)
    count = int(raw["parent"].max()) - n + 1
    above = raw["parent"].astype(np.int64) - n
    split = raw["child_size"] > 1
    child = raw["child"][split].astype(np.int64) - n
    count = max(count, int(child.max(initial=-1)) + 1)
    reached = np.minimum(np.nan_to_num(raw["lambda_val"], posinf=LARGEST), LARGEST)
    parent = np.full(count, -1, np.int32)
    parent[child] = above[split]
    birth, death = np.zeros(count), np.zeros(count)
    birth[child] = reached[split]
    np.maximum.at(death, above, reached)
    size = np.full(count, n, np.int64)
    size[child] = raw["child_size"][split]
    items = raw[~split]
    theme = _one_label(labels[items["child"]], items["parent"].astype(np.int64) - n, parent)
    return pd.DataFrame(
        {
            "node": np.arange(count), "parent": parent, "birth": birth, "death": death,
            "size": size, "selected": np.where(theme >= 0, np.append(number, -1)[theme], -1),
        }
    ).astype(COLUMNS)  # fmt: skip


def _one_label(labels: np.ndarray, node: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """Return the label of each selected node, −1 for others.

    A selected cluster is the highest node whose items all have one label: above it there is
    always another selected cluster, or an item in none.
    """
    low = np.full(len(parent), np.iinfo(np.int64).max)
    high = np.full(len(parent), -2)
    np.minimum.at(low, node, labels)
    np.maximum.at(high, node, labels)
    for child in range(len(parent) - 1, 0, -1):
        low[parent[child]] = min(low[parent[child]], low[child])
        high[parent[child]] = max(high[parent[child]], high[child])
    pure = np.where(low == high, high, -1)
    beneath = np.concatenate([[False], pure[parent[1:]] >= 0])
    theme: np.ndarray = np.where(beneath, -1, pure)
    return theme
