"""Sets of files on disk, without a pipeline behind them, for labels from and to files."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from curating import SPEC

from core.opened.addresses import make_addresses, occurrences


class FileSet:
    """A set of files: `{path: content}`; the same content is an identical file.

    The files are named as pictures; nothing here looks into them.
    """

    is_part = False
    kind = "folder"

    def __init__(self, root: Path, files: dict[str, str], labels: Any = None, **columns: Any):
        self.name, self.root, self.spec, self.broken = "moths", root, SPEC, ()
        ids = []
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode())
            ids.append(hashlib.sha256(content.encode()).hexdigest())
        self.items = pd.DataFrame(
            {
                "item_id": pd.Series(ids, dtype="string"),
                "path": pd.Series(list(files), dtype="string"),
                "label": pd.Series(labels or [None] * len(files), dtype="string"),
                **{name: pd.Series(values) for name, values in columns.items()},
            }
        )
        self.key = hashlib.sha256("".join([*files, *ids]).encode()).hexdigest()
        self.addresses = make_addresses(self.items["item_id"], occurrences(self.items["item_id"]))
        self.request, self.summary, self.clusterings = {"source": str(root)}, {}, {}

    def __len__(self) -> int:
        return len(self.items)

    @property
    def base(self) -> "FileSet":
        return self

    @property
    def base_rows(self) -> np.ndarray:
        return np.arange(len(self))


class FilePart(FileSet):
    """Some rows of a set of files."""

    is_part = True

    def __init__(self, base: FileSet, rows: list[int]):
        self._base, self._rows = base, np.array(rows, np.int64)
        self.name, self.key, self.root = f"{base.name}/part", f"{base.key} {rows}", base.root
        self.items = base.items.iloc[rows].reset_index(drop=True)
        self.addresses = [base.addresses[row] for row in rows]
        self.request, self.spec = base.request, base.spec

    @property
    def base(self) -> FileSet:
        return self._base

    @property
    def base_rows(self) -> np.ndarray:
        return self._rows


#: Two names in two folders, a name of its own, a file twice under two names and one twice under
#: the same; a name in capitals, one with a space, one composed of two characters.
FILES = {
    "moth/0.png": "a",
    "wasp/0.png": "b",
    "moth/only.jpg": "c",
    "wasp/copy.png": "c",
    "moth/1.png": "d",
    "wasp/1.png": "d",
    "bee/IMG_7.JPG": "e",
    "bee/two words.png": "f",
    "a\u0308.png": "g",
    "top.png": "h",
}
