"""One look at every picture of a set, kept by item, so that added images alone are read.

A look is kept in the workspace's catalogue as soon as it is taken; the artefact "pixels" holds
those of a set in row order. Pictures that cannot be read now are unknown and never judged; they
are tried again at the next check, and a set with other unknown pictures has another artefact.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from core.checking.pieces import in_pieces
from core.config import Settings
from core.imaging.decode import ItemFile, Limits
from core.imaging.files import FileHashes
from core.imaging.imagefile import reason_of
from core.imaging.measures import Measures
from core.imaging.pixels import VERSION, Look, look_at_item, pack, unpack
from core.imaging.same import CHANGED, is_other
from core.keys import artefact_key
from core.opened.openset import OpenSet
from core.progress import Progress
from core.storage.catalog import Catalog
from core.storage.records import region_of
from core.storage.store import Workspace

STAGE = "pictures"
#: Pictures that a thread looks at before they are stored; a killed check loses these.
PIECE = 16
#: Reasons that are kept of pictures that could not be read.
REASONS = 100
MEASURED = tuple(Measures.__slots__)
NUMBERS = (*MEASURED, "width", "height", "orientation")


@dataclass(frozen=True, slots=True)
class Pixels:
    """What is known of the pictures of a set, in row order.

    Attributes
    ----------
    key
        The artefact's.
    table
        One row an item: brightness_low, brightness_high, entropy, sharpness, grey, border, width,
        height, orientation (float64, NaN where unknown) and digest (string, missing where unknown).
    hashes
        Perceptual hashes `(n, 8)` uint64, turned as in `core.imaging.perceptual.TURNS`; 0 where
        unknown.
    known
        Whether the picture was read `(n,)` bool.
    notice
        Why some are unknown, in words; "" if none is.
    reasons
        Row and reason of the first hundred that could not be read.
    squares
        Grey squares `(64, 64)` of some rows, at hand from looking at them; not stored.
    """

    key: str
    table: pd.DataFrame
    hashes: np.ndarray
    known: np.ndarray
    notice: str = ""
    reasons: dict[int, str] = field(default_factory=dict)
    squares: dict[int, np.ndarray] = field(default_factory=dict)


def pixels_of(
    opened: OpenSet,
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> Pixels:
    """Look at the pictures of a set, those apart that were looked at before.

    Parameters
    ----------
    opened
        A set or part; one without pictures has no known row.
    workspace, settings
        Where looks are kept; how many threads, and how large pictures may be.
    progress
        Told about stage "pictures"; may cancel between pieces, what was read by then is kept.

    Raises
    ------
    JobCancelled
        `progress` was cancelled.
    StorageError
        The catalogue or the artefact cannot be written.
    """
    progress = progress or Progress()
    progress.report(STAGE)
    without = without_picture(opened)
    key = _key(opened, without)
    if workspace.has("pixels", key):
        return open_pixels(workspace, key)
    with workspace.lock(f"pixels/{opened.key}", progress):
        looks, reasons = _looks(opened, without, workspace, settings, progress)
        unknown = np.array([i not in looks for i in opened.items["item_id"]], bool)
        key = _key(opened, unknown)
        if not workspace.has("pixels", key):
            _write(opened, looks, reasons, without, key, workspace)
    return open_pixels(workspace, key)


def open_pixels(workspace: Workspace, key: str) -> Pixels:
    """Return stored looks by their artefact's key; `NotFoundError` if there are none."""
    stored = workspace.read("pixels", key)
    arrays, meta = stored.arrays, stored.meta
    return Pixels(
        key,
        stored.tables["measures"],
        arrays["hashes"],
        arrays["known"],
        meta["notice"],
        {int(row): str(why) for row, why in meta["reasons"]},
    )


def _key(opened: OpenSet, unknown: np.ndarray) -> str:
    return artefact_key("pixels", opened.key, VERSION, np.flatnonzero(unknown).astype(np.int64))


def without_picture(opened: OpenSet) -> np.ndarray:
    """Return which rows have a vector and no picture `(n,)`."""
    paths = opened.items["path"]
    found: np.ndarray = (paths.isna() | (paths.astype("string").fillna("") == "")).to_numpy(bool)
    return found


def _looks(
    opened: OpenSet,
    without: np.ndarray,
    workspace: Workspace,
    settings: Settings,
    progress: Progress,
) -> tuple[dict[str, Look], dict[str, str]]:
    """Return the look at every item that could be read, and the reasons of the others."""
    with Catalog(workspace.root / "catalog.sqlite") as catalog:
        ids = list(dict.fromkeys(opened.items["item_id"][~without].tolist()))
        looks = cached_looks(ids, catalog)
        fresh, reasons = looks_at(
            opened, without, set(ids) - looks.keys(), settings, progress, catalog, len(looks)
        )
    return looks | fresh, reasons


def cached_looks(ids: Sequence[str], catalog: Catalog) -> dict[str, Look]:
    """Return the looks that were taken of items before."""
    found = {one: unpack(data) for one, data in catalog.get_looks(ids, VERSION).items()}
    return {one: look for one, look in found.items() if look is not None}


def looks_at(
    opened: OpenSet,
    without: np.ndarray,
    wanted: set[str],
    settings: Settings,
    progress: Progress,
    catalog: Catalog,
    done: int = 0,
) -> tuple[dict[str, Look], dict[str, str]]:
    """Look at some items; return the looks, all kept, and why the others could not be read.

    Parameters
    ----------
    opened, without
        The set, and which of its rows have no picture `(n,)`.
    wanted
        Ids of the items.
    done
        How many others were done before, for the progress.
    """
    todo = _files(opened, without, wanted)
    total = done + len(todo)
    progress.report(STAGE, done, total)
    limits, kind = Limits(settings.max_pixels, settings.max_file_mb * 2**20), opened.kind

    def work(part: Sequence[ItemFile]) -> dict[str, Look | str]:
        return {file.item_id: _look(file, kind, limits, catalog) for file in part}

    looks: dict[str, Look] = {}
    reasons: dict[str, str] = {}
    for piece in in_pieces(todo, PIECE, settings.n_workers, work):
        found = {key: look for key, look in piece.items() if isinstance(look, Look)}
        catalog.put_looks({key: pack(look) for key, look in found.items()}, VERSION)
        looks |= found
        reasons |= {key: why for key, why in piece.items() if isinstance(why, str)}
        done += len(piece)
        progress.report(STAGE, done, total)
    return looks, reasons


def _files(opened: OpenSet, without: np.ndarray, wanted: set[str]) -> list[ItemFile]:
    """Return each wanted item once, in row order."""
    if not wanted:
        return []
    rows = opened.items[opened.items["item_id"].isin(wanted) & ~without]
    first = rows.drop_duplicates("item_id")
    records = cast(list[dict[str, Any]], first.to_dict("records"))
    root = Path(opened.root)
    return [ItemFile(r["item_id"], root / r["path"], region_of(r), root) for r in records]


def _look(file: ItemFile, kind: str, limits: Limits, hashes: FileHashes) -> Look | str:
    """Look at one item; whatever is wrong with it is the reason it stays unknown."""
    try:
        look = look_at_item(file, limits)
        return CHANGED if is_other(file, kind, hashes) else look
    except Exception as error:  # one picture must not stop a check
        return reason_of(error)


def _write(
    opened: OpenSet,
    looks: dict[str, Look],
    reasons: dict[str, str],
    without: np.ndarray,
    key: str,
    workspace: Workspace,
) -> None:
    """Store the looks of a set in row order."""
    ids = opened.items["item_id"].tolist()
    found = [looks.get(one) for one in ids]
    known = np.array([look is not None for look in found], bool)
    rows = [
        {**asdict(look.measures), "width": look.width, "height": look.height,
         "orientation": look.orientation, "digest": look.digest}
        if look is not None else {}
        for look in found
    ]  # fmt: skip
    hashes = np.zeros((len(ids), 8), np.uint64)
    for row, look in enumerate(found):
        if look is not None:
            hashes[row] = look.hashes
    write_pixels(opened, table_of(rows), hashes, known, reasons, without, key, workspace)


def table_of(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return a line an item of what was measured; {} where nothing was."""
    table = pd.DataFrame(rows, columns=[*NUMBERS, "digest"], index=range(len(rows)))
    return table.astype(dict.fromkeys(NUMBERS, "float64") | {"digest": "string"})


def write_pixels(
    opened: OpenSet,
    table: pd.DataFrame,
    hashes: np.ndarray,
    known: np.ndarray,
    reasons: dict[str, str],
    without: np.ndarray,
    key: str,
    workspace: Workspace,
) -> None:
    """Store what is known of the pictures of a set."""
    ids = opened.items["item_id"].tolist()
    unread = [(row, reasons[one]) for row, one in enumerate(ids) if one in reasons]
    meta = {
        "imageset": opened.key, "version": VERSION, "known": int(known.sum()),
        "without": int(without.sum()), "unread": len(unread), "reasons": unread[:REASONS],
        "notice": _notice(len(ids), int(without.sum()), unread),
    }  # fmt: skip
    workspace.write(
        "pixels", key, meta=meta, arrays={"hashes": hashes, "known": known},
        tables={"measures": table},
    )  # fmt: skip


def _notice(total: int, without: int, unread: Sequence[tuple[int, str]]) -> str:
    """Return in words why pictures are unknown."""
    if without == total:
        return "The set has vectors and no pictures, so pictures were not looked at."
    said = []
    if without:
        said.append(f"{without:,} of {total:,} items have no picture.")
    if unread:
        what = "picture" if len(unread) == 1 else "pictures"
        said.append(f"{len(unread):,} {what} could not be read now, the first: {unread[0][1]}.")
    return " ".join(said)
