"""What a set can be exported as, and the options of each format."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, cast

from core.errors import InputError

Layout = Literal["tree", "flat", "label"]
LAYOUTS: tuple[Layout, ...] = ("tree", "flat", "label")

#: Formats of other tools; the first three may have the pictures with them, in one folder with this
#: file beside `images`, as CVAT and Datumaro keep them.
PICTURES_BESIDE = {
    "coco": "annotations/instances_default.json",
    "cvat": "annotations.xml",
    "labelstudio": "tasks.json",
}
TOOLS = (*PICTURES_BESIDE, "fiftyone", "yolo")

__all__ = [
    "FORMATS", "LAYOUTS", "PICTURES_BESIDE", "TOOLS", "Format", "Layout", "Options", "format_of",
    "in_a_folder",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its name on the command line, what its files end with, whether it is a folder."""

    name: str
    title: str
    suffix: str = ""
    mimetype: str = ""
    folder: bool = False
    long: bool = False


_ALL = (
    Format("csv", "table", ".csv", "text/csv; charset=utf-8"),
    Format("parquet", "table with vectors", ".parquet", "application/vnd.apache.parquet"),
    Format("npy", "vectors", ".npy", "application/zip"),  # two files: sent as one archive
    Format("paths", "list of paths", ".txt", "text/plain; charset=utf-8"),
    Format("coco", "objects and labels", ".json", "application/json"),
    Format("cvat", "labels for CVAT", ".xml", "application/xml"),
    Format("labelstudio", "tasks for Label Studio", ".json", "application/json"),
    Format("counts", "numbers of objects", ".csv", "text/csv; charset=utf-8"),
    Format("manifest", "manifest", ".zip", "application/zip"),
    Format("sheet-png", "contact sheet", ".png", "image/png", long=True),
    Format("sheet-pdf", "contact sheet", ".pdf", "application/pdf", long=True),
    Format("copies", "copies", folder=True, long=True),
    Format("links", "links", folder=True, long=True),
    Format("crops", "cropped pictures", folder=True, long=True),
    Format("fiftyone", "FiftyOne data set", folder=True, long=True),
    Format("yolo", "YOLO data set", folder=True, long=True),
)

FORMATS: tuple[str, ...] = tuple(found.name for found in _ALL)


def format_of(name: str) -> Format:
    """Return a format by its name; `InputError`, listing those there are, if there is none."""
    for found in _ALL:
        if found.name == name:
            return found
    raise InputError(f"format {str(name)[:40]!r}: use one of {', '.join(FORMATS)}")


@dataclass(frozen=True, slots=True)
class Options:
    """How to write; each format reads what concerns it.

    Attributes
    ----------
    absolute
        paths: whole paths, not relative to the set's folder.
    null
        paths: end each with a NUL byte, as `xargs -0` reads them, and quote none.
    layout
        Folders: as in the set's own folder (tree), all in one (flat), or one folder a label.
    hard
        links: hard ones, not symbolic.
    escape_formulas
        csv: put an apostrophe before text that a spreadsheet would run as a formula.
    pictures
        coco, cvat, labelstudio, fiftyone: write the pictures too, all in one folder.
    """

    absolute: bool = False
    null: bool = False
    layout: Layout = "tree"
    hard: bool = False
    escape_formulas: bool = False
    pictures: bool = False

    def __post_init__(self) -> None:
        """Refuse what no format knows."""
        if self.layout not in LAYOUTS:
            raise InputError(f"layout {self.layout!r}: use {', '.join(LAYOUTS)}")
        for name in ("absolute", "null", "hard", "escape_formulas", "pictures"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"option {name}: true or false, not {getattr(self, name)!r}")

    @classmethod
    def from_json(cls, value: Any) -> "Options":
        """Build options from JSON; unknown ones are refused by name."""
        if not isinstance(value, Mapping):
            raise InputError(f"options: needs an object, not {value!r:.40}")
        unknown = sorted(set(map(str, value)) - {field.name for field in fields(cls)})
        if unknown:
            raise InputError(f"unknown option {unknown[0]!r} of an export")
        return cls(**cast(dict[str, Any], dict(value)))

    def to_json(self) -> dict[str, Any]:
        """Return the options that differ from their defaults, as JSON values."""
        return {k: v for k, v in asdict(self).items() if v != getattr(Options(), k)}


def in_a_folder(name: str, options: Options) -> bool:
    """Tell whether a format writes a folder: always, or because pictures go along."""
    return format_of(name).folder or (options.pictures and name in PICTURES_BESIDE)
