"""The same images in several encoders: what a court looks at.

Vectors that are stored are taken as they are; what is missing is encoded into the encoder's own
cache, where a later run of a set finds it. Each encoder gets an opened set in memory, so that the
checks of other pages are made here as they are there; none is written to `sets/`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.analyse import neighbors_of
from core.config import Settings
from core.courts.request import BASELINE, MOST, CourtRequest
from core.curation import Desk
from core.curation.source import portable_name
from core.encoders.base import spec_to_dict
from core.errors import InputError
from core.gather import encode_items
from core.keys import artefact_key
from core.labelled.values import LabelColumn, label_column
from core.labelling.data import units_in
from core.library import Library, OpenSet
from core.model import EncoderSpec, Neighbors, Scan
from core.progress import Progress
from core.request import RunRequest
from core.run import Run
from core.space import unit_rows
from core.storage.catalog import Catalog
from core.storage.records import imageset_key
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

STAGE = "encoders"


@dataclass(frozen=True, slots=True)
class Seat:
    """One encoder of a court.

    Attributes
    ----------
    name
        Its name without folders of this machine.
    spec
        What it is.
    opened
        The images that are looked at, as a set in this encoder.
    unit
        Their unit vectors `(m, d)` float32.
    neighbors
        Their neighbour graph.
    encoded
        How many of them had no vector yet.
    """

    name: str
    spec: EncoderSpec
    opened: OpenSet
    unit: np.ndarray
    neighbors: Neighbors
    encoded: int


@dataclass(frozen=True, slots=True)
class Case:
    """What is looked at: some rows of a set, with their labels and units.

    Attributes
    ----------
    opened
        The set or part.
    rows
        Rows of it that are looked at `(m,)`, ascending.
    labels
        The column of labels of the whole set; without any its `known` is empty.
    codes, units
        Label code, below 0 for none, and unit of each row that is looked at `(m,)`.
    total
        Rows of the working set.
    notes
        What was left out, each a sentence.
    """

    opened: OpenSet
    rows: np.ndarray
    labels: LabelColumn
    codes: np.ndarray
    units: np.ndarray
    total: int
    notes: tuple[str, ...] = ()

    @property
    def labelled(self) -> bool:
        """Whether two labels or more are known."""
        return len(np.unique(self.codes[self.codes >= 0])) > 1


def open_case(
    name: str,
    workspace: Workspace,
    *,
    column: str | None,
    unit: str | None,
    sample: int,
    seed: int,
) -> Case:
    """Open a set or part, and draw the images that are looked at.

    Raises
    ------
    NotFoundError
        There is no such set or column, or the set has no neighbours yet.
    InputError
        A column cannot be used as asked, or fewer than ten images are left.
    """
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open(name)
    if opened.neighbors is None:
        raise InputError(f"{name!r} has no vectors yet: run the set to its end first")
    view = desk.view(opened)
    labels = label_column(opened, view, column)
    units = units_in(opened, workspace)
    if unit is not None:
        values = label_column(opened, view, unit).codes
        units = np.where(values >= 0, values, values.max(initial=-1) + 1 + units)
    working = np.asarray(view.working, np.int64)
    rows = drawn(working, labels.codes, units, sample, seed)
    if len(rows) < 10:
        raise InputError(f"{name!r}: {len(rows)} images are left; at least 10 are needed")
    notes = []
    if len(working) < len(opened):
        notes.append(f"{len(opened) - len(working):,} excluded or dropped are not looked at.")
    if len(rows) < len(working):
        notes.append(
            f"{len(rows):,} of {len(working):,} images were looked at: whole units, "
            "drawn in proportion from every label."
        )
    places = np.unique(units[rows], return_inverse=True)[1].reshape(-1)
    return Case(opened, rows, labels, labels.codes[rows], places, len(working), tuple(notes))


def drawn(
    working: np.ndarray, codes: np.ndarray, units: np.ndarray, sample: int, seed: int
) -> np.ndarray:
    """Return rows of whole units, as many of each label in proportion, at most `sample`."""
    if len(working) <= sample:
        return working
    names, first, place = np.unique(units[working], return_index=True, return_inverse=True)
    label = codes[working][first]
    order = np.random.default_rng(seed).permutation(len(names))
    turn = np.empty(len(names))
    for code in np.unique(label):  # the same share of every label comes first
        mine = order[label[order] == code]
        turn[mine] = (np.arange(len(mine)) + 0.5) / len(mine)
    order = order[np.argsort(turn[order], kind="stable")]
    kept = np.zeros(len(names), bool)
    kept[order[np.cumsum(np.bincount(place)[order]) <= sample]] = True
    rows: np.ndarray = working[kept[place.reshape(-1)]]
    return rows


def names_of(asked: CourtRequest, opened: OpenSet) -> list[str]:
    """Return the encoders of a court: the set's own, those asked for, and the pixel baseline.

    Raises
    ------
    InputError
        They are more than five, or the set has no pictures to encode.
    """
    names = list(dict.fromkeys([opened.spec.name, *asked.encoders]))
    if not any(name.partition("?")[0].strip() == BASELINE for name in names):
        names.append(BASELINE)
    if len(names) > MOST:
        raise InputError(
            f"encoders: with the set's own ({portable_name(opened.spec.name)}) and the baseline "
            f"{BASELINE!r} they are {len(names)}; a court hears {MOST} at most"
        )
    if len(names) < 2:
        raise InputError("encoders: name one beside the set's own and the pixel baseline")
    paths = opened.items["path"].astype("string").fillna("")
    if bool((paths == "").all()):
        raise InputError(
            f"{opened.title!r} has no pictures, so no other encoder can see them: "
            "run a set from a folder or a table"
        )
    return names


def seats_of(
    names: Sequence[str],
    case: Case,
    workspace: Workspace,
    settings: Settings,
    progress: Progress,
    seed: int,
) -> tuple[Case, list[Seat]]:
    """Encode what is missing, and return the images that every encoder has a vector of.

    Raises
    ------
    EncoderUnavailableError
        An encoder cannot be opened.
    InputError
        Fewer than ten images have a vector in each.
    """
    held: list[tuple[EncoderSpec, VectorCache, int]] = []
    with Catalog(workspace.root / "catalog.sqlite") as catalog:
        for at, name in enumerate(names):
            progress.report(STAGE, at, len(names), portable_name(name))
            held.append(_vectors(name, case, workspace, settings, progress, catalog))
    ids = case.opened.items["item_id"].iloc[case.rows].tolist()
    lacking = [set(cache.missing(ids)) | set(cache.quarantined(ids)) for _, cache, _ in held]
    good = np.array([not any(one in lack for lack in lacking) for one in ids], bool)
    if good.sum() < 10:
        raise InputError(f"{int(good.sum())} images could be encoded by all; 10 are needed")
    if not good.all():
        told = f"{int((~good).sum()):,} images that not every encoder could read are left out."
        units = np.unique(case.units[good], return_inverse=True)[1].reshape(-1)
        case = Case(case.opened, case.rows[good], case.labels, case.codes[good], units,
                    case.total, (*case.notes, told))  # fmt: skip
    seats = [_seat(spec, cache, count, case, workspace, settings, progress, seed)
             for spec, cache, count in held]  # fmt: skip
    return case, seats


def _vectors(
    name: str,
    case: Case,
    workspace: Workspace,
    settings: Settings,
    progress: Progress,
    catalog: Catalog,
) -> tuple[EncoderSpec, VectorCache, int]:
    """Return an encoder, its cache with a vector of every image, and how many were encoded."""
    opened = case.opened
    if name == opened.spec.name:  # as the set was encoded, whatever its weights are now
        folder = workspace.root / "vectors" / opened.spec.key
        return opened.spec, VectorCache(folder, opened.spec), 0
    base = opened.base
    request = RunRequest(str(base.request.get("source") or base.name), base.name, name)
    items = opened.items.iloc[case.rows].reset_index(drop=True)
    kind: Any = base.kind
    run = Run(request, workspace, settings, progress, catalog)
    spec, cache = encode_items(run, Scan(kind, request.source, str(opened.root), items))
    return spec, cache, run.encoded


@dataclass(slots=True)
class _State:
    """What `core.analyse.neighbors_of` works on; nothing is published."""

    request: RunRequest
    workspace: Workspace
    settings: Settings
    progress: Progress
    record: dict[str, Any]

    def save(self) -> None:
        """Publish nothing."""


def _seat(
    spec: EncoderSpec,
    cache: VectorCache,
    encoded: int,
    case: Case,
    workspace: Workspace,
    settings: Settings,
    progress: Progress,
    seed: int,
) -> Seat:
    """Return one encoder with its vectors and neighbours of the images that are looked at."""
    base = case.opened.base
    items = case.opened.items.iloc[case.rows].reset_index(drop=True)
    ids = items["item_id"].tolist()
    vectors = cache.load(ids)
    key = case.opened.key
    if len(items) < len(case.opened):
        key = imageset_key(items, ())
        if not workspace.has("imageset", key):
            broken = pd.DataFrame({"path": [], "reason": []}, dtype="str")
            workspace.write(
                "imageset", key, meta={"items": len(items), "broken": 0},
                tables={"items": items, "broken": broken},
            )  # fmt: skip
    record: dict[str, Any] = {
        "name": case.opened.name, "imageset": key, "root": str(case.opened.root),
        "kind": base.kind, "notes": [], "request": dict(base.request), "summary": None,
        "encoder": spec_to_dict(spec), "embeddings": artefact_key("embeddings", ids, spec.key),
        "neighbors": None, "projections": {}, "clusterings": {}, "created": "", "updated": "",
    }  # fmt: skip
    request = RunRequest("court", base.name, spec.name, seed=seed)
    state = _State(request, workspace, settings, progress, record)
    graph = neighbors_of(state, vectors)
    opened = OpenSet(workspace, record)
    return Seat(portable_name(spec.name), spec, opened, unit_rows(vectors), graph, encoded)
