"""Writes a set's items, clusters, map places and vectors to files other tools read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import InputError
from core.library import OpenSet
from core.storage.store import Workspace, storage_errors
from core.storage.vectors import VectorCache

FORMATS = ("csv", "parquet", "npy")


def export_table(opened: OpenSet) -> pd.DataFrame:
    """Return one row an item: row, every column of the item table, clusters, places on each map.

    Names are those the source gave; computed columns follow: `cluster` (-1 is no theme),
    `cluster_probability`, `outlier_score`, `micro_cluster`, and `<map>_x`, `<map>_y`
    (`<map>_z`), `<map>_faithfulness`.
    """
    table = opened.items.copy()
    table.insert(0, "row", np.arange(len(table)))
    computed: dict[str, np.ndarray] = {}
    themes, micro = opened.clustering("themes"), opened.clustering("micro")
    if themes is not None:
        computed["cluster"] = np.asarray(themes.labels)
        computed["cluster_probability"] = np.asarray(themes.probabilities)
        computed["outlier_score"] = np.asarray(themes.outlier_scores)
    if micro is not None:
        computed["micro_cluster"] = np.asarray(micro.labels)
    for name in opened.projections:
        projection = opened.projection(name)
        axes = zip("xyz", np.asarray(projection.coordinates).T, strict=False)
        computed |= {f"{name}_{axis}": values for axis, values in axes}
        computed[f"{name}_faithfulness"] = np.asarray(projection.faithfulness)
    for name, values in computed.items():
        table[name if name not in table else f"vitrine_{name}"] = values
    return table


def load_vectors(opened: OpenSet, workspace: Workspace) -> np.ndarray:
    """Return a set's vectors `(n_items, n_dims)` float32, in row order."""
    cache = VectorCache(workspace.root / "vectors" / opened.spec.key, opened.spec)
    return cache.load(list(opened.items["item_id"]))


def export_set(
    opened: OpenSet,
    workspace: Workspace,
    to: str,
    target: Path,
    rows: Sequence[int] | None = None,
) -> list[Path]:
    """Write a set, or some of its rows, and return the files written.

    Parameters
    ----------
    to
        csv: the table. parquet: the table and a column `vector`. npy: the vectors, and the table
        beside them as CSV with the same stem.
    target
        The file to write; its folder must exist.
    rows
        Rows to keep; None keeps all.

    Raises
    ------
    InputError
        The format is unknown or the target's folder does not exist.
    StorageError
        The disk is full or refuses.
    """
    if to not in FORMATS:
        raise InputError(f"format {to!r}: use one of {', '.join(FORMATS)}")
    if not target.parent.is_dir():
        raise InputError(f"the folder {target.parent} does not exist; make it first")
    table = export_table(opened)
    keep = np.arange(len(table)) if rows is None else np.asarray(rows, dtype=np.int64)
    table = table.iloc[keep]
    with storage_errors(f"writing {target}"):
        if to == "csv":
            table.to_csv(target, index=False)
            return [target]
        vectors = load_vectors(opened, workspace)[keep]
        if to == "npy":
            np.save(target, vectors, allow_pickle=False)
            written = target if target.suffix == ".npy" else target.with_name(f"{target.name}.npy")
            beside = written.with_suffix(".csv")
            table.to_csv(beside, index=False)
            return [written, beside]
        arrow = pa.Table.from_pandas(table, preserve_index=False)
        flat = pa.array(vectors.reshape(-1), pa.float32())
        column = pa.FixedSizeListArray.from_arrays(flat, max(1, vectors.shape[1]))
        pq.write_table(arrow.append_column("vector", column), target)
        return [target]
