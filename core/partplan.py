"""What a part of a set is made of, found out before any work: the request, its rows, its name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from core.errors import InputError, NotFoundError
from core.keys import digest
from core.library import Library
from core.opened.openset import OpenSet
from core.opened.part import PartSet
from core.request import MAPS
from core.selection import Selections
from core.storage.partrecords import is_part_name


@dataclass(frozen=True, slots=True)
class PartRequest:
    """What to re-run; the JSON form of a job's request and of the command line.

    Attributes
    ----------
    name
        The set or part that the selection belongs to. Without a selection: an existing part, to
        bring it up to date or to give it another map; its own seed and start are kept.
    selection
        The selection's id; "" for none.
    maps
        Any of umap, tsne, pca; the PCA map is made in any case.
    dims
        2 or 3.
    title
        What the part is to be called; "" calls it "420 of leeds".
    fresh
        Start the maps from PCA, as if the images were a set of their own, and not from where they
        lie now.
    """

    name: str
    selection: str = ""
    maps: tuple[str, ...] = ("umap",)
    dims: int = 2
    seed: int = 0
    title: str = ""
    fresh: bool = False

    def __post_init__(self) -> None:
        """Check what can be checked without the workspace."""
        for method in self.maps:
            if method not in MAPS:
                raise InputError(f"map {method!r}: use one of {', '.join(MAPS)}")
        if self.dims not in {2, 3}:
            raise InputError(f"dims {self.dims!r}: a map has 2 or 3 dimensions")
        if not isinstance(self.seed, int) or not 0 <= self.seed < 2**32:
            raise InputError(f"seed {self.seed!r}: a whole number from 0 to {2**32 - 1}")
        if not self.selection and not is_part_name(self.name):
            raise InputError("selection is empty: select the images to map again")
        if len(self.title) > 120 or not self.title.isprintable():
            raise InputError("title: use at most 120 printable characters")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "PartRequest":
        """Build a request from a job's JSON; unknown fields are refused by name."""
        unknown = set(value) - set(cls.__slots__)
        if unknown:
            raise InputError(f"unknown field {sorted(unknown)[0]!r} in the request")
        if "name" not in value:
            raise InputError("name is missing in the request: give a set or a part")
        return cls(**{**value, "maps": tuple(value.get("maps", ("umap",)))})

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return {**asdict(self), "maps": list(self.maps)}


def part_name(parent: OpenSet, rows: np.ndarray, seed: int = 0, fresh: bool = False) -> str:
    """Return the name of a part before anything of it is computed.

    Parameters
    ----------
    parent
        The set or part it is selected in.
    rows
        Rows of `parent`, in any order; each counts once.
    seed, fresh
        As in the request.

    Returns
    -------
    str
        "<set>/<16 hex digits>". The digits cover the parent's items and vectors, the rows, the
        seed and the start, so that the same question is the same part.
    """
    chosen = np.unique(np.asarray(rows, dtype=np.int64))
    key = digest(
        "vitrine", "part", 1, parent.name, parent.key, parent.embeddings, chosen, seed, fresh
    )
    return f"{parent.base.name}/{key[:16]}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a part is made of.

    Attributes
    ----------
    request
        What was asked for; for an existing part with its own seed, start and title.
    name
        The part's.
    base, base_rows
        The set, and the part's rows in it.
    source
        Whose vectors these are: what it is selected in, or the existing part.
    parent, rows
        What it was selected in, and for each of its rows the one there. Both are None where an
        existing part's parent is gone or lost some of its items.
    parent_name, above
        The parent's name, and the lineage down to it as a record keeps it.
    """

    request: PartRequest
    name: str
    base: OpenSet
    base_rows: np.ndarray
    source: OpenSet
    parent: OpenSet | None
    rows: np.ndarray | None
    parent_name: str
    above: list[dict[str, Any]]


def plan(request: PartRequest, library: Library) -> Plan:
    """Find out what a part is made of.

    Raises
    ------
    InputError
        The selection is empty.
    NotFoundError
        There is no such set, part or selection.
    """
    opened = library.open(request.name)
    if not request.selection:
        return _plan_again(request, opened, library)
    chosen = Selections(library.workspace).load(request.selection, opened.key)
    rows = np.unique(np.asarray(chosen, dtype=np.int64))
    if not len(rows):
        raise InputError("the selection is empty: select the images to map again")
    if rows[0] < 0 or rows[-1] >= len(opened):
        raise InputError(f"the selection has rows that {opened.name!r} does not have")
    name = part_name(opened, rows, request.seed, request.fresh)
    return Plan(
        request, name, opened.base, opened.base_rows[rows], opened, opened, rows, opened.name,
        _lineage_of(opened),
    )  # fmt: skip


def _plan_again(request: PartRequest, opened: OpenSet, library: Library) -> Plan:
    """Return what an existing part is made of; where its items lie in its parent may be new."""
    if not isinstance(opened, PartSet):
        raise InputError(f"{opened.name!r} is a set; give a selection in it")
    parent, rows = None, None
    try:
        parent = library.open(opened.parent_name)
        rows = parent.find_rows(opened.addresses)
    except NotFoundError:  # it is gone, or lost some of its own items
        parent = None
    if rows is None or (rows < 0).any():
        parent, rows = None, None
    made = PartRequest.from_json(opened.request)
    request = replace(request, seed=made.seed, fresh=made.fresh, title=request.title or made.title)
    return Plan(
        request, opened.name, opened.base, opened.base_rows, opened, parent, rows,
        opened.parent_name, list(opened.noted["lineage"]),
    )  # fmt: skip


def _lineage_of(opened: OpenSet) -> list[dict[str, Any]]:
    """Return the levels down to a set or part, as the record of a part of it keeps them."""
    given = isinstance(opened, PartSet) and bool(opened.noted.get("title"))
    own = {"name": opened.name, "title": opened.title, "count": len(opened), "named": given}
    above = list(opened.noted["lineage"]) if isinstance(opened, PartSet) else []
    return [*above, own]
