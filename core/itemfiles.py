"""Where the picture of each item lies, as what decodes it wants to know."""

from pathlib import Path
from typing import Any, cast

import pandas as pd

from core.imaging.decode import ItemFile
from core.storage.records import region_of


def files_of(items: pd.DataFrame, root: str, wanted: set[str] | None = None) -> list[ItemFile]:
    """Return each different item once, in the order of the table.

    Parameters
    ----------
    items
        The item table of a set.
    root
        What its paths are relative to.
    wanted
        Ids of the items that are wanted; None wants all.
    """
    seen: set[str] = set()
    files = []
    for row in cast(list[dict[str, Any]], items.to_dict("records")):
        key, path = row["item_id"], row["path"]
        if key in seen or not isinstance(path, str) or not path:
            continue
        seen.add(key)
        if wanted is None or key in wanted:
            files.append(ItemFile(key, Path(root) / path, region_of(row), Path(root)))
    return files
