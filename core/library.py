"""The read side of a workspace, for pages: its sets and their parts, opened and listed.

Opening is cheap and nothing here imports what computes; results come memory-mapped from disk.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from core.errors import NotFoundError, VitrineError
from core.opened.cards import NOISE, ClusterCard, Near
from core.opened.clustered import Hooks, ThemeMerges, ThemeNames, ThemeSplits
from core.opened.openset import Level, OpenSet
from core.opened.part import PartSet, part_level
from core.opened.values import ExtraColumns
from core.storage.partrecords import is_part_name, part_names, part_path, read_part, read_rows
from core.storage.store import Workspace

__all__ = [
    "NOISE", "ClusterCard", "Level", "Library", "Near", "OpenSet", "PartSet", "PartSummary",
    "SetSummary",
]  # fmt: skip

#: Parts kept open, the ones opened last: each holds a table of its items.
KEPT_PARTS = 32


@dataclass(frozen=True, slots=True)
class SetSummary:
    """One line about a set.

    `clusters` is None while they are not computed; `problem` says what is wrong with the stored
    set, "" if nothing is.
    """

    name: str
    key: str
    items: int
    encoder: str
    model_type: str
    dims: int
    created: str
    updated: str
    maps: list[str]
    clusters: int | None
    noise_share: float | None
    broken: int
    source: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PartSummary:
    """One line about a part: as `Level` tells it, with where it belongs.

    `depth` is 1 for a part of a set and 2 for a part of that; `problem` says why it cannot be
    opened, "" if it can.
    """

    name: str
    title: str
    count: int
    m2: dict[str, float]
    parent: str
    depth: int
    created: str
    updated: str
    maps: list[str]
    problem: str = ""


class Library:
    """All sets of a workspace and their parts, as they are stored now.

    What was opened is kept while its record on disk does not change, so that a page asks for it
    as often as it likes.

    Parameters
    ----------
    workspace
        Where they are stored.
    extra_columns, theme_names, theme_merges, theme_splits
        What a person decided about a set; see `core.opened.clustered.Hooks`.
    """

    def __init__(
        self,
        workspace: Workspace,
        extra_columns: ExtraColumns | None = None,
        theme_names: ThemeNames | None = None,
        theme_merges: ThemeMerges | None = None,
        theme_splits: ThemeSplits | None = None,
    ):
        self.workspace = workspace
        self._hooks = Hooks(extra_columns, theme_names, theme_merges, theme_splits)
        self._open: dict[str, tuple[int, OpenSet]] = {}
        self._parts: dict[str, PartSet] = {}
        self._records: dict[str, tuple[int, dict[str, Any]]] = {}
        self._found: dict[str, str] = {}
        self._lock = Lock()

    @classmethod
    def with_desk(cls, workspace: Workspace, desk: Any) -> "Library":
        """Return the library of a workspace in which what `desk` has on record is decided."""
        return cls(
            workspace,
            desk.columns,
            lambda opened, clustering: desk.view(opened).theme_names(clustering),
            lambda opened, clustering: desk.view(opened).theme_merges(clustering),
            lambda opened, clustering: desk.view(opened).theme_splits(clustering),
        )

    def names(self) -> list[str]:
        """Return the names of the sets, sorted; their parts are not among them."""
        return self.workspace.set_names()

    def has(self, name: str) -> bool:
        """Tell whether there is a set or a part with this name."""
        if is_part_name(name):
            with suppress(VitrineError):
                return part_path(self.workspace, name).is_file()
            return False
        return name in self.names()

    def open(self, name: str) -> OpenSet:
        """Return a set, or a part by its name `<set>/<key>`.

        Raises
        ------
        NotFoundError
            Nothing has this name, and the message lists the sets there are; or the set of a part
            is gone or no longer holds all of its items.
        """
        if is_part_name(name):
            return self._open_part(name)
        path = self.workspace.root / "sets" / f"{name}.json"
        stamp = path.stat().st_mtime_ns if name in self.names() else 0
        with self._lock:
            kept = self._open.get(name)
        if kept is not None and stamp and kept[0] == stamp:
            return kept[1]
        found = OpenSet(self.workspace, self.workspace.read_set(name), self._hooks)
        with self._lock:
            self._open[name] = (stamp, found)
        return found

    def _open_part(self, name: str) -> OpenSet:
        """Return a part, opened anew when its record or that of its set has changed."""
        record = self._part_record(name)
        base_name = name.partition("/")[0]
        try:
            base = self.open(base_name)
        except NotFoundError as error:
            raise NotFoundError(
                f"the set that the part {name} belongs to is gone: {error}"
            ) from error
        with self._lock:
            kept = self._parts.get(name)
        if kept is not None and kept.base is base and kept.noted is record:
            return kept
        rows = read_rows(self.workspace, name, record)
        found = PartSet(self.workspace, record, base, rows, self._part_record, self._hooks)
        with self._lock:
            self._parts.pop(name, None)
            self._parts[name] = found
            while len(self._parts) > KEPT_PARTS:
                self._parts.pop(next(iter(self._parts)))
        return found

    def _part_record(self, name: str) -> dict[str, Any]:
        """Return a part's record, read again when it has changed on disk."""
        path = part_path(self.workspace, name)
        stamp = path.stat().st_mtime_ns if path.is_file() else 0
        with self._lock:
            kept = self._records.get(name)
        if kept is not None and stamp and kept[0] == stamp:
            return kept[1]
        record = read_part(self.workspace, name)
        with self._lock:
            self._records[name] = (stamp, record)
        return record

    def find(self, imageset_key: str) -> OpenSet:
        """Return a set or part that has this image set, one whose folder is there if possible."""
        with suppress(VitrineError, KeyError):
            known = self.open(self._found[imageset_key])
            if known.key == imageset_key and known.root.is_dir():
                return known
        found = None
        for opened in self._with_key(imageset_key):
            found = found or opened
            if opened.root.is_dir():
                found = opened
                break
        if found is None:
            raise NotFoundError("this set has changed or is gone; reload the page")
        self._found[imageset_key] = found.name
        return found

    def name_of(
        self, name: str, imageset: str, encoded: Callable[[OpenSet], bool], what: str = "this"
    ) -> str:
        """Return the name of a set or part with these images, encoded as told.

        Parameters
        ----------
        name
            What it was called elsewhere; looked at before the others.
        imageset
            Key of its image set.
        encoded
            Whether a set's vectors are the ones.
        what
            What was made of it, for the message.

        Raises
        ------
        NotFoundError
            There is none here.
        """
        first = [name] if self.has(name) else []
        for one in dict.fromkeys([*first, *self.names()]):
            with suppress(VitrineError):  # a damaged set hides no others
                opened = self.open(one)
                if opened.key == imageset and encoded(opened):
                    return one
        raise NotFoundError(
            f"no set here has the images and vectors of {what} ({name!r}, image set "
            f"{imageset[:12]}): run the same folder with the same encoder first"
        )

    def _with_key(self, imageset_key: str) -> Iterator[OpenSet]:
        """Yield the sets, then the parts, that have an image set; damaged ones hide no others."""
        for name in self.names():
            with suppress(VitrineError, KeyError):
                opened = self.open(name)
                if opened.key == imageset_key:
                    yield opened
        for name in part_names(self.workspace):
            with suppress(VitrineError, KeyError):
                if self._part_record(name)["imageset"] == imageset_key:
                    yield self.open(name)

    # -- listing -------------------------------------------------------------------------------

    def sets(self) -> list[SetSummary]:
        """Return a line about every set, the one updated last first."""
        lines = [self._summarise(name) for name in self.names()]
        return sorted(lines, key=lambda line: line.updated, reverse=True)

    def parts(self, name: str) -> list[PartSummary]:
        """Return a line about every part of a set, at any depth, the newest first.

        `name` is the set's or that of one of its parts. A set that is gone has none to show.
        """
        base = name.partition("/")[0]
        lines = [self._summarise_part(part) for part in part_names(self.workspace, base)]
        return sorted(lines, key=lambda line: (line.created, line.depth, line.name), reverse=True)

    def part_states(self) -> list[str]:
        """Return a text for every part that changes when a map or clusters of it are added."""
        told = []
        for name in part_names(self.workspace):
            with suppress(VitrineError, KeyError):
                record = self._part_record(name)
                state = (record["imageset"], record["projections"], record["clusterings"])
                told.append(f"{name}:{state}:{bool(record['neighbors'])}:{bool(record['summary'])}")
        return told

    def _summarise_part(self, name: str) -> PartSummary:
        """Return a line about one part; a damaged one must not hide the others."""
        try:
            record = self._part_record(name)
            level = part_level(record)
            line = PartSummary(
                name, level.title, level.count, level.m2, record["parent"], len(record["lineage"]),
                record["created"], record["updated"], list(record["projections"]),
            )  # fmt: skip
        except (VitrineError, KeyError) as error:
            return PartSummary(name, name, 0, {}, "", 1, "", "", [], _problem(error))
        return replace(line, problem=self._trouble(name))

    def _trouble(self, name: str) -> str:
        """Return why a part cannot be opened, "" if it can."""
        try:
            self.open(name)
        except (VitrineError, KeyError) as error:
            return _problem(error)
        return ""

    def _summarise(self, name: str) -> SetSummary:
        """Return a line about one set; a damaged one must not hide the others."""
        try:
            return self._line(self.workspace.read_set(name))
        except (VitrineError, KeyError) as error:
            return SetSummary(
                name, "", 0, "", "", 0, "", "", [], None, None, 0, "", problem=_problem(error)
            )

    def _line(self, record: Mapping[str, Any]) -> SetSummary:
        """Return a line about one set."""
        summary = record.get("summary") or {}
        stored = self.workspace.read("imageset", record["imageset"])
        clusters = summary.get("clusters") or {}
        return SetSummary(
            name=record["name"],
            key=record["imageset"],
            items=int(stored.meta["items"]),
            encoder=record["encoder"]["name"],
            model_type=record["encoder"]["model_type"],
            dims=int(record["encoder"]["dims"]),
            created=record["created"],
            updated=record["updated"],
            maps=list(record["projections"]),
            clusters=clusters.get("count"),
            noise_share=clusters.get("noise_share"),
            broken=int(stored.meta["broken"]),
            source=record["request"]["source"],
        )


def _problem(error: Exception) -> str:
    """Return what is wrong with a stored set or part, in words."""
    return str(error) if isinstance(error, VitrineError) else "its record is damaged"
