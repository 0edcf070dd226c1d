"""Hand-made colour features of every picture of a set, kept."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.checking.pieces import in_pieces
from core.comparing.pictures import load_row, with_picture
from core.config import Settings
from core.errors import DecodeError
from core.imaging.colour_features import FEATURES, SIDE, VERSION, colour_features
from core.imaging.decode import Limits
from core.keys import artefact_key
from core.opened.openset import OpenSet
from core.progress import Progress
from core.storage.catalog import Catalog
from core.storage.store import Workspace

STAGE = "colours"
#: Pictures that a thread measures between two reports.
PIECE = 16


def colours_of(
    opened: OpenSet,
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure the colours of the pictures of a set.

    Parameters
    ----------
    opened
        A set or part; without pictures all is unknown.
    workspace, settings
        Where the result is kept; how many threads, and how large pictures may be.
    progress
        Told about stage "colours"; may cancel.

    Returns
    -------
    pandas.DataFrame
        One row an item, in row order; float64 columns as in
        `core.imaging.colour_features.FEATURES`, NaN where unknown.

    Raises
    ------
    JobCancelled
        `progress` was cancelled.
    """
    progress = progress or Progress()
    rows = with_picture(opened)
    if not len(rows):
        return _spread(opened, rows, np.zeros((0, len(FEATURES))))
    key = artefact_key("colours", opened.key, VERSION)
    with workspace.lock(f"colours/{key}", progress):
        if not workspace.has("colours", key):
            found = _measure(opened, rows, workspace, settings, progress)
            table = _spread(opened, rows, found)
            unread = int(np.isnan(found[:, 0]).sum())
            if unread:  # what is missing may be there the next time
                return table
            meta = {"imageset": opened.key, "version": VERSION, "side": SIDE}
            workspace.write("colours", key, meta=meta, tables={"colours": table})
    return workspace.read("colours", key).tables["colours"].astype("float64")


def _measure(
    opened: OpenSet, rows: np.ndarray, workspace: Workspace, settings: Settings, progress: Progress
) -> np.ndarray:
    """Return the features of rows `(m, 10)`, NaN where a picture cannot be read."""
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    found: list[np.ndarray] = []
    with Catalog(workspace.root / "catalog.sqlite") as hashes:

        def work(part: Sequence[int]) -> np.ndarray:
            values = np.full((len(part), len(FEATURES)), np.nan)
            for place, row in enumerate(part):
                try:
                    values[place] = colour_features(load_row(opened, row, limits, hashes, SIDE))
                except (DecodeError, OSError, MemoryError):
                    continue
            return values

        for part in in_pieces(rows.tolist(), PIECE, settings.n_workers, work):
            found.append(part)
            progress.report(STAGE, min(PIECE * len(found), len(rows)), len(rows))
    return np.concatenate(found)


def _spread(opened: OpenSet, rows: np.ndarray, found: np.ndarray) -> pd.DataFrame:
    """Return features of different pictures for every row that shows one."""
    ids = opened.items["item_id"]
    place = pd.Index(ids.iloc[rows]).get_indexer(pd.Index(ids))
    values = np.full((len(ids), len(FEATURES)), np.nan)
    paths = opened.items["path"].astype("string").fillna("") != ""
    known = (place >= 0) & paths.to_numpy(bool)
    values[known] = found[place[known]]
    return pd.DataFrame(values, columns=list(FEATURES))
