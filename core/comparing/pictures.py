"""Reading the pictures of a set as its encoder read them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DecodeError
from core.imaging.decode import ItemFile, Limits, Picture, load_picture
from core.imaging.files import FileHashes
from core.imaging.same import CHANGED, is_other
from core.opened.openset import OpenSet
from core.storage.records import region_of


def with_picture(opened: OpenSet) -> np.ndarray:
    """Return rows of different pictures, ascending: each item once, those without a file none."""
    items = opened.items
    there = items["path"].notna() & (items["path"].astype("string").fillna("") != "")
    rows: np.ndarray = np.flatnonzero((there & ~items["item_id"].duplicated()).to_numpy(bool))
    return rows


def load_row(
    opened: OpenSet,
    row: int,
    limits: Limits,
    hashes: FileHashes,
    at_least: int | None = None,
    *,
    masked: bool = True,
) -> Picture:
    """Decode the picture of a row.

    Parameters
    ----------
    opened, row
        The set, and which of its rows.
    limits, hashes
        Largest files and pictures; the digests of files by path, size and time.
    at_least
        As in `core.imaging.decode.load_picture`.
    masked
        False shows what the row's mask hides.

    Raises
    ------
    DecodeError
        It cannot be decoded, or is another picture than the one that was encoded.
    OSError
        It cannot be read.
    """
    values: dict[str, Any] = {str(k): v for k, v in opened.items.iloc[row].to_dict().items()}
    root = Path(opened.root)
    file = ItemFile(values["item_id"], root / values["path"], region_of(values), root)
    if is_other(file, opened.kind, hashes):
        raise DecodeError(CHANGED)
    region = file.region if masked else replace(file.region, mask=None)
    return load_picture(file.path, region, root=root, at_least=at_least, limits=limits)
