"""What a file of labels says: which item, by whatever the file calls it, has which label."""

from collections import Counter
from dataclasses import dataclass

#: How a file may name an item, the most certain first: by its id or address; by a path; by a file
#: name alone.
KINDS = ("id", "path", "name")

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a file of labels.

    Attributes
    ----------
    keys
        Pairs of kind and key, the one to trust most first; one at least.
    label
        None where the file has the item without a label.
    box, frame
        Which region of the picture is meant, as x, y, width and height in pixels, and which frame
        of the file; None for all.
    """

    keys: tuple[tuple[str, str], ...]
    label: str | None
    box: Box | None = None
    frame: int | None = None

    @property
    def kind(self) -> str:
        """The first key's kind."""
        return self.keys[0][0]

    @property
    def key(self) -> str:
        """What the file calls the item, for messages: a path or name if it has one."""
        return next((key for kind, key in self.keys if kind != "id"), self.keys[0][1])


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A file of labels, read.

    Attributes
    ----------
    name
        Of the file or folder, without its folder.
    format
        csv, parquet, coco, labelstudio, cvat, fiftyone, yolo, voc or folder.
    column
        The column of a table, control of Label Studio or field of FiftyOne that holds the labels;
        "" for the other formats.
    columns
        All of these that there are, for choosing another.
    entries
        In the file's order.
    notes
        What a person should know of how it was read.
    """

    name: str
    format: str
    column: str
    columns: tuple[str, ...]
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Return how many entries have each label, the most first."""
        return dict(Counter(e.label for e in self.entries if e.label is not None).most_common())


def named(path: str) -> tuple[str, str]:
    """Return what a file calls a picture as a key: a path if it tells a folder, else a name."""
    return ("path" if "/" in path or "\\" in path else "name"), path
