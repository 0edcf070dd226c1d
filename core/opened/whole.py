"""The whole picture that an item is a region of, for drawing the region on it."""

import io
from typing import Any

from PIL import Image

from core.config import Settings
from core.errors import NotFoundError
from core.imaging.decode import Limits, load_picture, thumbnail_type
from core.model import Region
from core.storage.records import region_of

#: Longest side of the picture.
LONGEST = 1200


def whole_picture(opened: Any, row: int, settings: Settings) -> tuple[bytes, str]:
    """Return the whole picture of a row, re-encoded, its longest side at most 1,200 pixels.

    Raises
    ------
    NotFoundError
        There is no such row, or it has no picture.
    DecodeError
        The picture is gone or no longer readable.
    """
    values: dict[Any, Any] = opened.items.iloc[opened.check_row(row)].to_dict()
    path = values["path"]
    if not isinstance(path, str) or not path:
        raise NotFoundError("this item has a vector and no picture")
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    image = load_picture(
        opened.root / path, Region(frame=region_of(values).frame), root=opened.root,
        at_least=LONGEST, limits=limits,
    ).image  # fmt: skip
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=86)
    data = buffer.getvalue()
    return data, thumbnail_type(data)
