"""Pictures for pages: thumbnails from the cache or made again, and larger re-encoded views."""

import io

from PIL import Image

from core.config import Settings
from core.errors import NotFoundError, VitrineError
from core.imaging.decode import ItemFile, Limits, encode_thumbnail, load_picture, thumbnail_type
from core.library import Library, OpenSet
from core.storage.records import region_of

#: Longest side of a picture shown large.
LARGE = 1600


def _file(opened: OpenSet, row: int) -> ItemFile:
    """Return where a row's picture lies; `NotFoundError` if the item has none."""
    values = opened.items.iloc[opened.check_row(row)].to_dict()
    path = values["path"]
    if not isinstance(path, str) or not path:
        raise NotFoundError("this item has a vector and no picture")
    return ItemFile(
        str(values["item_id"]),
        opened.root / path,
        region_of({str(k): v for k, v in values.items()}),
        opened.root,
    )


def _find_row(library: Library, item_id: str) -> tuple[OpenSet, int]:
    """Return a set and a row that hold an item; one whose folder is there if there is a choice."""
    found: list[tuple[OpenSet, int]] = []
    for name in library.names():
        try:
            opened = library.open(name)
            row = opened.first_row(item_id)
        except VitrineError:  # a damaged set must not hide the others
            continue
        if row is not None:
            found.append((opened, row))
    if not found:
        raise NotFoundError("no picture with this id")
    return next((f for f in found if f[0].root.is_dir()), found[0])


def thumbnail_bytes(library: Library, item_id: str) -> tuple[bytes, str]:
    """Return an item's thumbnail and its media type, from the cache or made again.

    Raises
    ------
    NotFoundError
        No set holds the item.
    DecodeError
        Its picture is gone or no longer readable.
    """
    cache = library.workspace.thumbnails
    data = cache.get(item_id)
    if data is None:
        file = _file(*_find_row(library, item_id))
        picture = load_picture(file.path, file.region, root=file.root, at_least=512)
        data = encode_thumbnail(picture.image)
        cache.set(item_id, data)
    return data, thumbnail_type(data)


def picture_bytes(opened: OpenSet, row: int, settings: Settings) -> tuple[bytes, str]:
    """Return a row's picture re-encoded, its longest side at most 1,600 pixels.

    Small pictures go out as PNG, pixel for pixel; others as JPEG.

    Raises
    ------
    NotFoundError
        There is no such row, or it has no picture.
    DecodeError
        The picture is gone or no longer readable.
    """
    file = _file(opened, row)
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    picture = load_picture(
        file.path, file.region, root=file.root, at_least=LARGE, limits=limits
    ).image
    picture.thumbnail((LARGE, LARGE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    if max(picture.size) <= 256:
        picture.save(buffer, "PNG")
    else:
        picture.save(buffer, "JPEG", quality=88)
    data = buffer.getvalue()
    return data, thumbnail_type(data)
