"""Sequences that were thinned, as they are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import NotFoundError
from core.storage.lines import Lines
from core.storage.store import Workspace


@dataclass(frozen=True, slots=True)
class StreamLine:
    """One line about a thinned sequence; with another `imageset` now, the set has changed since."""

    key: str
    created: str
    frames: int
    kept: int
    tau: float
    imageset: str


@dataclass(frozen=True, slots=True)
class Stream:
    """A thinned sequence.

    Attributes
    ----------
    meta
        request, tau and its source, window, by, within, frames, kept, share, sequences, furthest.
    order, sequence, kept
        The rows in the order walked `(m,)`, the number of each one's sequence, whether it is kept.
    because, distance
        The row of the kept frame that each is near to, itself where it is kept, and how far.
    sequences, curve
        sequence, frames, kept, share; and tau, kept, share at other thresholds.
    """

    key: str
    meta: dict[str, Any]
    order: np.ndarray
    sequence: np.ndarray
    kept: np.ndarray
    because: np.ndarray
    distance: np.ndarray
    sequences: pd.DataFrame
    curve: pd.DataFrame

    @property
    def kept_rows(self) -> np.ndarray:
        """The rows that are kept, ascending int64."""
        found: np.ndarray = np.sort(np.asarray(self.order)[np.asarray(self.kept)])
        return found

    @property
    def text(self) -> str:
        """What was done, in a sentence."""
        meta = self.meta
        window = meta["window"]
        among = "any kept before" if window is None else f"any of the last {window:,} kept"
        walked = f"in order of {meta['by']}"
        if meta["within"] is not None:
            walked += f", each “{meta['within']}” on its own"
        share = f"{meta['share'] * 100:.0f} %"
        return (
            f"{meta['kept']:,} of {meta['frames']:,} frames kept ({share}), {walked}: "
            f"a frame stays if it is more than {meta['tau']:.4g} from {among}."
        )

    def told(self) -> dict[str, Any]:
        """Return what a job says of it: JSON values, no frames."""
        names = ("frames", "kept", "share", "tau", "source", "window", "by", "within", "furthest")
        return {
            "set": self.meta["name"], "stream": self.key,
            **{name: self.meta[name] for name in names},
            "sequences": self.sequences.to_dict("records"), "curve": self.curve.to_dict("records"),
            "text": self.text,
            "notes": ["Another order may keep others: each frame is compared with those before."],
        }  # fmt: skip


class Streams:
    """The thinned sequences kept in a workspace."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._lines = Lines(workspace, "stream", _line)

    def list(self, name: str) -> Sequence[StreamLine]:
        """Return a line about every thinned sequence of a set or part, the newest first."""
        return self._lines.of(name)

    def open(self, key: str) -> Stream:
        """Return a thinned sequence.

        Raises
        ------
        NotFoundError
            None has this key.
        ArtifactCorruptError
            It is damaged; the message names the file.
        """
        try:
            stored = self._workspace.read("stream", key)
        except NotFoundError:
            raise NotFoundError(
                "no thinned sequence with this id is kept here; make it again"
            ) from None
        arrays, tables = stored.arrays, stored.tables
        return Stream(
            key, stored.meta, arrays["order"], arrays["sequence"], arrays["kept"],
            arrays["because"], arrays["distance"], tables["sequences"], tables["curve"],
        )  # fmt: skip


def _line(key: str, manifest: dict[str, Any]) -> tuple[Sequence[str], StreamLine]:
    """Return the set of a thinned sequence, and a line about it, from its manifest."""
    meta = manifest["meta"]
    line = StreamLine(
        key, manifest["created"], meta["frames"], meta["kept"], meta["tau"], meta["imageset"]
    )
    return (meta["name"],), line
