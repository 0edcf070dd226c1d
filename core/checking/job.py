"""The job that checks a set: pictures, changes, duplicates, outliers, labels, one after another.

Each part is an artefact with a key of its own, so that the same input computes nothing again and a
killed check leaves whole artefacts or nothing. What was found is named in the set's record last.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from core.checking.outliers import Outliers, Subject, outliers_of
from core.checking.record import publish
from core.checking.result import result_of
from core.checking.subject import Checked, open_to_check
from core.config import Settings
from core.progress import Progress
from core.quality.request import QualityRequest
from core.storage.store import Workspace


@dataclass
class Check:
    """The state of one check: what was found so far; each part is found when it is asked for."""

    asked: QualityRequest
    data: Checked
    workspace: Workspace
    settings: Settings
    progress: Progress
    keys: dict[str, str] = field(default_factory=dict)

    @cached_property
    def unit(self) -> np.ndarray:
        """The unit vectors of all rows."""
        self.progress.report("vectors")
        return self.data.unit(self.workspace)

    @cached_property
    def pixels(self) -> Any:
        """What is known of the pictures (`core.checking.pixels.Pixels`).

        Where faults are not asked for, thumbnails tell enough; they are no finding of their own.
        """
        from core.checking.glances import glanced_pixels
        from core.checking.pixels import pixels_of

        where = (self.data.opened, self.workspace, self.settings, self.progress)
        if "pictures" not in self.asked.topics:
            return glanced_pixels(*where)
        found = pixels_of(*where)
        self.keys["pixels"] = found.key
        return found

    @cached_property
    def threshold(self) -> Any:
        """The distance of near-duplicates (`core.quality.threshold.Threshold`)."""
        from core.checking.perturbations import perturbed
        from core.quality.threshold import cap_of, given_threshold, learned_threshold
        from core.quality.unlike import nearest_different

        data, cap, near = self.data, None, None
        # units would hide copies that were given to two of them; where pictures can tell, they do
        units = None if self.pixels.known.any() else data.declared
        if self.asked.tau is None:
            near = nearest_different(data.neighbors, self.unit, units, self.pixels)
            cap = None if "pictures" in self.asked.topics else cap_of(near)
        changed = perturbed(
            data.opened, self.workspace, self.settings, self.progress, self.asked.seed, cap
        )
        self.keys["perturbations"] = changed.key
        if self.asked.tau is not None:
            return given_threshold(self.asked.tau)
        self.progress.report("threshold")
        return learned_threshold(
            changed, data.neighbors, self.unit, units, pixels=self.pixels, near=near
        )

    @cached_property
    def duplicates(self) -> Any:
        """The copies (`core.checking.duplicates.Duplicates`)."""
        from core.checking.duplicates import duplicates_of

        data = self.data
        found = duplicates_of(
            data.opened, self.workspace, data.neighbors, self.unit, self.pixels, self.threshold,
            turned=self.asked.turned, labels=data.label_texts(), progress=self.progress,
            view=data.view, others=self.asked.others, workers=self.settings.n_workers,
        )  # fmt: skip
        self.keys["duplicates"] = found.key
        return found

    @cached_property
    def units(self) -> np.ndarray:
        """What belongs together: near-duplicates, and what the set says does."""
        from core.checking.duplicates import unit_groups

        return self.data.joined(unit_groups(self.duplicates, len(self.data.opened)))

    @cached_property
    def outliers(self) -> Outliers:
        """How alone each image lies."""
        data, labels = self.data, self.data.labels
        subject = Subject(
            self.unit, data.neighbors, self.units, np.asarray(data.view.working, np.int64),
            data.reference, None if labels is None else labels.codes,
            "" if labels is None else labels.name, () if labels is None else labels.names,
            data.notes, self._places,
        )  # fmt: skip
        found = outliers_of(data.opened, self.workspace, subject, self.asked, self.progress)
        self.keys["outliers"] = found.key
        return found

    def _places(self, vouching: np.ndarray) -> Any:
        """Find the most unlike place of each picture (`core.checking.fine.Fine`)."""
        from core.checking.fine import fine_of

        return fine_of(
            self.data.opened, self.workspace, self.settings, self.units, vouching,
            self.asked.seed, self.progress,
        )  # fmt: skip

    @cached_property
    def labels(self) -> Any:
        """What is wrong with the labels (`core.labelled.check.LabelCheck`)."""
        from core.checking.labels import labels_of

        data = self.data
        found = labels_of(
            data.opened, data.view, self.workspace, self.unit, self.units, self.asked.column,
            seed=self.asked.seed, progress=self.progress,
        )  # fmt: skip
        self.keys["labelcheck"] = found.key
        return found


_PARTS: dict[str, Callable[[Check], Any]] = {
    "pictures": lambda check: check.pixels,
    "duplicates": lambda check: check.duplicates,
    "outliers": lambda check: check.outliers,
    "labels": lambda check: check.labels,
}


def run_quality(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Check a set or part as a request asks, and name what was found in its record.

    Parameters
    ----------
    request
        As `QualityRequest.to_json` returns it.
    workspace, settings
        Where results are looked up and kept; limits, threads and the device.
    progress
        Told the stage and the count; may cancel.

    Returns
    -------
    dict
        What `core.checking.result.result_of` returns: counts, texts and keys; JSON values only.

    Raises
    ------
    VitrineError
        What is asked for does not exist or cannot be done; the record stays as it was.
    """
    progress = progress or Progress()
    asked = QualityRequest.from_json(request)
    workspace.sweep()
    progress.report("check")
    check = Check(asked, open_to_check(asked, workspace), workspace, settings, progress)
    for topic in ("pictures", "duplicates", "outliers", "labels"):
        if topic in asked.topics:
            _PARTS[topic](check)
    progress.report("storing")
    opened = check.data.opened
    limits = publish(asked, opened, check.keys, workspace, progress)["pictures"]
    result = result_of(asked, opened, check.keys, workspace, limits)
    return result | {"seconds": progress.finish()}
