"""The pictures that annotations name: where they are, how large, and what is wrong with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.errors import DecodeError, InputError
from core.imaging.files import open_regular, reason_of_os_error
from core.imaging.imagefile import QUARTER_TURNS, Limits, open_image, orientation, reason_of
from core.ingest.folders import IMAGE_SUFFIXES, list_files, natural_key
from core.ingest.locate import locate_files
from core.ingest.schemes import Reading

#: Folders beside annotations in which pictures are looked for.
FOLDERS = ("", "images", "img", "JPEGImages", "data", "train", "val", "test", "..", "../images",
           "../JPEGImages", "../img", "../data")  # fmt: skip
_PROBES = 50


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: its path below the root, its hash and upright size, or why it cannot be used.

    `turned` tells that the file's own width and height are the other way round.
    """

    path: str = ""
    sha256: str = ""
    width: int = 0
    height: int = 0
    turned: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The pictures of a source: the folder their paths are relative to, and each by its name."""

    root: Path
    shots: dict[str, Shot]


def picture_names(folder: Path) -> list[str]:
    """Return the picture files below a folder, relative, in natural order."""
    listed = [p for p in list_files(folder).sizes if Path(p).suffix.lower() in IMAGE_SUFFIXES]
    return sorted(listed, key=natural_key)


def find_pictures(
    names: Iterable[str], beside: Path, images: Path | None, reading: Reading
) -> Shelf:
    """Find the pictures that annotations name, hash them and read their sizes.

    Parameters
    ----------
    names
        As annotations give them: paths, on this machine or another, or bare names; the ending
        may be missing.
    beside
        The folder of the annotations.
    images
        The folder of the pictures; None looks in `FOLDERS` beside the annotations.

    Returns
    -------
    Shelf
        With a `Shot` for every name.

    Raises
    ------
    InputError
        There are names, and none of them is a file.
    """
    wanted = list(dict.fromkeys(names))
    root = images or _best(wanted, beside)
    plain = [_plain(name) for name in wanted]
    missing = [p for p in plain if not _is_file(root, p)]
    if missing:
        known = _Listing(picture_names(root)) if root.is_dir() else _Listing([])
        plain = [known.match(p) if not _is_file(root, p) else p for p in plain]
    located = locate_files(plain, root, root=root).hashed(
        reading.hashes, reading.limits, reading.progress
    )
    shots: dict[str, Shot] = {}
    for at, (name, file) in enumerate(zip(wanted, located.files, strict=True)):
        if at % 200 == 0:
            reading.progress.report("scan", at, len(wanted), "reading sizes of pictures")
        if file.path is None or file.sha256 is None:
            shots[name] = Shot(reason=file.reason or "file not found")
        else:
            shots[name] = _measured(root, file.path, file.sha256, reading.limits)
    if wanted and not any(shot.path for shot in shots.values()):
        where = "in images=…" if images else f"beside {beside.name or 'them'}"
        first = next(iter(shots))
        raise InputError(
            f"none of the {len(wanted):,} pictures is there {where} (the first is {first[:80]}:"
            f" {shots[first].reason}); name their folder with ?images=FOLDER"
        )
    return Shelf(root, shots)


def _plain(name: str) -> str:
    """Return a name with forward slashes, relative: no drive, no leading slash, no dots."""
    text = name.replace("\\", "/") if "/" not in name else name
    parts = [part for part in PurePosixPath(text).parts if part not in {"/", "..", "."}]
    return "/".join(part for part in parts if not part.endswith(":"))


def _is_file(root: Path, name: str) -> bool:
    try:
        return bool(name) and (root / name).is_file()
    except (OSError, ValueError):
        return False


def _best(names: Sequence[str], beside: Path) -> Path:
    """Return the folder beside the annotations that has most of the first pictures."""
    probes = [_plain(name) for name in names[:_PROBES]]
    bases = [(beside / folder).resolve() for folder in FOLDERS]
    hits = [sum(_is_file(base, probe) for probe in probes) for base in bases]
    return bases[hits.index(max(hits))]


class _Listing:
    """The pictures below a folder, found by the end of their paths, by name, or without ending."""

    def __init__(self, paths: Sequence[str]):
        self._ends: dict[str, list[str]] = {}
        for path in paths:
            parts = PurePosixPath(path.casefold()).parts
            for start in range(len(parts)):
                self._ends.setdefault("/".join(parts[start:]), []).append(path)
            bare = PurePosixPath(parts[-1]).stem
            if bare != parts[-1]:
                self._ends.setdefault(bare, []).append(path)

    def match(self, name: str) -> str:
        """Return the one path that a name can mean; the name itself where none or several can."""
        parts = PurePosixPath(name.casefold()).parts
        for start in range(len(parts)):
            found = self._ends.get("/".join(parts[start:]), [])
            if len(found) == 1:
                return found[0]
            if found:
                break
        return name


def _measured(root: Path, path: str, sha256: str, limits: Limits) -> Shot:
    """Read the size in a picture's header."""
    try:
        with open_regular(root / path) as file:
            image = open_image(file, limits)
            turn, _ = orientation(image)
            width, height = image.size
    except (DecodeError, OSError) as error:
        reason = reason_of_os_error(error) if isinstance(error, OSError) else str(error)
        return Shot(reason=reason)
    except Exception as error:  # decoders fail in every way
        return Shot(reason=reason_of(error))
    turned = turn in QUARTER_TURNS
    width, height = (height, width) if turned else (width, height)
    return Shot(path, sha256, width, height, turned)
