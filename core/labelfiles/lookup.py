"""Which rows of a set a key of a file means."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core.ingest.folders import IMAGE_SUFFIXES
from core.ingest.objects.making import SIDES
from core.labelfiles.handed import Key, keys_of, other_names
from core.labelfiles.model import Box, Entry

#: Columns of a set whose values, if each is different, name its items.
_OWN_IDS = ("id", "ids", "uid", "uuid", "key", "image_id", "name", "names")
_COUNTED = re.compile(r"(.+):([1-9][0-9]*)")
#: What Label Studio puts before the names of uploaded files.
_UPLOADED = re.compile(r"^[0-9a-f]{8}-(?=.)")
#: Why an entry means no row, where that is all there is to say.
ABSENT = "not in the set"
#: Pixels by which two boxes may differ and be the same.
_NEAR = 1.0


class Found(NamedTuple):
    """Rows that a key may mean, how it names them, and in words why it cannot be told which."""

    rows: tuple[int, ...] = ()
    how: str = ""
    why: str = ""


def plain(path: str) -> str:
    """Return a path with its letters composed, "/" between folders and no "./" before it."""
    text = unicodedata.normalize("NFC", path)
    if "\\" in text and "/" not in text:
        text = text.replace("\\", "/")
    while text.startswith("./"):
        text = text[2:]
    return text


class Lookup:
    """Finds rows of a set by what the entries of one file call them.

    Parameters
    ----------
    opened
        The whole set, also where a part of it is labelled: a name that two images have is no
        clearer for only one of them being in the part.
    entries
        All of the file's: a name that comes twice there, or an address of a certain copy, changes
        what the others mean.
    edited
        Boxes by row, where people have changed them.
    each
        Whether the label of a picture is that of each of its regions, where it has several.
    """

    def __init__(
        self,
        opened: Any,
        entries: Iterable[Entry],
        edited: Mapping[int, Box] | None = None,
        *,
        each: bool = True,
    ):
        self._opened, self._edited, self._each = opened, edited or {}, each
        self._items: pd.DataFrame = opened.items
        names: set[str] = set()
        self._named: Counter[str] = Counter()
        explicit: set[int] = set()
        for entry in entries:
            named = {plain(key) for kind, key in entry.keys if kind != "id"}
            self._named.update({_name(path) for path in named})
            names |= named
            for kind, key in entry.keys:
                if kind == "id" and ":" in key:
                    explicit |= set(self._by_id(key).rows)
        self._explicit = explicit

    # -- what the set has ----------------------------------------------------------------------

    @cached_property
    def _paths(self) -> list[str]:
        if "path" not in self._items:
            return [""] * len(self._items)
        return [plain(path) for path in self._items["path"].astype("string").fillna("").tolist()]

    @cached_property
    def _roots(self) -> list[str]:
        """The set's folder as it was given, and without links."""
        root = Path(self._opened.root)
        return list(dict.fromkeys(plain(str(one)).rstrip("/") for one in (root, root.resolve())))

    @cached_property
    def _own(self) -> "_Names":
        found: dict[str, list[int]] = defaultdict(list)
        for row, path in enumerate(self._paths):
            if path:
                found[path].append(row)
        return _Names({path: tuple(rows) for path, rows in found.items()})

    @cached_property
    def _handed(self) -> "_Names":
        """What frames, and files with names that not every system takes, are called elsewhere."""
        rows: dict[Key, list[int]] = defaultdict(list)
        for row, key in enumerate(keys_of(self._items)):
            rows[key].append(row)
        return _Names({plain(name): tuple(rows[key]) for key, name in other_names(self._items)})

    @cached_property
    def _address_rows(self) -> dict[str, int]:
        return {address: row for row, address in enumerate(self._opened.addresses)}

    @cached_property
    def _id_rows(self) -> dict[str, tuple[int, ...]]:
        """Rows by item id, and by a column of the set whose values are all different."""
        found: dict[str, list[int]] = defaultdict(list)
        for name in self._items.columns:
            if str(name).lower() not in _OWN_IDS:
                continue
            texts = self._items[name].astype("string")
            if texts.notna().all() and texts.is_unique:
                found |= {text: [row] for row, text in enumerate(texts.tolist())}
        own: dict[str, list[int]] = defaultdict(list)
        for row, item_id in enumerate(self._items["item_id"].tolist()):
            own[item_id].append(row)
        return {key: tuple(rows) for key, rows in (found | own).items()}

    @cached_property
    def _boxes(self) -> np.ndarray:
        """The box of each row as x, y, width and height, float64 `(n, 4)`; NaN for none.

        An object's own, without the context that it is shown with; else the region.
        """
        region = np.column_stack([self._numbers(f"box_{side}") for side in "xywh"])
        own = np.column_stack([self._numbers(side) for side in SIDES])
        return np.where(np.isnan(own), region, own)

    @cached_property
    def _frames(self) -> np.ndarray:
        """The frame of its file that each row is, float64 `(n,)`; NaN for none."""
        return self._numbers("frame")

    def _numbers(self, name: str) -> np.ndarray:
        if name not in self._items:
            return np.full(len(self._items), np.nan)
        found: np.ndarray = self._items[name].to_numpy(float, na_value=np.nan)
        return found

    # -- finding -------------------------------------------------------------------------------

    def rows_of(self, entry: Entry) -> Found:
        """Return the rows that an entry means: none, with the reason, if that cannot be told."""
        why = ""
        for place, (kind, key) in enumerate(entry.keys):
            found = self._by_id(key) if kind == "id" else self._by_path(plain(key))
            if not found.rows:
                continue
            if found.why:
                why = why or found.why
                continue
            rows = found.rows
            if len(rows) > 1:
                rows = self._narrowed(rows, entry.keys[place + 1 :])
            if kind == "id" and len(rows) == 1 and key in self._address_rows:
                return Found(rows, found.how)  # the address is the region's, also if it was edited
            rows, problem = self._in_region(rows, entry)
            return Found(rows, found.how, problem)
        return Found(why=why or ABSENT)

    def _narrowed(self, rows: tuple[int, ...], keys: Iterable[tuple[str, str]]) -> tuple[int, ...]:
        """Return those of several rows that the entry's other keys may mean too, if there are."""
        for kind, key in keys:
            others = set((self._by_id(key) if kind == "id" else self._by_path(plain(key))).rows)
            rows = tuple(row for row in rows if row in others) or rows
        return rows

    def _in_region(self, rows: tuple[int, ...], entry: Entry) -> tuple[tuple[int, ...], str]:
        """Return the rows that are this frame and region; whole pictures have neither."""
        kept = np.asarray(rows)
        if entry.frame is not None and not np.isnan(self._frames[kept]).all():
            kept = kept[self._frames[kept] == entry.frame]
        if entry.box is not None and not np.isnan(self._boxes[kept]).all():
            near = np.abs(self._boxes[kept] - np.asarray(entry.box)) <= _NEAR
            moved = [self._is_moved(row, entry.box) for row in kept.tolist()]
            kept = kept[near.all(axis=1) | np.asarray(moved, bool)]
        elif not self._each and len(kept) > 1 and not np.isnan(self._boxes[kept]).all():
            return (), f"a label of the whole picture, in which the set has {len(kept):,} regions"
        problem = "" if len(kept) else "the set has no such region or frame of this file"
        return tuple(kept.tolist()), problem

    def _is_moved(self, row: int, box: Box) -> bool:
        """Tell whether a row's box was changed to this one."""
        mine = self._edited.get(row)
        return mine is not None and bool(
            (np.abs(np.asarray(mine, float) - np.asarray(box)) <= _NEAR).all()
        )

    def _by_id(self, key: str) -> Found:
        counted = _COUNTED.fullmatch(key)
        if counted is not None:
            address = counted[1] if counted[2] == "1" else key
            row = self._address_rows.get(address)
            return Found() if row is None else Found((row,), "id")
        rows = self._id_rows.get(key, ())
        if len(rows) > 1:
            rows = tuple(row for row in rows if row not in self._explicit) or rows
        return Found(rows, "id")

    def _by_path(self, key: str) -> Found:
        """Return what a path or name may mean."""
        for root in self._roots:
            if key.startswith(f"{root}/"):
                key = key[len(root) + 1 :]
                break
        return next(
            (found for found in (names.find(key, self._named[_name(key)] == 1)
                                 for names in self._known()) if found.rows),
            Found(),
        )  # fmt: skip

    def _known(self) -> Iterable["_Names"]:
        """Yield the names of pictures: as the set has them, then as they are handed over."""
        yield self._own
        yield self._handed


class _Names:
    """Rows by the paths of pictures, also where only part of a path is known."""

    def __init__(self, at_path: dict[str, tuple[int, ...]]):
        self._at_path = at_path

    @cached_property
    def _with_name(self) -> dict[str, list[str]]:
        return _grouped(self._at_path, _name)

    @cached_property
    def _with_folded(self) -> dict[str, list[str]]:
        return _grouped(self._at_path, lambda path: _name(path).casefold())

    @cached_property
    def _with_stem(self) -> dict[str, list[str]]:
        return _grouped(self._at_path, lambda path: _stem(_name(path)).casefold())

    def find(self, key: str, alone: bool) -> Found:
        """Return what a path or name may mean, the surest reading that means something.

        Parameters
        ----------
        alone
            No other image of the file has this name.
        """
        how = "path" if "/" in key else "name"
        if key in self._at_path:
            return Found(self._at_path[key], how)
        for known, name in self._readings(_name(key)):
            paths = known.get(name, [])
            ending = [path for path in paths if _ends_alike(path, key, name)]
            if len(ending) == 1:
                return Found(self._at_path[ending[0]], how)
            if len(paths) == 1 and alone:
                return Found(self._at_path[paths[0]], "name")
            if paths:
                rows = tuple(row for path in ending or paths for row in self._at_path[path])
                return Found(rows, "name", _several(ending or paths))
        return Found()

    def _readings(self, name: str) -> Iterable[tuple[dict[str, list[str]], str]]:
        """Yield ways to read a file name: as it is, in other capitals, without what tools add."""
        yield self._with_name, name
        yield self._with_folded, name.casefold()
        if PurePosixPath(name).suffix.lower() not in IMAGE_SUFFIXES:
            yield self._with_stem, name.casefold()
        if _UPLOADED.match(name):
            yield self._with_folded, _UPLOADED.sub("", name).casefold()


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _grouped(paths: Iterable[str], by: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        found[by(path)].append(path)
    return found


def _ends_alike(path: str, key: str, name: str) -> bool:
    """Tell whether the folders of one are the last folders of the other."""
    here, there = path.split("/")[:-1], key.split("/")[:-1]
    shorter = min(len(here), len(there))
    return here[len(here) - shorter :] == there[len(there) - shorter :]


def _several(paths: list[str]) -> str:
    if len(paths) == 1:
        return "two images of the file have this name, and the set has one in another folder"
    more = f" and {len(paths) - 3:,} more" if len(paths) > 3 else ""
    return f"{len(paths):,} images of the set are called so: {', '.join(paths[:3])}{more}"
