"""Objects from mask pictures: one a value, one a connected part, or one a file."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from core.errors import DecodeError, InputError
from core.imaging import shapes
from core.imaging.files import file_size, open_regular, reason_of_os_error
from core.imaging.imagefile import Limits, check_bytes, open_image, orientation, reason_of
from core.ingest.folders import labels_and_splits
from core.ingest.objects.asked import Asked
from core.ingest.objects.found import Annotations, Found
from core.ingest.objects.shelf import picture_names
from core.ingest.schemes import Reading

#: What may stand before or behind a picture's name in the name of its mask.
MARKS = ("mask", "masks", "seg", "segmentation", "label", "labels", "gt", "instance", "instances",
         "instanceids", "cp_masks")  # fmt: skip
#: Parts that one mask may fall into; more are specks of a damaged or grey picture.
MOST_PARTS = 100_000


def read(asked: Asked, reading: Reading) -> Annotations:
    """Return the objects of a folder of masks.

    A mask has its picture's name, or that with "_mask" or the like or with a number behind it
    (`1_mask_3.png`), or lies in a folder of the picture's name. Zero is outside. Of a mask with
    several values each is an object, else each connected part is one (`per=` says otherwise). An
    object's label is the folder of its picture.

    Raises
    ------
    InputError
        The pictures' folder is not named, or no mask belongs to a picture.
    """
    if asked.images is None:
        raise InputError("masks: name the folder of the pictures with ?images=FOLDER")
    if not asked.place.is_dir():
        raise InputError(f"masks: {asked.place.name}: name a folder of mask pictures")
    inside = asked.images.is_relative_to(asked.place) or asked.place.is_relative_to(asked.images)
    pictures = picture_names(asked.images)
    masks = picture_names(asked.place)
    if inside:
        own = {asked.place / mask for mask in masks}
        shown = {asked.images / picture for picture in pictures}
        if asked.images != asked.place and asked.place.is_relative_to(asked.images):
            pictures = [p for p in pictures if asked.images / p not in own]
        elif asked.images != asked.place:
            masks = [m for m in masks if asked.place / m not in shown]
        else:
            raise InputError("masks: pictures and masks lie in one folder; give them one each")
    found = Annotations(pictures=dict.fromkeys(pictures))
    labels, _ = labels_and_splits(pictures)
    label_of = dict(zip(pictures, labels, strict=True))
    matched = _matched(masks, pictures, found)
    if not matched:
        raise InputError(
            f"masks: none of {len(masks):,} masks has the name of one of {len(pictures):,} pictures"
        )
    for at, (picture, files) in enumerate(matched.items()):
        if at % 20 == 0:
            reading.progress.report("scan", at, len(matched), "reading masks")
        _read_picture(asked, picture, files, label_of[picture], found, reading.limits)
    return found


def _matched(
    masks: list[str], pictures: list[str], found: Annotations
) -> dict[str, list[str]]:  # fmt: skip
    """Return the masks of each picture, in order; those of none are named."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for picture in pictures:
        by_name[PurePosixPath(picture).stem.casefold()].append(picture)
    matched: dict[str, list[str]] = defaultdict(list)
    for mask in masks:
        owners = next((by_name[name] for name in _names(mask) if name in by_name), [])
        folder = PurePosixPath(mask).parent
        same = [one for one in owners if PurePosixPath(one).parent == folder]
        owners = same if len(same) == 1 and len(owners) > 1 else owners
        if len(owners) == 1:
            matched[owners[0]].append(mask)
        elif owners:
            found.aside.append((mask, f"{len(owners)} pictures have its name"))
        else:
            found.aside.append((mask, "no picture has its name"))
    return {picture: matched[picture] for picture in pictures if picture in matched}


def _names(mask: str) -> Iterator[str]:
    """Give the names that a mask's picture may have, the most like it first."""
    path = PurePosixPath(mask)
    stem = path.stem.casefold()
    yield from _bare(stem)
    head, joint, last = stem.rpartition("_")
    if joint and last.isdecimal():
        yield from _bare(head)
    for folder in reversed(path.parts[:-1]):
        yield from _bare(folder.casefold())


def _bare(stem: str) -> Iterator[str]:
    """Give a name, and it without what marks a mask."""
    yield stem
    for mark in MARKS:
        for joint in "_-.":
            if stem.endswith(f"{joint}{mark}"):
                yield stem.removesuffix(f"{joint}{mark}")
            if stem.startswith(f"{mark}{joint}"):
                yield stem.removeprefix(f"{mark}{joint}")


def _read_picture(
    asked: Asked, picture: str, files: list[str], label: str | None, found: Annotations,
    limits: Limits,
) -> None:  # fmt: skip
    """Take the objects of one picture's masks."""
    per = asked.own.get("per", "auto")
    for file in files:
        try:
            values = _values(asked.place / file, limits)
            parts = dict(_parts(values, "file" if len(files) > 1 and per == "auto" else per))
        except (DecodeError, OSError) as error:
            reason = reason_of_os_error(error) if isinstance(error, OSError) else str(error)
            found.aside.append((file, f"mask: {reason}"))
            continue
        if not parts:
            found.aside.append((file, "mask: marks no pixel"))
        size = (values.shape[1], values.shape[0])
        for name, shape in parts.items():
            whole = f"{PurePosixPath(file).stem} {name}".strip() if len(files) > 1 else name
            found.add(Found(picture, whole or "1", label, shape=shape, size=size))


def _values(file: Path, limits: Limits) -> np.ndarray:
    """Return a mask's values `(height, width)`: palette indices, grey, or colours as numbers."""
    try:
        with open_regular(file) as opened:
            check_bytes(file_size(opened), limits)
            image = open_image(opened, limits)
            image.load()
            turn, _ = orientation(image)
            flat: Image.Image = image
            if image.mode in {"RGB", "RGBA", "CMYK", "YCbCr"}:
                flat = image.convert("RGB")
            elif image.mode in {"LA", "PA", "La"}:
                flat = image.getchannel(0)
            flat = flat.transpose(turn) if turn is not None else flat
            values = np.asarray(flat)
    except (DecodeError, OSError):
        raise
    except Exception as error:  # any decoder's failure
        raise DecodeError(reason_of(error)) from error
    if values.ndim == 3:
        wide = values.astype(np.int64)
        values = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return values


def _parts(values: np.ndarray, per: str) -> Iterator[tuple[str, str]]:
    """Give the name and the outline of each object of a mask."""
    marked = values != 0
    if not marked.any():
        return
    if per == "auto":
        per = "value" if len(np.unique(values[marked])) > 1 else "part"
    if per == "file":
        yield "", shapes.mask_text(marked)
        return
    if per == "value":
        kinds = values
    else:
        from scipy import ndimage

        kinds, count = ndimage.label(marked, structure=np.ones((3, 3), int))
        if count > MOST_PARTS:
            raise DecodeError(f"falls into {count:,} parts, more than {MOST_PARTS:,}")
    names = np.unique(kinds[kinds != 0])
    if len(names) > MOST_PARTS:
        raise DecodeError(f"has {len(names):,} values, more than {MOST_PARTS:,}")
    yield from _outlines(kinds, names)


def _outlines(kinds: np.ndarray, names: np.ndarray) -> Iterator[tuple[str, str]]:
    """Give each number's outline; all runs of a picture are found at once."""
    height, width = kinds.shape
    flat = kinds.ravel(order="F")
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    ends = np.concatenate([starts[1:], [flat.size]])
    value = flat[starts]
    order = np.argsort(value, kind="stable")
    groups = np.searchsorted(value[order], names), np.searchsorted(value[order], names, "right")
    for name, low, high in zip(names.tolist(), *(g.tolist() for g in groups), strict=True):
        mine = order[low:high]
        edges = np.column_stack([starts[mine], ends[mine]]).ravel()
        runs = np.diff(np.concatenate([[0], edges, [flat.size]]))
        runs = runs[:-1] if runs[-1] == 0 else runs
        yield str(name), shapes.rle_text(runs, width, height)
