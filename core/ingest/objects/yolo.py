"""Objects from a data set in YOLO's form: a text file of boxes or polygons a picture."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import InputError
from core.imaging.files import reason_of_os_error
from core.ingest.folders import SPLITS, printable
from core.ingest.objects.asked import Asked
from core.ingest.objects.found import Annotations, Box, Found, number, text_of
from core.ingest.objects.shelf import picture_names
from core.ingest.schemes import Reading

_MOST_BYTES = 64 * 2**20
_YAML = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
_CLASSES = ("classes.txt", "obj.names", "labels/classes.txt")


def read(asked: Asked, reading: Reading) -> Annotations:
    """Return the objects of the pictures below a folder, or of those that a data.yaml names.

    The labels of `images/a/1.jpg` are in `labels/a/1.txt`, or beside the picture. A line is a
    class and x, y (of the centre), width and height; with a confidence behind; or a class and the
    corners of a polygon; all as shares of the picture's sides.

    Raises
    ------
    InputError
        There is no picture, or data.yaml cannot be read.
    """
    file = _described(asked.place)
    described = _read_yaml(file) if file else {}
    root = asked.place if asked.place.is_dir() else asked.place.parent
    base = (asked.images or root).resolve()
    found = Annotations()
    names = _names(described, root)
    posed = described.get("kpt_shape") is not None
    pictures = picture_names(base)
    wanted = _listed(described, file, base, found) if file else {}
    used: set[Path] = set()
    for at, path in enumerate(pictures):
        if at % 200 == 0:
            reading.progress.report("scan", at, len(pictures), "reading annotations")
        split = _split_of(path, wanted)
        if wanted and split is None:
            continue
        found.pictures.setdefault(path)
        labels = _labels_of(base, root, path)
        if labels is not None:
            used.add(labels)
            known = {"split": split} if split else {}
            _read_file(labels, path, names, posed, known, found)
    if not found.pictures:
        raise InputError(f"yolo: {asked.place.name}: no picture below {base.name}")
    _orphans(root, used, bool(wanted), found)
    return found


def _described(place: Path) -> Path | None:
    if place.is_file():
        return place
    return next((place / name for name in _YAML if (place / name).is_file()), None)


def _read_yaml(file: Path) -> dict[str, Any]:
    import yaml

    try:
        if file.stat().st_size > 2**20:
            raise InputError(f"{file.name}: more than 1 MiB: no description of a data set")
        value = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        reason = reason_of_os_error(error) if isinstance(error, OSError) else "damaged YAML"
        raise InputError(f"{file.name}: {reason}") from error
    if not isinstance(value, dict):
        raise InputError(f"{file.name}: not in YOLO's form: needs train, val and names")
    return value


def _names(described: Mapping[str, Any], root: Path) -> dict[int, str]:
    """Return the class of each number, from data.yaml or a file with a name a line."""
    names = described.get("names")
    if isinstance(names, list):
        return {at: text_of(name) or str(at) for at, name in enumerate(names)}
    if isinstance(names, dict):
        keyed = {number(key): text_of(name) for key, name in names.items()}
        return {int(key): name for key, name in keyed.items() if key is not None and name}
    for name in _CLASSES:
        file = root / name
        if file.is_file() and file.stat().st_size < 2**20:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            return {at: line.strip() for at, line in enumerate(lines) if line.strip()}
    return {}


def _listed(
    described: Mapping[str, Any], file: Path, base: Path, found: Annotations
) -> dict[str, str]:
    """Return the split of each folder or picture that data.yaml names, relative to `base`."""
    told = described.get("path")
    starts = [file.parent / told] if isinstance(told, str) else []
    starts += [file.parent, base]
    wanted: dict[str, str] = {}
    for split in ("train", "val", "test"):
        given = described.get(split)
        places = given if isinstance(given, list) else [given]
        for place in [one for one in places if isinstance(one, str) and one.strip()]:
            relative = _below(starts, place.strip(), base)
            if relative is None:
                found.aside.append(
                    (printable(place), f"{split}: not there, or not below {base.name}")
                )
            elif relative.endswith(".txt"):
                wanted |= dict.fromkeys(_lines(base / relative, base), split)
            else:
                wanted[relative] = split
    return wanted


def _below(starts: Iterable[Path], place: str, base: Path) -> str | None:
    """Return a place that data.yaml names, relative to `base`; None if it is not there."""
    while place.startswith("../"):  # as some exports write, whose folders lie beside the file
        inner = [*starts]
        for start in inner:
            if (start / place).exists() and (start / place).resolve().is_relative_to(base):
                return (start / place).resolve().relative_to(base).as_posix()
        place = place[3:]
    for start in starts:
        full = (start / place).resolve()
        if full.exists() and full.is_relative_to(base):
            return full.relative_to(base).as_posix()
    return None


def _lines(file: Path, base: Path) -> list[str]:
    """Return the pictures that a list of paths names, as below `base` where they are."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    found = []
    for line in filter(None, map(str.strip, lines)):
        for start in (file.parent, base):
            full = (start / line).resolve()
            if full.is_file() and full.is_relative_to(base):
                found.append(full.relative_to(base).as_posix())
                break
    return found


def _split_of(path: str, wanted: Mapping[str, str]) -> str | None:
    """Return the split of a picture: as data.yaml says, else by the name of a folder."""
    if wanted:
        for place in (path, *(str(parent) for parent in PurePosixPath(path).parents)):
            if place in wanted:
                return wanted[place]
        return None
    return next((p for p in PurePosixPath(path).parts[:-1] if p.casefold() in SPLITS), None)


def _labels_of(base: Path, root: Path, path: str) -> Path | None:
    """Return the file of a picture's labels; None where it has none."""
    parts = list(PurePosixPath(path).with_suffix(".txt").parts)
    places = [base.joinpath(*parts), root.joinpath("labels", *parts)]
    for at in reversed(range(len(parts) - 1)):
        if parts[at] == "images":
            places.insert(0, base.joinpath(*parts[:at], "labels", *parts[at + 1 :]))
            break
    if base.name == "images":
        places.insert(0, base.parent.joinpath("labels", *parts))
    return next((place for place in places if place.is_file()), None)


def _read_file(
    file: Path, picture: str, names: Mapping[int, str], posed: bool, known: dict[str, Any],
    found: Annotations,
) -> None:  # fmt: skip
    """Take the objects of one picture's file."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise OSError(f"more than {_MOST_BYTES // 2**20} MiB")
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        found.aside.append((file.name, reason_of_os_error(error)))
        return
    for place, line in enumerate(lines, 1):
        if line.strip():
            found.add(_object(line.split(), picture, str(place), names, posed, known))


def _object(
    words: list[str], picture: str, name: str, names: Mapping[int, str], posed: bool,
    known: Mapping[str, Any],
) -> Found:  # fmt: skip
    """Return the object of one line; with a problem where it is none."""
    read = [number(word) for word in words]
    values = [value for value in read if value is not None]
    kind = values[0] if values else None
    if len(values) != len(words) or kind is None or kind != int(kind) or kind < 0:
        told = " ".join(words)[:60]
        return Found(picture, name, problem=f"line {name}: not a class and numbers: {told}")
    label = names.get(int(kind), str(int(kind)))
    given = values[1:]
    if names and int(kind) not in names:
        return Found(picture, name, None, problem=f"line {name}: no class {int(kind)} is named")
    box: Box | None = None
    rings: tuple[tuple[float, ...], ...] = ()
    if len(given) in {4, 5} or (posed and len(given) > 5):
        x, y, w, h = given[:4]
        box = (x - w / 2, y - h / 2, w, h)
        known = {**known, "confidence": given[4]} if len(given) == 5 and not posed else known
    elif len(given) >= 6 and len(given) % 2 == 0:
        rings = (tuple(given),)
    else:
        told = f"line {name}: {len(given)} numbers behind the class: no box and no polygon"
        return Found(picture, name, label, problem=told)
    problem = ""
    if max(map(abs, given[:4] if box else given)) > 2:
        problem = f"line {name}: not shares of the picture's sides: numbers above 2"
    return Found(picture, name, label, box, rings, relative=True, problem=problem, known=known)


def _orphans(root: Path, used: set[Path], listed: bool, found: Annotations) -> None:
    """Name the label files whose picture is not there."""
    folder = root / "labels"
    if listed or not folder.is_dir():
        return
    for file in sorted(folder.rglob("*.txt")):
        if file not in used and file.name not in {"classes.txt"} and file.stat().st_size:
            found.aside.append((file.relative_to(root).as_posix(), "no picture has its name"))
