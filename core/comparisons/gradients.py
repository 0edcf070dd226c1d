"""Gradients between forms, as they are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import NotFoundError
from core.morphology.citations import cited_in
from core.storage.lines import Lines
from core.storage.store import Workspace

#: Share of the images that may lie beyond each end of an axis that is drawn.
BEYOND = 0.005


@dataclass(frozen=True, slots=True)
class GradientLine:
    """One line about a gradient; with another `imageset` now, the set has changed since.

    `filled` of `places` places hold an image; `text` is what was found, in a sentence.
    """

    key: str
    created: str
    title: str
    kind: str
    images: int
    filled: int
    places: int
    text: str
    imageset: str


@dataclass(frozen=True, slots=True)
class Gradient:
    """A gradient as it is stored.

    Attributes
    ----------
    meta
        request, name, title, kind, imageset, embeddings, encoder, noun; a and b (the ends: title,
        images, units, row of an image), low and high (positions of the ends of the strip),
        n_images, n_units, unit, auc with auc_folds and auc_units, share, gap, straightness,
        bridges, by_k, correlations, places, warnings, notes, text, methods, left_out, versions.
    positions
        One row an image: row, t (position), residual (distance beside), group (title of the end
        it is of, "" of neither), unit (number).
    """

    key: str
    meta: dict[str, Any]
    positions: pd.DataFrame

    @property
    def rows(self) -> list[int]:
        """The rows that the strip shows, in order; empty places left out."""
        return [int(one["row"]) for one in self.meta["places"] if one["row"] is not None]

    @property
    def reach(self) -> tuple[float, float]:
        """Where an axis begins and ends that shows nearly all images, and both ends."""
        position = self.positions["t"].to_numpy(np.float64)
        known = position[np.isfinite(position)]
        low, high = float(self.meta["low"]), float(self.meta["high"])
        if len(known):
            least, most = np.quantile(known, [BEYOND, 1 - BEYOND])
            low, high = min(low, float(least)), max(high, float(most))
        air = 0.02 * (high - low) or 1.0
        return low - air, high + air

    @property
    def sides(self) -> np.ndarray:
        """0 for each image of the first end, 1 of the second, −1 of neither: int8 `(m,)`."""
        groups = self.positions["group"].astype("string").fillna("").to_numpy(dtype=object)
        found = np.full(len(groups), -1, np.int8)
        for number, end in enumerate("ab"):
            if self.meta[end] is not None:
                found[groups == self.meta[end]["title"]] = number
        return found

    def counted(self, bins: int) -> dict[int, np.ndarray]:
        """Return how many images lie in each of the bins of `reach`, by their side.

        Sides without an image are left out; what lies beyond is counted in the outermost bin.
        """
        low, high = self.reach
        position, sides = self.positions["t"].to_numpy(np.float64), self.sides
        known = np.isfinite(position)
        inside = np.clip(position, low, high)
        return {
            side: np.histogram(inside[known & (sides == side)], bins, (low, high))[0]
            for side in (-1, 0, 1)
            if (known & (sides == side)).any()
        }

    def told(self) -> dict[str, Any]:
        """Return what a job says of it: JSON values, no table of positions."""
        names = (
            "kind", "title", "a", "b", "low", "high", "n_images", "n_units", "unit", "auc",
            "auc_folds", "auc_units", "share", "gap", "straightness", "bridges", "by_k",
            "correlations", "places", "warnings", "notes", "text", "methods", "left_out",
        )  # fmt: skip
        return {
            "set": self.meta["name"], "gradient": self.key, "seed": self.meta["request"]["seed"],
            "request": self.meta["request"], **{name: self.meta[name] for name in names},
            "citations": cited_in(self.meta["methods"]),
        }  # fmt: skip

    def stale(self, opened: Any) -> str:
        """Return why it is of an older set; "" where it is of this one."""
        if self.meta["imageset"] != opened.key:
            return "The set has changed since: this is about the set as it was."
        if self.meta["embeddings"] != opened.embeddings:
            return "The set was encoded anew since: this is about the vectors it had."
        return ""

    def table(self, opened: Any | None = None) -> pd.DataFrame:
        """Return a line an image by position, for a file: row, item_id, path, group, unit, t.

        Parameters
        ----------
        opened
            The set; without it, or where it has changed since, there are rows and no ids.
        """
        found = self.positions.sort_values(["t", "row"], kind="stable").reset_index(drop=True)
        shown = set(self.rows)
        found["shown"] = found["row"].isin(shown)
        if opened is not None and not self.stale(opened):
            rows = found["row"].to_numpy(np.int64)
            ids = np.array(opened.addresses, dtype=object)[rows]
            found.insert(1, "item_id", ids)
            found.insert(2, "path", opened.items["path"].iloc[rows].to_numpy(dtype=object))
        return found


class Gradients:
    """The gradients kept in a workspace."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._gradients = Lines(workspace, "gradient", _line)

    def list_gradients(self, name: str) -> Sequence[GradientLine]:
        """Return a line about every gradient of a set or part, the newest first."""
        return self._gradients.of(name)

    def open_gradient(self, key: str) -> Gradient:
        """Return a gradient.

        Raises
        ------
        NotFoundError
            None has this key.
        ArtifactCorruptError
            It is damaged; the message names the file.
        """
        try:
            stored = self._workspace.read("gradient", key)
        except NotFoundError:
            raise NotFoundError("no gradient with this id is kept here; make it again") from None
        return Gradient(key, stored.meta, stored.tables["positions"])


def _line(key: str, manifest: dict[str, Any]) -> tuple[Sequence[str], GradientLine]:
    """Return the set of a gradient, and a line about it, from its manifest."""
    meta, places = manifest["meta"], manifest["meta"]["places"]
    filled = sum(one["row"] is not None for one in places)
    line = GradientLine(
        key, manifest["created"], meta["title"], meta["kind"], meta["n_images"], filled,
        len(places), meta["text"], meta["imageset"],
    )  # fmt: skip
    return (meta["name"],), line
