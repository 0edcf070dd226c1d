"""The table of a set, its vectors and the list of its files, as other tools read them."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import InputError
from core.export.sources import Source
from core.export.whole import write_whole
from core.ingest.items import free_name
from core.library import OpenSet
from core.opened.values import PLACEMENT
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def export_table(opened: OpenSet, curated: Mapping[str, pd.Series] | None = None) -> pd.DataFrame:
    """Return one row an item: row, every column of the item table, clusters, places on each map.

    Names are those the source gave; computed columns follow: `cluster` (-1 is no theme),
    `cluster_probability`, `outlier_score`, `micro_cluster`, and `<map>_x`, `<map>_y`
    (`<map>_z`), `<map>_faithfulness`. Where images came onto the maps later, `placement` and
    `placement_distance` say how. A part of a set has `base_row` as well, the row in the set.

    Parameters
    ----------
    curated
        What people decided, one value an item; these columns come last.
    """
    table = opened.items.copy()
    table.insert(0, "row", np.arange(len(table)))  # no column is named so, see core.ingest.items
    computed: dict[str, Any] = {}
    if getattr(opened, "is_part", False):
        computed["base_row"] = np.asarray(opened.base_rows)
    themes, micro = opened.clustering("themes"), opened.clustering("micro")
    if themes is not None:
        computed["cluster"] = np.asarray(themes.labels)
        computed["cluster_probability"] = np.asarray(themes.probabilities)
        computed["outlier_score"] = np.asarray(themes.outlier_scores)
    if micro is not None:
        computed["micro_cluster"] = np.asarray(micro.labels)
    placed = getattr(opened, "placement", None)
    if placed is not None:
        computed["placement"] = np.array(PLACEMENT, object)[np.asarray(placed[0])]
        computed["placement_distance"] = np.asarray(placed[1])
    for name in opened.projections:
        projection = opened.projection(name)
        axes = zip("xyz", np.asarray(projection.coordinates).T, strict=False)
        computed |= {f"{name}_{axis}": values for axis, values in axes}
        computed[f"{name}_faithfulness"] = np.asarray(projection.faithfulness)
    for name, values in (curated or {}).items():
        computed[name] = values.array
    for name, values in computed.items():
        table[name if name not in table else free_name(f"vitrine_{name}", dict(table))] = values
    return table


def load_vectors(opened: OpenSet, workspace: Workspace) -> np.ndarray:
    """Return a set's vectors `(n_items, n_dims)` float32, in row order."""
    cache = VectorCache(workspace.root / "vectors" / opened.spec.key, opened.spec)
    return cache.load(list(opened.items["item_id"]))


def write_csv(target: Path, table: pd.DataFrame, *, escape_formulas: bool = False) -> None:
    """Write a table as CSV in UTF-8.

    Values are written as they are. A spreadsheet runs text that begins with = + - or @;
    `escape_formulas` puts an apostrophe before such text (and such column names), which changes
    the data.
    """
    if escape_formulas:
        table = table.copy()
        for name in table.columns:
            if not pd.api.types.is_numeric_dtype(table[name]):
                table[name] = table[name].map(_harmless)
        table.columns = [_harmless(str(name)) for name in table.columns]
    write_whole(target, lambda part: table.to_csv(part, index=False))


def _harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_npy(target: Path, vectors: np.ndarray) -> None:
    """Write vectors as .npy under exactly this name."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, vectors, allow_pickle=False)

    write_whole(target, write)


def write_parquet(target: Path, table: pd.DataFrame, vectors: np.ndarray) -> None:
    """Write the table and, as its last column, the vectors."""

    def write(path: Path) -> None:
        arrow = pa.Table.from_pandas(table, preserve_index=False)
        flat = pa.array(vectors.reshape(-1), pa.float32())
        column = pa.FixedSizeListArray.from_arrays(flat, max(1, vectors.shape[1]))
        pq.write_table(arrow.append_column(free_name("vector", dict(table)), column), path)

    write_whole(target, write)


def path_line(path: str) -> bytes:
    r"""Return a path as one line's bytes, without the line's end.

    A path that holds a control character such as a line break, or begins with a double quote, is
    put in double quotes with backslash escapes, as git lists such paths (`"two\nlines.png"`). All
    others, also bytes that are no UTF-8, are written as the file system has them.
    """
    if path.startswith('"') or any(ord(c) < 32 or ord(c) == 127 for c in path):
        path = "".join(_ESCAPES.get(c) or (c if _shown(c) else f"\\{ord(c):03o}") for c in path)
        path = f'"{path}"'
    return os.fsencode(path)


def _shown(character: str) -> bool:
    """Tell whether a character stands for itself inside quotes."""
    return ord(character) >= 32 and ord(character) != 127


def write_paths(
    target: Path, sources: Sequence[Source], root: Path, *, absolute: bool, null: bool
) -> int:
    """Write one path a line, each file once, in the order given; return how many there are.

    Raises
    ------
    InputError
        None of the items has a file.
    """
    paths = list(dict.fromkeys(source.path for source in sources if source.path))
    if not paths and sources:
        raise InputError("these items are vectors without pictures: there are no paths to list")
    if absolute:
        paths = [str(root / path) for path in paths]
    encode: Callable[[str], bytes] = os.fsencode if null else path_line
    data = b"".join(encode(path) + (b"\0" if null else b"\n") for path in paths)
    write_whole(target, lambda part: _write_bytes(part, data))
    return len(paths)


def _write_bytes(path: Path, data: bytes) -> None:
    """Write bytes; a function, so that a lambda returns nothing."""
    path.write_bytes(data)
