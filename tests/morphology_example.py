"""A small set of butterflies whose forms were really compared, for tests of what is shown of it.

Four species at two sites, six specimens of each, two sides of each specimen, one or two pictures
of a side. What was planted is known: species differ, the hind side differs a little from the fore
side, specimens of site "north" are paler, larger ones lie farther along one direction, and the
last species is the most varied one.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from making import picture
from PIL import Image
from vectorsets import vector_set

from core.comparing import run_gradient, run_morphology
from core.comparisons import Comparison, Comparisons
from core.config import Settings, load_settings
from core.curation import Desk
from core.imaging.files import sha256_of_file
from core.keys import item_id
from core.library import Library, OpenSet
from core.model import Region
from core.storage.store import Workspace

SPECIES = ("apollo", "brimstone", "comma", "dryad")
SIDES, SITES = ("dorsal", "ventral"), ("north", "south")
SPECIMENS, DIMS = 6, 12
#: Pictures in all: of each side of a specimen two, of the last specimen of a species one.
TOTAL = len(SPECIES) * (2 * 2 * (SPECIMENS - 1) + 2)
NAME = "butterflies"
#: What the comparison was asked for, beside the name of the set.
REQUEST = {
    "by": "label", "unit": "specimen", "covariates": ["size"], "preset": "lurig", "pair": "side",
    "permutations": 199, "draws": 50,
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A workspace in which a comparison, and a gradient, were made.

    Attributes
    ----------
    key, gradient
        Of the comparison by species with the specimen as unit, and of the gradient between the
        first two species; "" where it was not asked for.
    result
        What the job that compared said.
    """

    workspace: Workspace
    name: str
    key: str
    gradient: str
    result: dict[str, Any]

    @property
    def settings(self) -> Settings:
        return settings_of(self.workspace)

    @property
    def desk(self) -> Desk:
        return Desk(self.workspace)

    @property
    def comparison(self) -> Comparison:
        return Comparisons(self.workspace).open(self.key)

    def open(self, desk: Desk | None = None) -> OpenSet:
        return Library.with_desk(self.workspace, desk or self.desk).open(self.name)

    def compare(self, **asked: Any) -> dict[str, Any]:
        """Compare again, asked otherwise, and return what the job says."""
        return compare(self.workspace, self.name, **asked)

    def copy(self, root: Path) -> "Example":
        """Return a copy under another folder, for a test that writes."""
        shutil.copytree(self.workspace.root.parent, root, dirs_exist_ok=True)
        workspace = Workspace(root / "workspace")
        record = workspace.read_set(self.name)
        workspace.write_set(self.name, {**record, "root": str(root / "pictures")})
        return Example(workspace, self.name, self.key, self.gradient, self.result)


def settings_of(workspace: Workspace) -> Settings:
    return load_settings({"workspace": str(workspace.root), "workers": 1, "warm_worker": False}, {})


def compare(workspace: Workspace, name: str = NAME, **asked: Any) -> dict[str, Any]:
    """Compare groups of a set of the workspace and return what the job says."""
    return run_morphology({"name": name, **asked}, workspace, settings_of(workspace))


def compared(root: Path, *, gradient: bool = True, **asked: Any) -> Example:
    """Write the set under `root`, compare its species, and lay a gradient between two of them."""
    workspace = butterflies(root)
    result = compare(workspace, NAME, **{**REQUEST, **asked})
    key = ""
    if gradient:
        made = run_gradient(
            {"name": NAME, "kind": "means", "by": "label", "a": SPECIES[0], "b": SPECIES[1],
             "unit": "specimen"},
            workspace, settings_of(workspace), None,
        )  # fmt: skip
        key = made["gradient"]
    return Example(workspace, NAME, result["comparison"], key, result)


def butterflies(root: Path, *, pictures: bool = True, name: str = NAME) -> Workspace:
    """Write the set, not compared yet, into a workspace under `root`."""
    workspace = Workspace(root / "workspace")
    table = columns()
    ids = None
    given: dict[str, Any] = {column: table[column] for column in table.columns}
    if pictures:
        paths = _pictures(root / "pictures", table)
        ids = [item_id(sha256_of_file(path), Region()) for path in paths]
        given["path"] = pd.Series([path.name for path in paths], dtype="string")
    vector_set(workspace, vectors(table), name=name, ids=ids, themes=np.arange(TOTAL) % 2, **given)
    if pictures:
        record = workspace.read_set(name)
        workspace.write_set(name, {**record, "root": str(root / "pictures"), "kind": "folder"})
    return workspace


def columns() -> pd.DataFrame:
    """Return the columns of the set, a row a picture: label, specimen, side, site and size."""
    lines = []
    for code, species in enumerate(SPECIES):
        for number in range(SPECIMENS):
            for side in SIDES:
                for _ in range(1 if number == SPECIMENS - 1 else 2):
                    lines.append(
                        {"label": species, "specimen": f"{species[:2]}-{number}", "side": side,
                         "site": SITES[number % 2],
                         "size": 40.0 + 3 * number + code}
                    )  # fmt: skip
    table = pd.DataFrame(lines)
    texts = ["label", "specimen", "side", "site"]
    return table.astype(dict.fromkeys(texts, "string"))


def vectors(table: pd.DataFrame) -> np.ndarray:
    """Return vectors `(n, 12)`: species, then specimen, side, site, size, and noise."""
    random = np.random.default_rng(3)
    species = table["label"].map({name: at for at, name in enumerate(SPECIES)}).to_numpy(int)
    specimen = pd.factorize(table["specimen"])[0]
    found = np.zeros((len(table), DIMS))
    found[np.arange(len(table)), species] = 3.0
    wide = np.where(species == len(SPECIES) - 1, 0.9, 0.45)
    own = random.standard_normal((int(specimen.max()) + 1, DIMS))
    found += wide[:, None] * own[specimen]
    found[:, 5] += np.where(table["side"] == SIDES[1], 0.6, 0.0)
    found[:, 6] += np.where(table["site"] == SITES[0], 0.5, 0.0)
    found[:, 7] += 0.06 * (table["size"].to_numpy(float) - 47)
    return found + 0.08 * random.standard_normal(found.shape)


def _pictures(folder: Path, table: pd.DataFrame) -> list[Path]:
    """Write a picture for each row; those from the north are paler."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for row, site in enumerate(table["site"]):
        image = picture(row, (48, 32))
        if site == SITES[0]:
            image = Image.blend(image, Image.new("RGB", image.size, (255, 255, 255)), 0.4)
        path = folder / f"{row:02}.png"
        image.save(path)
        paths.append(path)
    return paths
