"""What an export is asked to do: the JSON of a job's request."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.curation.words import counted
from core.errors import InputError
from core.export.folder import checked_target
from core.export.formats import TOOLS, Options, format_of, in_a_folder
from core.export.names import safe_name
from core.export.sources import chosen_rows, curated_view
from core.library import OpenSet
from core.storage.store import Workspace


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to export, as what, and where to.

    Attributes
    ----------
    name
        A set or a part of one.
    to, target
        The format, and an absolute path: of a folder or a file, as `in_a_folder` tells.
    selection, slice, cluster
        Which of its items; at most one is given, and none means all.
    """

    name: str
    to: str
    target: str
    selection: str | None = None
    slice: str | None = None
    cluster: int | None = None
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        format_of(self.to)
        if not isinstance(self.target, str) or not self.target.strip():
            raise InputError("target is empty: name a folder on this computer")
        if self.cluster is not None and type(self.cluster) is not int:
            raise InputError(f"cluster: needs a whole number, not {self.cluster!r:.40}")
        for name in ("name", "selection", "slice"):
            value = getattr(self, name)
            if not (isinstance(value, str) or (value is None and name != "name")):
                raise InputError(f"{name}: needs a text, not {value!r:.40}")

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "ExportRequest":
        """Build a request from a job's JSON; unknown fields are refused by name."""
        unknown = sorted(set(value) - set(cls.__slots__))
        if unknown:
            raise InputError(f"unknown field {unknown[0]!r} in the request of an export")
        lacking = [name for name in ("name", "to", "target") if name not in value]
        if lacking:
            raise InputError(f"the request of an export lacks {lacking[0]!r}")
        options = Options.from_json(value.get("options") or {})
        return cls(**{**value, "options": options})

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values; what is not given is left out."""
        given = {"name": self.name, "to": self.to, "target": self.target}
        chosen = {"selection": self.selection, "slice": self.slice, "cluster": self.cluster}
        options = self.options.to_json()
        found = given | {k: v for k, v in chosen.items() if v not in (None, "")}
        return found | ({"options": options} if options else {})


def rows_asked_for(
    request: ExportRequest, opened: OpenSet, workspace: Workspace
) -> np.ndarray | None:
    """Return the rows that a request names; None for all."""
    return chosen_rows(
        opened, workspace, selection=request.selection, slice=request.slice,
        cluster=request.cluster,
    )  # fmt: skip


def checked_request(
    request: ExportRequest, opened: OpenSet, workspace: Workspace
) -> tuple[dict[str, Any], str]:
    """Return a request's JSON, its target free of links, and its title, if it can be done.

    Raises
    ------
    VitrineError
        What it names does not exist, or its target cannot be written to.
    """
    try:
        request.target.encode()
    except UnicodeEncodeError:
        raise InputError("target: its name is not valid UTF-8; choose another") from None
    rows = rows_asked_for(request, opened, workspace)
    known = format_of(request.to)
    folder = in_a_folder(request.to, request.options)
    target = checked_target(request.target, opened, workspace, folder=folder)
    if folder and request.to in TOOLS:
        check_empty(target)
    count = len(opened) if rows is None else len(rows)
    told = counted(count, curated_view(opened, workspace).noun)
    title = f"{title_of(opened)}: {known.title} of {told}"
    return request.to_json() | {"target": str(target)}, title


def title_of(opened: OpenSet) -> str:
    """Return what people call a set or a part of one."""
    return str(getattr(opened, "title", "") or opened.name)


def file_name(
    opened: OpenSet, to: str, *, slice: str | None = None, count: int | None = None
) -> str:
    """Return a file's name for an export: the set's, and what of it, with the format's suffix.

    Parameters
    ----------
    count
        How many items of the set, if not all.
    """
    parts = [title_of(opened)]
    if slice:
        parts.append(slice)
    elif count is not None and count != len(opened):
        parts.append(f"{count} selected")
    if to == "manifest":
        parts.append("manifest")
    elif format_of(to).folder or to == "labelstudio":  # its ending is COCO's too
        parts.append(to)
    return safe_name(" - ".join(parts), otherwise="vitrine") + format_of(to).suffix


def default_target(opened: OpenSet, to: str, options: Options | None = None) -> Path:
    """Return where the command line writes if nobody said: here, under the set's name."""
    known, folder = format_of(to), in_a_folder(to, options or Options())
    name = safe_name(opened.name.replace("/", "-"), otherwise="vitrine")
    if folder or to == "labelstudio":  # its ending is COCO's too
        name = f"{name}-{to}"
    return Path.cwd() / (name if folder else f"{name}{known.suffix}")


def check_empty(folder: Path) -> None:
    """Refuse a folder that holds something; `InputError` tells which."""
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty; name a new or an empty folder")
