"""Small sets of pictures in which it is known what tells them apart, for courts and nuisances.

Every picture shows one small shape at a place drawn by lot. In "colours" its label is the shape's
colour, all of one brightness: colours tell labels apart, grey pixels cannot. In "shapes" the label
is the shape, and each picture is on sand or on the sea, by lot and not by its label: to coloured
pixels the ground is nearly all there is. Masks of the shapes lie beside.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from core.config import Settings, load_settings
from core.curation import Desk
from core.judging import run_court, run_nuisance
from core.library import Library, OpenSet
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace

#: Pictures of a set: fewer than 50, so that no map is made for themes; their side, and what
#: sees the shapes.
TOTAL, SIDE = 48, 48
SEEN = "pixels?side=8&colour=1"
COLOURS = {"red": (200, 60, 60), "green": (40, 135, 40), "blue": (70, 95, 235)}
GROUNDS = {"sand": (190, 150, 90), "sea": (80, 140, 200)}


@dataclass(frozen=True)
class Example:
    """A workspace with the sets "colours" and "shapes"."""

    workspace: Workspace
    root: Path

    @property
    def settings(self) -> Settings:
        return load_settings(
            {"workspace": str(self.workspace.root), "workers": 1, "warm_worker": False}, {}
        )

    def open(self, name: str) -> OpenSet:
        return Library.with_desk(self.workspace, Desk(self.workspace)).open(name)

    def run(self, folder: str, name: str, encoder: str) -> None:
        request = RunRequest(str(self.root / folder), name, encoder, ("pca",))
        run(request, self.workspace, self.settings)

    def court(self, name: str = "colours", **asked: Any) -> dict[str, Any]:
        wanted = {"name": name, "encoders": ["colour-texture"], "clusters": "micro", **asked}
        return run_court(wanted, self.workspace, self.settings)

    def nuisance(self, name: str = "shapes", **asked: Any) -> dict[str, Any]:
        wanted = {"name": name, "permutations": 199, **asked}
        return run_nuisance(wanted, self.workspace, self.settings)


def sets(root: Path) -> Example:
    """Write and run both sets in a workspace under `root`."""
    example = Example(Workspace(root / "workspace"), root)
    colours(root / "colours")
    shapes(root / "shapes", root / "masks")
    example.run("colours", "colours", "pixels")
    example.run("shapes", "shapes", SEEN)
    return example


def colours(folder: Path) -> None:
    """Write pictures of squares of three colours of one grey, a folder a label."""
    for at in range(TOTAL):
        label = list(COLOURS)[at % 3]
        random = np.random.default_rng(at)
        image = Image.fromarray(random.integers(100, 116, (SIDE, SIDE, 1), np.uint8).repeat(3, 2))
        _draw(image, "square", COLOURS[label], random)
        _save(image, folder / label / f"{at:02}.png")


def planted() -> list[tuple[int, str, str]]:
    """Return number, label and the ground by lot of each picture of "shapes"."""
    lots = np.random.default_rng(3).permutation(np.arange(TOTAL) // 2 % 2)
    return [(at, ("square", "circle")[at % 2], list(GROUNDS)[lots[at]]) for at in range(TOTAL)]


def shapes(folder: Path, masks: Path, *, ground_of: Any = None) -> None:
    """Write pictures of two shapes on two grounds, and masks of the shapes.

    `ground_of(at, label, lot)` names the ground of a picture; by lot where it is None.
    """
    for at, label, lot in planted():
        name = ground_of(at, label, lot) if ground_of else lot
        random = np.random.default_rng(500 + at)
        ground = random.integers(-6, 7, (SIDE, SIDE, 1)) + np.array(GROUNDS[name])
        image = Image.fromarray(ground.astype(np.uint8))
        mask = Image.new("L", image.size, 0)
        _draw(image, label, (60, 60, 60), random, mask)
        _save(image, folder / label / f"{at:02}.png")
        _save(mask, masks / label / f"{at:02}.png")


def _draw(
    image: Image.Image,
    shape: str,
    colour: tuple[int, int, int],
    random: np.random.Generator,
    mask: Image.Image | None = None,
) -> None:
    """Draw a shape away from the rim, and into the mask."""
    x, y = random.integers(8, 24, 2).tolist()
    for target, ink in ((image, colour), (mask, 255)):
        if target is not None:
            draw = ImageDraw.Draw(target)
            draw_it = draw.rectangle if shape == "square" else draw.ellipse
            draw_it((x, y, x + 15, y + 15), fill=ink)


def _save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
