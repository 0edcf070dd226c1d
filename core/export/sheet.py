"""A contact sheet: the pictures of a selection in a grid, each with its label and file name."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import DecodeError, InputError
from core.export.sources import Source
from core.imaging.decode import encode_thumbnail, load_picture
from core.imaging.imagefile import Limits
from core.progress import Progress
from core.storage.store import Workspace

#: Pictures on one sheet at most; of more an even sample is shown.
MOST = {"sheet-png": 400, "sheet-pdf": 2000}

#: What stands for characters that a font lacks, one for a run of them.
ELLIPSIS = "…"

_PLAIN = str.maketrans({
    "–": "-", "—": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "×": "x",
    "ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l",
    "Ł": "L", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "µ": "u",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture on the sheet.

    `picture` is a JPEG or PNG file, None where it cannot be shown; `reason` then says why.
    """

    picture: bytes | None
    label: str
    name: str
    row: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a contact sheet shows."""

    title: str
    about: str
    cells: list[Cell]


def even_sample(total: int, most: int) -> list[int]:
    """Return up to `most` positions, evenly spread over `total`, ascending."""
    return [i * total // most for i in range(most)] if total > most else list(range(total))


def collect(
    sources: Sequence[Source],
    root: Path,
    workspace: Workspace,
    to: str,
    *,
    title: str,
    about: str = "",
    of: int = 0,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Sheet:
    """Gather the pictures of a sheet, from the thumbnail cache or made anew and kept there.

    Parameters
    ----------
    to
        sheet-png or sheet-pdf, which hold 400 and 2,000 pictures; of more an even sample is shown.
    about
        What the items are, such as a slice's name.
    of
        How many items the set has.

    Raises
    ------
    InputError
        The items have no pictures.
    """
    progress = progress or Progress()
    if sources and not any(source.path for source in sources):
        raise InputError("these items are vectors without pictures: there is no contact sheet")
    shown = [sources[i] for i in even_sample(len(sources), MOST[to])]
    cells = []
    for number, source in enumerate(shown):
        progress.report("drawing the sheet", number, len(shown))
        picture, reason = _thumbnail(source, root, workspace, limits or Limits())
        name = source.path.rsplit("/", 1)[-1]
        if source.region.frame is not None:
            name += f" #{source.region.frame}"
        cells.append(Cell(picture, source.label, name, source.row, reason))
    progress.report("drawing the sheet", len(shown), len(shown))
    return Sheet(title, _counted(about, len(shown), len(sources), of), cells)


def _counted(about: str, shown: int, chosen: int, of: int) -> str:
    """Return a sheet's second line: what is exported, and how much of it is shown."""
    told = f"{chosen:,} selected of {of:,} {'image' if of == 1 else 'images'}"
    if about or chosen == of:
        told = f"{chosen:,} {'image' if chosen == 1 else 'images'}"
    if shown < chosen:
        told += f" · an even sample, {shown:,} of {chosen:,}"
    return f"{about} · {told}" if about else told


def _thumbnail(
    source: Source, root: Path, workspace: Workspace, limits: Limits
) -> tuple[bytes | None, str]:
    """Return an item's thumbnail, or None and why there is none."""
    if not source.path:
        return None, "no picture"
    data = workspace.thumbnails.get(source.item_id)
    if data is None:
        try:
            file = source.file(root)
            found = load_picture(file.path, file.region, root=root, at_least=512, limits=limits)
        except DecodeError as error:
            return None, str(error)
        data = encode_thumbnail(found.image)
        workspace.thumbnails.set(source.item_id, data)
    return data, ""


# -- captions --------------------------------------------------------------------------------------


def written(text: str, has: Callable[[str], bool]) -> str:
    """Return a text in the characters a font has.

    A letter that it lacks loses its accents or becomes a plain one of the same sound; what is
    left becomes one ellipsis for each run. Line breaks become spaces.
    """
    parts: list[str] = []
    for character in " ".join(unicodedata.normalize("NFC", text).split()):
        plain = character
        if not has(character):
            base = unicodedata.normalize("NFKD", character.translate(_PLAIN))
            plain = "".join(c for c in base if not unicodedata.combining(c))
            if not plain or not all(map(has, plain)):
                plain = "" if unicodedata.combining(character) else ELLIPSIS
        if plain != ELLIPSIS or parts[-1:] != [ELLIPSIS]:
            parts.append(plain)
    return "".join(parts)


def fitted(text: str, room: float, width: Callable[[str], float], *, middle: bool = False) -> str:
    """Return a text cut to a width, with an ellipsis at its end, or in its middle.

    Parameters
    ----------
    room
        The width there is, in the unit of `width`, which measures a text.
    middle
        Keep both ends, since file names differ at their ends.
    """
    if width(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:  # the most characters that fit
        keep = (low + high + 1) // 2
        if width(_cut(text, keep, middle)) <= room:
            low = keep
        else:
            high = keep - 1
    return _cut(text, low, middle)


def _cut(text: str, keep: int, middle: bool) -> str:
    """Return `keep` characters of a text and an ellipsis for the others."""
    tail = keep // 2 if middle else 0
    end = text[len(text) - tail :] if tail else ""
    return text[: keep - tail].rstrip() + ELLIPSIS + end.lstrip()


def caption(cell: Cell, has: Callable[[str], bool]) -> tuple[str, str]:
    """Return a cell's two lines: its label, or its name where it has none; then its name.

    What a font cannot show at all is called by its row.
    """
    label, name = written(cell.label, has), written(cell.name, has)
    if not name.strip(f"{ELLIPSIS}. "):
        name = f"row {cell.row}"
    if not label.strip(f"{ELLIPSIS} "):
        return name, ""
    return label, name


def columns_for(count: int, most: int, few: int) -> int:
    """Return how many columns a grid of `count` pictures has: few for few, up to `most`."""
    found = few
    while found < most and found * found * 0.8 < count:
        found += 1
    return found
