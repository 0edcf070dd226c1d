"""Two small sets that were really compared, for tests of what is shown of a comparison.

"before" is the reference, "after" is held against it. What was planted is known: "wasp" is gone,
"ant" is new, "moth" and "fly" are on both sides; later images are larger by the column "size", and
come two to a "trap".
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from looking import gathered
from making import picture
from PIL import ImageDraw
from vectorsets import vector_set

from core.config import Settings, load_settings
from core.curation import Desk
from core.drifting import run_drift
from core.drifts import Drift, Drifts
from core.imaging.files import sha256_of_file
from core.keys import item_id
from core.library import Library, OpenSet
from core.model import Region
from core.storage.store import Workspace

A, B = "before", "after"
#: Images of each label, by set.
COUNTS = {
    A: {"moth": 40, "fly": 30, "wasp": 30, "ant": 0},
    B: {"moth": 40, "fly": 36, "wasp": 0, "ant": 24},
}
LABELS, DIMS = ("moth", "fly", "wasp", "ant"), 12
NEW, GONE = "ant", "wasp"


@dataclass(frozen=True)
class Example:
    """A workspace in which two sets were compared.

    Attributes
    ----------
    a, b, key
        The reference's set, the other, and the key of their comparison.
    result
        What the job said.
    """

    workspace: Workspace
    a: str
    b: str
    key: str
    result: dict[str, Any]

    @property
    def settings(self) -> Settings:
        return settings_of(self.workspace)

    @property
    def desk(self) -> Desk:
        return Desk(self.workspace)

    @property
    def drift(self) -> Drift:
        return Drifts(self.workspace).open(self.key)

    def open(self, name: str = A, desk: Desk | None = None) -> OpenSet:
        return Library.with_desk(self.workspace, desk or self.desk).open(name)

    def compare(self, **asked: Any) -> dict[str, Any]:
        """Compare again, asked otherwise, and return what the job says."""
        return compare(self.workspace, **asked)

    def copy(self, root: Path) -> "Example":
        """Return a copy under another folder, for a test that writes."""
        shutil.copytree(self.workspace.root.parent, root, dirs_exist_ok=True)
        workspace = Workspace(root / "workspace")
        for name in (self.a, self.b):
            record = workspace.read_set(name)
            workspace.write_set(name, {**record, "root": str(root / "pictures" / name)})
        return Example(workspace, self.a, self.b, self.key, self.result)


def settings_of(workspace: Workspace) -> Settings:
    return load_settings({"workspace": str(workspace.root), "workers": 1, "warm_worker": False}, {})


def compare(workspace: Workspace, **asked: Any) -> dict[str, Any]:
    """Compare two sets of the workspace and return what the job says."""
    request = {"a": A, "b": B, "permutations": 199, **asked}
    return run_drift(request, workspace, settings_of(workspace))


def drifted(root: Path, **asked: Any) -> Example:
    """Write both sets under `root` and compare them."""
    workspace = two_sets(root)
    result = compare(workspace, **asked)
    return Example(workspace, A, B, result["drift"], result)


def two_sets(root: Path, *, pictures: bool = True) -> Workspace:
    """Write both sets, not compared yet, into a workspace under `root`."""
    workspace = Workspace(root / "workspace")
    for name in (A, B):
        table = columns(name)
        given: dict[str, Any] = {column: table[column] for column in table.columns}
        ids = [f"{name}-{row:03}" for row in range(len(table))]
        if pictures:
            folder = root / "pictures" / name
            paths = _pictures(folder, table, name)
            ids = [item_id(sha256_of_file(path), Region()) for path in paths]
            given["path"] = pd.Series([path.name for path in paths], dtype="string")
        themes = np.arange(len(table)) % 2
        vector_set(workspace, vectors(table, name), name=name, ids=ids, themes=themes, **given)
        if pictures:
            record = workspace.read_set(name)
            workspace.write_set(name, {**record, "root": str(folder), "kind": "folder"})
    return workspace


def placed(workspace: Workspace, root: Path, count: int = 30) -> dict[str, Any]:
    """Write sets "plain" and "marked", compare them by place, and return what the job says.

    Pictures of "marked" have a white square in the lower left corner.
    """
    for start, name in enumerate(("plain", "marked")):
        (root / name).mkdir(parents=True)
        for row in range(count):
            image = picture(1000 * start + row, (64, 64))
            if start:
                ImageDraw.Draw(image).rectangle((2, 50, 13, 61), fill=(255, 255, 255))
            image.save(root / name / f"{row:02}.png")
        gathered(workspace, root / name, name, "pixels?side=16&colour=1")
    return compare(workspace, a="plain", b="marked", permutations=99, explain=False, spatial=count)


def columns(name: str) -> pd.DataFrame:
    """Return the columns of a set, a row an image: label, trap and size."""
    random = np.random.default_rng(len(name))
    label = [one for one in LABELS for _ in range(COUNTS[name][one])]
    table = pd.DataFrame({
        "label": pd.Series(label, dtype="string"),
        "trap": pd.Series([f"{name}-{at // 2}" for at in range(len(label))], dtype="string"),
        "size": random.normal(40, 4, len(label)).round(1),
    })  # fmt: skip
    return table.assign(size=table["size"] + (3 if name == B else 0))


def vectors(table: pd.DataFrame, name: str) -> np.ndarray:
    """Return vectors `(n, 12)`: a direction a label, and noise."""
    random = np.random.default_rng(len(name))
    code = table["label"].map({label: at for at, label in enumerate(LABELS)}).to_numpy(int)
    found = 0.25 * random.standard_normal((len(table), DIMS))
    found[np.arange(len(table)), code] += 2.0
    return found


def _pictures(folder: Path, table: pd.DataFrame, name: str) -> list[Path]:
    """Write a picture for each row."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for row in range(len(table)):
        path = folder / f"{row:03}.png"
        picture(row + 1000 * (name == B), (48, 32)).save(path)
        paths.append(path)
    return paths
