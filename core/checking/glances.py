"""What copies are looked for by, taken from thumbnails, where nobody asks for faulty pictures.

A look decodes every file in full. Looking for copies needs less: measures and hashes of the
thumbnails that the run has stored, and the digest of pixels only of pictures that may share them.
Pictures without a thumbnail are looked at; where all of a set were, those looks are used.
"""

from collections.abc import Sequence
from dataclasses import asdict
from operator import attrgetter

import numpy as np
import pandas as pd

from core.checking.pieces import in_pieces
from core.checking.pixels import (
    MEASURED,
    NUMBERS,
    STAGE,
    Pixels,
    cached_looks,
    looks_at,
    open_pixels,
    pixels_of,
    table_of,
    without_picture,
    write_pixels,
)
from core.config import Settings
from core.errors import DecodeError
from core.imaging.glance import VERSION, Glance, glances_at, pack, unpack
from core.imaging.orientation import UPRIGHT
from core.imaging.pixels import VERSION as LOOK_VERSION
from core.imaging.pixels import Look
from core.imaging.regions import clip_box
from core.keys import artefact_key
from core.opened.openset import OpenSet
from core.progress import Progress
from core.quality.lookalike import candidate_pairs
from core.storage.catalog import Catalog
from core.storage.store import Workspace

#: Thumbnails that a thread reads between two reports.
PIECE = 64
#: Glances that are stored in one go, at most; a killed check loses these.
STORED = 1024
#: Grey squares that are kept for comparing, 4 KiB each; others are read again.
KEPT = 20_000
#: Shorter side from which a JPEG may have been decoded smaller for its thumbnail, so that equal
#: pixels in another format may have one that differs a little; and by how many bits of the hash.
SCALED, BITS = 512, 6

_Found = dict[str, tuple[Glance, np.ndarray]]


def glanced_pixels(
    opened: OpenSet,
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> Pixels:
    """Return what is known of the pictures of a set for finding copies in it.

    Parameters
    ----------
    opened
        A set or part.
    workspace, settings
        Where thumbnails, glances and looks are kept; how many threads, and the limits of pictures.
    progress
        Told about stage "pictures"; may cancel between pieces, what was seen by then is kept.

    Returns
    -------
    Pixels
        As `pixels_of` returns it. Measures and hashes are those of thumbnails, `orientation` is 1
        throughout, and `digest` is missing where no other picture can have the same.

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
    ids = list(dict.fromkeys(opened.items["item_id"][~without].tolist()))
    with Catalog(workspace.root / "catalog.sqlite") as catalog:
        looks = cached_looks(ids, catalog)
        if len(looks) == len(ids):
            return pixels_of(opened, workspace, settings, progress)
        sizes = _sizes(opened)
        found, squares = _glances(ids, sizes, workspace, settings, progress, catalog)
        table = _table(opened, found, sizes)
        unsure = _sharing(table, opened, found, settings.thumbnail_side)
        wanted = set(ids) - found.keys() | unsure
        reasons: dict[str, str] = {}
        todo = wanted - looks.keys()
        if todo:
            fresh, reasons = looks_at(opened, without, todo, settings, progress, catalog)
            looks |= fresh
    known = _fill(table, opened, found, looks, wanted)
    hashes = _hashes(opened, found, looks)
    lacking = np.array([one in reasons for one in opened.items["item_id"]], bool)
    lacking |= ~known
    seen = np.array([one in found for one in opened.items["item_id"]], bool)
    key = artefact_key("pixels", opened.key, "glance", VERSION, LOOK_VERSION,
                       np.flatnonzero(lacking), np.flatnonzero(~seen))  # fmt: skip
    with workspace.lock(f"pixels/{opened.key}", progress):
        if not workspace.has("pixels", key):
            write_pixels(opened, table, hashes, known, reasons, without, key, workspace)
    stored = open_pixels(workspace, key)
    for row, one in enumerate(opened.items["item_id"].tolist()):
        if one in squares:
            stored.squares[row] = squares[one]
    return stored


def _sizes(opened: OpenSet) -> dict[str, tuple[int, int]]:
    """Return width and height of every item as it is cut out, where the run noted them."""
    names = ["item_id", "width", "height", "box_x", "box_y", "box_w", "box_h"]
    rows = opened.items[[name for name in names if name in opened.items]]
    if not {"width", "height", "format"} <= set(opened.items):
        return {}
    found = {}
    for line in rows[rows["width"].notna() & rows["height"].notna()].to_dict("records"):
        width, height = int(line["width"]), int(line["height"])
        box = [line.get(name) for name in names[3:]]
        if not any(pd.isna(value) for value in box):
            try:
                width, height = _cut([float(str(value)) for value in box], width, height)
            except DecodeError:  # lies outside; looking at it says so
                continue
        found[str(line["item_id"])] = (width, height)
    return found


def _cut(box: Sequence[float], width: int, height: int) -> tuple[int, int]:
    """Return the size of a box as `cut_box` cuts it out of a picture in full."""
    left, top, right, bottom = clip_box((box[0], box[1], box[2], box[3]), width, height)
    x, y = min(round(left), width - 1), min(round(top), height - 1)
    return max(x + 1, round(right)) - x, max(y + 1, round(bottom)) - y


def _glances(
    ids: Sequence[str],
    sizes: dict[str, tuple[int, int]],
    workspace: Workspace,
    settings: Settings,
    progress: Progress,
    catalog: Catalog,
) -> tuple[dict[str, Glance], dict[str, np.ndarray]]:
    """Return a glance at every item that has a thumbnail and a size, and some grey squares."""
    found: dict[str, Glance] = {}
    names = {_name(one): one for one in ids if one in sizes}
    for name, data in catalog.get_looks(list(names), VERSION).items():
        if (glance := unpack(data)) is not None:
            found[names[name]] = glance
    todo = [one for one in names.values() if one not in found]
    squares: dict[str, np.ndarray] = {}
    done = len(found)
    progress.report(STAGE, done, len(ids))

    def work(part: Sequence[str]) -> _Found:
        thumbnails = [(one, workspace.thumbnails.get(one)) for one in part]
        there = [(one, data) for one, data in thumbnails if data is not None]
        seen = glances_at([data for _, data in there])
        return {one: pair for (one, _), pair in zip(there, seen, strict=True) if pair is not None}

    fresh: dict[str, bytes] = {}
    try:
        for count, piece in enumerate(in_pieces(todo, PIECE, settings.n_workers, work), 1):
            for one, (glance, square) in piece.items():
                found[one], fresh[_name(one)] = glance, pack(glance)
                if len(squares) < KEPT:
                    squares[one] = square
            if len(fresh) >= STORED:
                catalog.put_looks(fresh, VERSION)
                fresh = {}
            progress.report(STAGE, done + min(count * PIECE, len(todo)), len(ids))
    finally:  # what was seen until a check is cancelled is kept
        catalog.put_looks(fresh, VERSION)
    return found, squares


def _name(item: str) -> str:
    """Return what a glance is kept under, beside the look."""
    return f"glance/{item}"


def _table(
    opened: OpenSet, found: dict[str, Glance], sizes: dict[str, tuple[int, int]]
) -> pd.DataFrame:
    """Return one row an item of what glances tell; digests are missing."""
    values = attrgetter(*MEASURED)
    rows = [
        dict(zip(NUMBERS, (*values(found[one].measures), *sizes[one], UPRIGHT), strict=True))
        if one in found else {}
        for one in opened.items["item_id"].tolist()
    ]  # fmt: skip
    return table_of(rows)


def _sharing(table: pd.DataFrame, opened: OpenSet, found: dict[str, Glance], side: int) -> set[str]:
    """Return the items whose pixels another item may have as well: only those are read for it.

    Equal pixels have one size and give one thumbnail, byte for byte, but where one of them is a
    JPEG so large that it was decoded smaller, or its thumbnail was made at another size: those
    are told by their hashes.
    """
    items = opened.items["item_id"].to_numpy(object)
    rows = np.flatnonzero(~opened.items["item_id"].duplicated().to_numpy(bool))
    rows = rows[[one in found for one in items[rows]]]
    if not len(rows):
        return set()
    seen = [found[one] for one in items[rows]]
    sizes = table.loc[rows, ["width", "height"]].to_numpy(np.int64)
    kinds = pd.factorize(pd.MultiIndex.from_arrays([sizes[:, 0], sizes[:, 1]]))[0]
    told = [f"{kind}:{one.mark.hex()}" for kind, one in zip(kinds, seen, strict=True)]
    marks = pd.factorize(np.array(told, object))[0]
    shared = np.bincount(marks, minlength=1)[marks] > 1
    loose = _loose(opened, rows, sizes, seen, side)
    crowd = np.bincount(kinds, minlength=1)[kinds] > 1
    mixed = np.isin(kinds, kinds[loose]) & crowd
    if mixed.any():
        hashes = np.array([one.hashes[0] for one in seen], np.uint64)
        pairs = candidate_pairs(hashes, mixed, BITS)[:, :2]
        alike = (kinds[pairs[:, 0]] == kinds[pairs[:, 1]]) & loose[pairs].any(axis=1)
        shared[pairs[alike]] = True
    return set(items[rows[shared]].tolist())


def _loose(
    opened: OpenSet, rows: np.ndarray, sizes: np.ndarray, seen: Sequence[Glance], side: int
) -> np.ndarray:
    """Return which of some rows may have another thumbnail than equal pixels elsewhere."""
    formats = opened.items["format"].astype("string").fillna("").to_numpy(object)[rows]
    shorter = opened.items[["width", "height"]].to_numpy(np.float64)[rows].min(axis=1)
    scaled = (formats == "JPEG") & (shorter >= SCALED)
    scale = np.minimum(1.0, side / np.maximum(sizes.max(axis=1), 1))
    usual = np.maximum(1, np.rint(sizes * scale[:, None])).astype(np.int64)
    own = np.array([(one.width, one.height) for one in seen], np.int64)
    found: np.ndarray = scaled | (usual != own).any(axis=1)
    return found


def _fill(
    table: pd.DataFrame,
    opened: OpenSet,
    found: dict[str, Glance],
    looks: dict[str, Look],
    wanted: set[str],
) -> np.ndarray:
    """Put what looks tell into the table: digests, all of what has no thumbnail; return known."""
    items = opened.items["item_id"].tolist()
    known = np.array([one in found or (one in wanted and one in looks) for one in items], bool)
    for row, one in enumerate(items):
        if one not in wanted or one not in looks:
            continue
        look = looks[one]
        table.at[row, "digest"] = look.digest
        if one not in found:
            values = {**asdict(look.measures), "width": look.width, "height": look.height,
                      "orientation": look.orientation}  # fmt: skip
            for name, value in values.items():
                table.at[row, name] = value
    return known


def _hashes(opened: OpenSet, found: dict[str, Glance], looks: dict[str, Look]) -> np.ndarray:
    """Return the hashes `(n, 8)` of every row; 0 where unknown."""
    hashes = np.zeros((len(opened), 8), np.uint64)
    for row, one in enumerate(opened.items["item_id"].tolist()):
        source = found.get(one) or looks.get(one)
        if source is not None:
            hashes[row] = source.hashes
    return hashes
