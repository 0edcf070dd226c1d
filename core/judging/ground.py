"""What of a picture is not its object: the ground, light and contrast, from its thumbnail."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core.checking.pieces import in_pieces
from core.comparing.pictures import load_row
from core.config import Settings
from core.cutting.masks import Masks, find_masks
from core.errors import DecodeError, NotFoundError
from core.imaging.decode import Limits
from core.imaging.files import FileHashes
from core.imaging.regions import load_mask
from core.opened.openset import OpenSet
from core.progress import Progress
from core.storage.catalog import Catalog
from core.storage.store import Workspace

STAGE = "ground"
#: Side that is measured, share of it that is the rim, and pictures in hand.
SIDE, RIM, PIECE = 64, 0.1, 32
#: Columns of what is measured: the ground's colour and unevenness, light and contrast.
GROUND, LIGHT, CONTRAST = slice(0, 4), 4, 5


def grounds(
    opened: OpenSet,
    rows: np.ndarray,
    masks: str | None,
    workspace: Workspace,
    settings: Settings,
    progress: Progress,
) -> tuple[np.ndarray, str]:
    """Measure the ground, light and contrast of pictures.

    Parameters
    ----------
    opened, rows
        The set and the rows that are looked at `(m,)`.
    masks
        A folder of masks or a column that names them; None takes the rim of each picture.

    Returns
    -------
    numpy.ndarray
        `(m, 6)` float64: red, green and blue of the ground, its standard deviation, mean and
        standard deviation of the whole picture's brightness, 0 to 255; NaN where unknown.
    str
        What the ground is here, in words.

    Raises
    ------
    InputError, NotFoundError
        Masks are asked for and there are none.
    """
    files: dict[int, Path] = {}
    if masks is not None:
        found = _masks(opened, masks)
        files = dict(zip(found.rows.tolist(), found.files, strict=True))
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    made: list[list[float]] = []
    with Catalog(workspace.root / "catalog.sqlite") as hashes:

        def work(part: Sequence[int]) -> list[list[float]]:
            return [
                _one(opened, row, files.get(row), masks is not None, workspace, limits, hashes)
                for row in part
            ]

        for part in in_pieces(rows.tolist(), PIECE, settings.n_workers, work):
            made += part
            progress.report(STAGE, len(made), len(rows))
    what = "what lies around the object" if masks is not None else "the rim of each picture"
    return np.array(made, np.float64).reshape(-1, 6), what


def _masks(opened: OpenSet, masks: str) -> Masks:
    """Return the masks that a column names, or that lie in a folder."""
    if masks in opened.items:
        return find_masks(opened, column=masks)
    folder = Path(masks).expanduser()
    folder = folder if folder.is_absolute() else Path(opened.root) / folder
    if not folder.is_dir():
        raise NotFoundError(f"masks {masks!r}: neither a column nor a folder")
    return find_masks(opened, folder=folder)


def _one(
    opened: OpenSet,
    row: int,
    mask: Path | None,
    masked: bool,
    workspace: Workspace,
    limits: Limits,
    hashes: FileHashes,
) -> list[float]:
    """Return what is measured of one picture; NaN where it cannot be read."""
    try:
        image = _picture(opened, row, workspace, limits, hashes)
    except (DecodeError, OSError, MemoryError):
        return [float("nan")] * 6
    small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    values = np.asarray(small, np.float64)
    grey = values @ (0.299, 0.587, 0.114)
    light = [float(grey.mean()), float(grey.std())]
    around = _around(mask, limits) if masked else _rim()
    if around is None or not around.any():
        return [float("nan")] * 4 + light
    colour = values[around].mean(axis=0)
    return [*(float(one) for one in colour), float(grey[around].std()), *light]


def _picture(
    opened: OpenSet, row: int, workspace: Workspace, limits: Limits, hashes: FileHashes
) -> Image.Image:
    data = workspace.thumbnails.get(opened.item_id(row))
    if data:
        with Image.open(io.BytesIO(data)) as image:
            return image.convert("RGB")
    return load_row(opened, row, limits, hashes, SIDE).image


def _rim() -> np.ndarray:
    width = max(1, round(RIM * SIDE))
    rim = np.ones((SIDE, SIDE), bool)
    rim[width:-width, width:-width] = False
    return rim


def _around(mask: Path | None, limits: Limits) -> np.ndarray | None:
    """Return what a mask hides at the side that is measured; None without a mask."""
    if mask is None:
        return None
    try:
        with Image.open(mask) as file:
            turned = file.getexif().get(0x0112, 1) in {5, 6, 7, 8}
            size = file.size[::-1] if turned else file.size
        shown = load_mask(mask.name, mask.parent, size, (SIDE, SIDE), limits)
    except (DecodeError, OSError, ValueError):
        return None
    return np.asarray(shown) == 0
