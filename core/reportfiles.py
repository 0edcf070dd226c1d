"""A report as a file: the pictures and the maps of the set that it needs are gathered here."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from core.config import Settings
from core.errors import DecodeError, NotFoundError, VitrineError
from core.imaging.thumbnails import encode_thumbnail
from core.library import OpenSet
from core.maps.raster import SPAN, draw_map
from core.pictures import picture_bytes
from core.report.html import Pictures, render_html
from core.storage.store import Workspace

#: Longest side of a picture in the file; it is shown at a good third of that.
SIDE = 144

#: Width of a map in pixels.
MAP_WIDTH = 900

#: What was chosen and what is random, on light, dark and paper; the set behind, half transparent.
CHOSEN, RANDOM, BEHIND = (0x17, 0x8A, 0x93), (0xD0, 0x68, 0x0F), (0x87, 0x91, 0x98)
FAINT = 0.5

_MASK = ["#ffffff"] * 256


def report_files(
    report: Mapping[str, Any], opened: OpenSet | None, workspace: Workspace, settings: Settings
) -> bytes:
    """Return a report as one HTML file, with the set's pictures and maps where they are there.

    Parameters
    ----------
    report
        The report as JSON.
    opened
        The set it is about. None, or a set that is another by now, gives a file without pictures
        and maps: rows would mean other images.
    workspace
        Where the thumbnails are.
    settings
        Limits of decoding.

    Returns
    -------
    bytes
        See `core.report.html.render_html`.
    """
    if opened is None or opened.key != (report.get("hashes") or {}).get("imageset"):
        return render_html(report, lambda row: None, {})
    return render_html(report, pictures_of(opened, workspace, settings), draw_maps(report, opened))


# -- pictures --------------------------------------------------------------------------------------


def pictures_of(opened: OpenSet, workspace: Workspace, settings: Settings) -> Pictures:
    """Return what gives the small picture of a row; None for one that is gone or unreadable."""

    def of(row: int) -> bytes | None:
        try:
            item_id = opened.item_id(row)
            data = workspace.thumbnails.get(item_id)
            if data is None:
                large = picture_bytes(opened, row, settings)[0]
                with Image.open(io.BytesIO(large)) as picture:
                    data = encode_thumbnail(picture.convert("RGB"), settings.thumbnail_side)
                workspace.thumbnails.set(item_id, data)
            return _small(data)
        except (NotFoundError, DecodeError):
            return None
        except VitrineError:  # a thumbnail cache that is locked or full must not cost the report
            return None

    return of


def _small(data: bytes) -> bytes:
    """Return a thumbnail at the size of the report."""
    with Image.open(io.BytesIO(data)) as picture:
        return data if max(picture.size) <= SIDE else encode_thumbnail(picture.convert("RGB"), SIDE)


# -- maps ------------------------------------------------------------------------------------------


def draw_maps(report: Mapping[str, Any], opened: OpenSet) -> dict[str, bytes]:
    """Return "curated" and "random" as PNG files on the same axes; {} where there is no map.

    Their ground is transparent and their colours stand out from white and from dark alike.
    """
    maps = report.get("maps")
    if not maps or not maps.get("random_rows"):
        return {}
    try:
        xy = opened.points(maps["projection"])
    except NotFoundError:
        return {}
    view, size = _view(xy)
    behind = _ink(xy, view, size)
    return {
        name: _composed(behind, _ink(xy[np.asarray(rows, np.int64)], view, size), colour)
        for name, rows, colour in (
            ("curated", report["choice"]["rows"], CHOSEN),
            ("random", maps["random_rows"], RANDOM),
        )
    }


def _view(xy: np.ndarray) -> tuple[tuple[float, float, float, float], tuple[int, int]]:
    """Return the rectangle that holds all points, and the size of its picture in pixels."""
    low, high = xy.min(axis=0) / SPAN, xy.max(axis=0) / SPAN
    middle, reach = (low + high) / 2, np.maximum(high - low, 1e-3) * 1.04
    tall = float(np.clip(reach[1] / reach[0], 0.6, 1.0))
    corners = np.concatenate([middle - reach / 2, middle + reach / 2])
    return (corners[0], corners[1], corners[2], corners[3]), (MAP_WIDTH, round(MAP_WIDTH * tall))


def _ink(
    xy: np.ndarray, view: tuple[float, float, float, float], size: tuple[int, int]
) -> np.ndarray:
    """Return how far each pixel is covered by points, 0..1 `(height, width)`."""
    drawn = draw_map(xy, np.ones(len(xy), np.uint8), _MASK, view=view, size=size, dark=True)
    light = np.asarray(drawn.convert("L"), np.float64)
    ground = light.min() if light.min() < 255 else 0.0
    return (light - ground) / (255.0 - ground)


def _composed(behind: np.ndarray, front: np.ndarray, colour: tuple[int, int, int]) -> bytes:
    """Return points in a colour over faint grey ones, on nothing, as a PNG of few colours."""
    below = behind * FAINT * (1 - front)
    alpha = below + front
    part = np.divide(front, alpha, out=np.zeros_like(front), where=alpha > 0)[..., None]
    shade = part * np.array(colour) + (1 - part) * np.array(BEHIND)
    pixels = np.rint(np.concatenate([shade, 255 * alpha[..., None]], axis=2)).astype(np.uint8)
    buffer = io.BytesIO()
    picture = Image.fromarray(pixels, "RGBA")
    picture.quantize(64, Image.Quantize.FASTOCTREE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
