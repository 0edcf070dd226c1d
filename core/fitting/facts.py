"""What is known of each picture once it was decoded, as columns of its set."""

from typing import Any

import pandas as pd

from core.ingest.items import free_name, same_values

#: The columns.
FACTS = ("width", "height", "format", "mode", "notes")


def with_facts(items: pd.DataFrame, facts: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return an item table with width, height, format, mode and notes of each picture.

    A given column of such a name and other content is renamed with "_given"; where the set has no
    pictures to tell of, it keeps its name.

    Parameters
    ----------
    items
        The item table.
    facts
        What is known, by item id.
    """
    known = [facts.get(key, {}) for key in items["item_id"]]
    columns: dict[str, pd.Series] = {}
    for name in ("width", "height"):
        columns[name] = pd.Series([f.get(name) for f in known], dtype="Int32")
    for name in ("format", "mode"):
        columns[name] = pd.Series([f.get(name) for f in known], dtype="string")
    columns["notes"] = pd.Series(["; ".join(f.get("notes", ())) for f in known], dtype="string")
    for name, values in columns.items():
        if name in items:
            if not any(known) or same_values(items[name], values):
                continue
            items = items.rename(columns={name: free_name(f"{name}_given", dict(items))})
        items = items.assign(**{name: values.to_numpy(dtype=object)})
        items[name] = items[name].astype(values.dtype)
    return items
