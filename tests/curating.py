"""Sets that a curation log can belong to, without a pipeline behind them."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from core.model import BrokenFile, EncoderSpec
from core.opened.addresses import make_addresses, occurrences
from core.storage.store import Workspace

SPEC = EncoderSpec("pixels", "", "hand-made", 64)


class SmallSet:
    """A set of some item ids, named by their letters: "abca" has a copy of its first item."""

    is_part = False

    def __init__(self, letters: str = "abcdefghijkl", name: str = "moths", broken: Any = ()):
        self.name, self.kind, self.spec = name, "folder", SPEC
        self.key = f"key of {letters} {broken}"
        ids = pd.Series([item(letter) for letter in letters], dtype="string")
        paths = [f"{letter}{row}.png" for row, letter in enumerate(letters)]
        labels = pd.Series(["moth", "wasp"] * len(letters), dtype="string")[: len(letters)]
        self.items = pd.DataFrame({"item_id": ids, "path": paths, "label": labels})
        self.addresses = make_addresses(ids, occurrences(ids))
        self.broken = tuple(BrokenFile(path, "empty") for path in broken)
        self.request, self.summary = {"seed": 7, "source": "/secret/place", "encoder": "pixels"}, {}
        self.clusterings = {"themes": SimpleNamespace(key="themes-key", table=range(6))}

    def __len__(self) -> int:
        return len(self.items)

    @property
    def base(self) -> "SmallSet":
        return self

    @property
    def base_rows(self) -> np.ndarray:
        return np.arange(len(self))

    def clustering(self, kind: str = "themes") -> Any:
        return self.clusterings.get(kind)

    clustering_as_found = clustering


class SmallPart(SmallSet):
    """Some rows of a set."""

    is_part = True

    def __init__(self, base: SmallSet, rows: list[int]):
        self._base, self._rows = base, np.array(rows, np.int64)
        self.name, self.key = f"{base.name}/{'0' * 16}", f"{base.key} {rows}"
        self.items = base.items.iloc[rows].reset_index(drop=True)
        self.addresses = [base.addresses[row] for row in rows]
        self.clusterings = {"themes": SimpleNamespace(key="part-key", table=range(2))}

    @property
    def base(self) -> SmallSet:
        return self._base

    @property
    def base_rows(self) -> np.ndarray:
        return self._rows


def item(letter: str) -> str:
    """Return the item id that a letter stands for."""
    return f"{ord(letter):064x}"


def named(workspace: Workspace, opened: SmallSet) -> SmallSet:
    """Store a record for the set, as a run does, and return it."""
    workspace.write_set(opened.name, {"name": opened.name, "imageset": opened.key})
    return opened
