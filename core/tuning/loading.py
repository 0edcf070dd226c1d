"""The pictures of a tuning: kept small in memory for training, encoded for the comparison."""

from collections.abc import Callable, Sequence

import numpy as np

from core.checking.pieces import in_pieces
from core.comparing.pictures import load_row
from core.config import Settings
from core.encoders.base import Encoder
from core.errors import DecodeError
from core.imaging.decode import Limits, Picture
from core.imaging.nuisance import changes, shift_of
from core.opened.openset import OpenSet
from core.progress import Progress
from core.storage.catalog import Catalog
from core.storage.store import Workspace
from core.tuning.batches import ROOM, kept_small

READING, ENCODING = "reading", "comparing"
#: Pictures in hand at a time.
_BATCH = 8


def read_small(
    opened: OpenSet,
    rows: np.ndarray,
    size: int,
    workspace: Workspace,
    settings: Settings,
    progress: Progress,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return pictures as training keeps them, and the rows that could be read.

    Parameters
    ----------
    opened, rows
        The set, and which rows.
    size
        Side of a view in pixels.
    workspace, settings
        Digests of files; limits on pictures, and threads.
    progress
        Told the stage "reading"; may cancel.
    """
    limits, found, there = _limits(settings), list[np.ndarray](), list[int]()
    least = round(ROOM * size)
    with Catalog(workspace.root / "catalog.sqlite") as hashes:

        def work(part: Sequence[int]) -> list[tuple[int, np.ndarray]]:
            small = []
            for row in part:
                try:
                    picture = load_row(opened, row, limits, hashes, least)
                except (DecodeError, OSError, MemoryError):
                    continue
                small.append((row, kept_small(picture.image, size)))
            return small

        for number, pieces in enumerate(
            in_pieces(rows.tolist(), _BATCH, settings.n_workers, work), start=1
        ):
            there += [row for row, _ in pieces]
            found += [small for _, small in pieces]
            progress.report(READING, min(number * _BATCH, len(rows)), len(rows))
    return found, np.array(there, dtype=np.int64)


def encoded(
    opened: OpenSet,
    rows: np.ndarray,
    changed: int,
    encoder: Encoder,
    workspace: Workspace,
    settings: Settings,
    tell: Callable[[int, int], None],
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Encode pictures, and the first of them changed in ways that do not change what they show.

    Parameters
    ----------
    opened, rows
        The set, and which rows, in an order by lot.
    changed
        How many of them are also changed (`core.imaging.nuisance`).
    encoder
        What to encode with.
    workspace, settings
        Digests of files; limits on pictures, and threads.
    tell
        Told how many of how many are done.

    Returns
    -------
    rows : numpy.ndarray
        Those that could be read and encoded, in the order given, int64 `(m,)`.
    vectors : numpy.ndarray
        Unit vectors `(m, d)` float64.
    moved : dict of str to numpy.ndarray
        By change: unit vectors `(c, d)` of the first c rows after it.
    """
    limits = _limits(settings)
    first = set(rows[:changed].tolist())
    with Catalog(workspace.root / "catalog.sqlite") as hashes:

        def work(part: Sequence[int]) -> list[tuple[int, np.ndarray]]:
            made = []
            for row in part:
                try:
                    picture = load_row(opened, row, limits, hashes, encoder.at_least)
                    shown = [picture, *(_changes(picture, row, encoder) if row in first else ())]
                    inputs = np.stack([encoder.prepare(one) for one in shown])
                except (DecodeError, OSError, MemoryError):
                    continue
                vectors = np.asarray(encoder.encode(inputs), np.float64)
                length = np.linalg.norm(vectors, axis=1)
                if np.isfinite(length).all() and (length > 0).all():
                    made.append((row, vectors / length[:, None]))
            return made

        workers, done = settings.n_workers if encoder.concurrent else 1, 0
        found: list[tuple[int, np.ndarray]] = []
        for pieces in in_pieces(rows.tolist(), _BATCH, workers, work):
            found += pieces
            done = min(done + _BATCH, len(rows))
            tell(done, len(rows))
    vectors = np.array([one[0] for _, one in found]).reshape(len(found), -1)
    names = list(changes(1, 1))
    more = [one for row, one in found if row in first]
    moved = {
        name: np.array([one[place] for one in more]).reshape(len(more), -1)
        for place, name in enumerate(names, start=1)
    }
    return np.array([row for row, _ in found], dtype=np.int64), vectors, moved


def _changes(picture: Picture, row: int, encoder: Encoder) -> list[Picture]:
    seen = encoder.spec.input_size
    step = shift_of(picture.image.width, seen[1] if seen else None)
    return [change.of(picture) for change in changes(1 - 2 * (row % 2), step).values()]


def _limits(settings: Settings) -> Limits:
    return Limits(settings.max_pixels, settings.max_file_mb * 2**20)
