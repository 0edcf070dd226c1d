"""Writes a set's items, clusters, map places and vectors to files other tools read."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import InputError
from core.ingest.items import free_name
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
    table.insert(0, "row", np.arange(len(table)))  # no column is named so, see core.ingest.items
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
        table[name if name not in table else free_name(f"vitrine_{name}", dict(table))] = values
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
    vectors = None if to == "csv" else load_vectors(opened, workspace)[keep]
    if to == "npy" and target.suffix != ".npy":
        target = target.with_name(f"{target.name}.npy")
    written = [target]
    if vectors is not None and to == "parquet":
        _write_whole(target, lambda part: _write_parquet(part, table, vectors))
    elif vectors is not None:
        written.append(target.with_suffix(".csv"))
        _write_whole(target, lambda part: _write_npy(part, vectors))
    if to != "parquet":
        _write_whole(written[-1], lambda part: table.to_csv(part, index=False))
    return written


def _write_npy(path: Path, vectors: np.ndarray) -> None:
    """Write vectors as .npy under exactly this name."""
    with path.open("wb") as file:
        np.save(file, vectors, allow_pickle=False)


def _write_parquet(path: Path, table: pd.DataFrame, vectors: np.ndarray) -> None:
    """Write the table and, as its last column, the vectors."""
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    flat = pa.array(vectors.reshape(-1), pa.float32())
    column = pa.FixedSizeListArray.from_arrays(flat, max(1, vectors.shape[1]))
    pq.write_table(arrow.append_column(free_name("vector", dict(table)), column), path)


def _write_whole(target: Path, write: Callable[[Path], None]) -> None:
    """Write beside the target and move it there, so that a full disk spoils no earlier export."""
    if target.is_symlink():
        target = target.resolve()
    if target.exists() and not target.is_file():  # a pipe or a device, such as /dev/stdout
        with storage_errors(f"writing {target}"):
            write(target)
        return
    with (
        storage_errors(f"writing {target}"),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as folder,
    ):
        part = Path(folder) / "part"
        write(part)
        part.replace(target)
