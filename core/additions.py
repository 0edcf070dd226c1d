"""New images on the maps that a set has: what `run --place` does instead of making maps afresh.

Every map stays as it was made. Items it was made from, and those placed on it earlier, keep their
coordinates to the last bit, wherever their rows have moved to; what is new is placed from the items
that the map was made from (`core.maps.place`). The set's record is left alone until all maps are
extended, so a run that is killed leaves the set as it was, and the next one goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core.analyse import begin_record, clusters_of, map_name, map_of, measure, neighbors_of
from core.encoders.base import spec_from_dict
from core.keys import artefact_key
from core.maps.place import Nearest, find_nearest, place, reach, standing
from core.model import EncoderSpec, ImageSet, Projection, Scan
from core.opened.addresses import make_addresses, occurrences, positions
from core.run import Run
from core.storage.records import pack_projection, unpack_neighbors, unpack_projection
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

#: From this share of items that the maps were made without, fresh maps are advised.
MANY = 0.3

NO_MAP = "There was no map to place new images on, so fresh maps were made."


@dataclass(frozen=True, slots=True)
class Fit:
    """What a map was made from: an image set, and the map of just its items."""

    key: str
    imageset: str


@dataclass(frozen=True, slots=True)
class Before:
    """A set as its last run left it, with those of its maps, by name, that can be added to."""

    record: dict[str, Any]
    maps: dict[str, Fit]


def find_standing(state: Run, images: ImageSet, cache: VectorCache) -> Before | None:
    """Return what the set has to add to; None where fresh maps are to be made.

    That is: no placing is asked for, the set is new or empty, its vectors were another encoder's,
    or no map of it is left whose items are all known.
    """
    request, workspace = state.request, state.workspace
    if not request.place or not len(images) or request.name not in workspace.set_names():
        return None
    old = workspace.read_set(request.name)
    if spec_from_dict(old["encoder"]).key != cache.spec.key:
        return None
    if not workspace.has("imageset", old["imageset"]):
        return None
    fits = {
        name: _fit_of(workspace, key, old["imageset"]) for name, key in old["projections"].items()
    }
    known = {
        imageset: _is_known(workspace, imageset, cache)
        for imageset in {fit.imageset for fit in fits.values() if fit}
    }
    maps = {name: fit for name, fit in fits.items() if fit and known[fit.imageset]}
    return Before(old, maps) if maps else None


def _fit_of(workspace: Workspace, key: str, imageset: str) -> Fit | None:
    """Return what a stored map was made from; None if it is gone, or is no map but a line."""
    if not workspace.has("projection", key):
        return None
    meta = workspace.read("projection", key).meta
    placed = meta.get("placed", {"map": key, "imageset": imageset})
    known = workspace.has("projection", placed["map"])
    return Fit(placed["map"], placed["imageset"]) if known and not meta["notice"] else None


def _is_known(workspace: Workspace, imageset: str, cache: VectorCache) -> bool:
    """Tell whether the items of an image set, which may be gone, still have their vectors."""
    if not workspace.has("imageset", imageset):
        return False
    return not cache.missing(_ids(workspace, imageset).tolist())


def _ids(workspace: Workspace, imageset: str) -> pd.Series:
    return workspace.read("imageset", imageset).tables["items"]["item_id"]


def _addresses(ids: pd.Series) -> list[str]:
    return make_addresses(ids, occurrences(ids))


# -- the items that maps were made from ------------------------------------------------------------


@dataclass
class _Base:
    """The items that maps were made from, seen from the set as it is now.

    `now` are the addresses and `vectors` `(n, d)` the vectors of the set's items.
    """

    state: Run
    imageset: str
    cache: VectorCache
    now: Sequence[str]
    vectors: np.ndarray
    ids: pd.Series = field(init=False)
    #: For each item now, its row among those the maps were made from; -1 for an added one.
    rows: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.ids = _ids(self.state.workspace, self.imageset)
        known = pd.Index(_addresses(self.ids), dtype=object)
        self.rows = positions(known, self.now)

    @property
    def removed(self) -> int:
        """How many of the items that the maps were made from are gone."""
        return len(self.ids) - int((self.rows >= 0).sum())

    @cached_property
    def fitted(self) -> np.ndarray:
        """The vectors of the items that the maps were made from."""
        return self.cache.load(self.ids.tolist())

    @cached_property
    def added(self) -> np.ndarray:
        """The rows now, ascending, of items that the maps were made without."""
        return np.flatnonzero(self.rows < 0)

    @cached_property
    def nearest(self) -> Nearest:
        """The nearest fitted items of the added ones."""
        return find_nearest(self.fitted, self.vectors[self.added], progress=self.state.progress)

    def nearest_of(self, rows: np.ndarray) -> Nearest:
        """Return the nearest fitted items of some of the added rows."""
        at = np.searchsorted(self.added, rows)
        return Nearest(self.nearest.indices[at], self.nearest.distances[at])


# -- the run ---------------------------------------------------------------------------------------


def add_items(
    state: Run,
    found: Scan,
    images: ImageSet,
    spec: EncoderSpec,
    cache: VectorCache,
    before: Before,
) -> None:
    """Bring a set with maps up to date: place what is new, then neighbours and clusters.

    Parameters
    ----------
    state
        The run; its record is published when all maps that stay are extended.
    found, images, spec
        The source, the set as it is now, and its encoder.
    cache
        The vectors of the set's items, and of those that the maps were made from.
    before
        What `find_standing` returned.
    """
    vectors = cache.load(list(images.items["item_id"]))
    state.held = True
    begin_record(state, found, images, spec)
    old, record = before.record, state.record
    if old["embeddings"] == record["embeddings"]:  # nothing came or went
        record["projections"] = {name: old["projections"][name] for name in before.maps}
        placement = old.get("placement")
        if placement and state.workspace.has("placement", placement):
            record["placement"] = placement
    else:
        _extend_all(state, images, vectors, cache, before)
    if "placement" in record:
        _advise(state, len(images))
    state.held = False
    state.save()
    _complete(state, vectors)


def _extend_all(
    state: Run, images: ImageSet, vectors: np.ndarray, cache: VectorCache, before: Before
) -> None:
    """Extend each map that stays, and note how each item came onto them."""
    now = _addresses(images.items["item_id"])
    bases = {
        imageset: _Base(state, imageset, cache, now, vectors)
        for imageset in {fit.imageset for fit in before.maps.values()}
    }
    earlier = pd.Index(_addresses(_ids(state.workspace, before.record["imageset"])), dtype=object)
    kept = positions(earlier, now)
    maps = {}
    for name, fit in before.maps.items():
        was = before.record["projections"][name]
        maps[name] = _extend(state, was, fit, bases[fit.imageset], kept)
    state.record["projections"] = maps
    first = next(iter(before.maps.values()))  # PCA, as a rule: made first, so as old as any
    state.record["placement"] = _placement(state, bases[first.imageset], before)


def _extend(state: Run, was: str, fit: Fit, base: _Base, kept: np.ndarray) -> str:
    """Store the map `was` with the set's items of now, and return its key.

    `kept` are the rows that the items had on it, -1 for those it did not have.
    """
    workspace = state.workspace
    key = artefact_key("projection", was, {"placed": state.record["embeddings"]})
    if workspace.has("projection", key):
        return key
    before = unpack_projection(workspace.read("projection", was))
    original = unpack_projection(workspace.read("projection", fit.key))
    coordinates = np.empty((len(kept), before.spec.dims), np.float32)
    coordinates[kept >= 0] = before.coordinates[kept[kept >= 0]]
    back = np.flatnonzero((kept < 0) & (base.rows >= 0))  # gone once, and here again
    coordinates[back] = original.coordinates[base.rows[back]]
    new = np.flatnonzero((kept < 0) & (base.rows < 0))
    if len(new):
        coordinates[new] = place(
            base.fitted, original.coordinates, original.spec, base.vectors[new],
            nearest=base.nearest_of(new), progress=state.progress,
        )  # fmt: skip
    unmeasured = np.full(len(kept), np.nan, np.float32)
    extended = Projection(key, original.spec, coordinates, unmeasured, {}, 0, fit.key)
    packed = pack_projection(extended)
    packed["meta"]["placed"] = {"map": fit.key, "imageset": fit.imageset}
    packed["arrays"]["fitted"] = base.rows >= 0
    workspace.write("projection", key, **packed)
    return key


def _placement(state: Run, base: _Base, before: Before) -> str:
    """Store how each item came onto the maps, and return the artefact's key.

    `status` is 0 for what the maps were made from, 1 for what was placed, 2 for what is off the
    map; `distance` is the chordal distance to the nearest (other) item the maps were made from.
    `own` are those of all the items they were made from, those that are gone now among them.
    """
    workspace, old = state.workspace, before.record
    own = _own_distances(state, base, old)
    key = artefact_key(
        "projection", "placement", base.imageset, state.record["embeddings"], np.asarray(own)
    )
    limit = reach(own)
    if not workspace.has("placement", key):
        there = base.rows >= 0
        distance = np.empty(len(there), np.float32)
        distance[there] = own[base.rows[there]]
        status = np.zeros(len(there), np.uint8)
        if len(base.added):
            distance[base.added] = base.nearest.distances[:, 0]
            status[base.added] = standing(distance[base.added], limit)
        meta = {"imageset": base.imageset, "limit": limit, "removed": base.removed}
        arrays: dict[str, np.ndarray] = {"status": status, "distance": distance, "own": own}
        workspace.write("placement", key, meta=meta, arrays=arrays)
    return key


def _own_distances(state: Run, base: _Base, old: dict[str, Any]) -> np.ndarray:
    """Return how far each fitted item is from the nearest other one, stored or found."""
    from core.neighbors import find_neighbors

    workspace, placement, graph = state.workspace, old.get("placement"), old.get("neighbors")
    if placement and workspace.has("placement", placement):
        stored = workspace.read("placement", placement)
        if stored.meta["imageset"] == base.imageset:
            return stored.arrays["own"]
    if graph and base.imageset == old["imageset"] and workspace.has("neighbors", graph):
        return np.asarray(unpack_neighbors(workspace.read("neighbors", graph)).distances[:, 0])
    found = find_neighbors(
        base.fitted, key="", k=1, seed=state.request.seed, progress=state.progress,
        exact_up_to=state.settings.exact_neighbors_up_to,
    )  # fmt: skip
    return found.distances[:, 0]


def _advise(state: Run, total: int) -> None:
    """Advise fresh maps where many items are on maps that were made without them."""
    status = state.workspace.read("placement", state.record["placement"]).arrays["status"]
    added = int((status > 0).sum())
    if added > MANY * total:
        state.record["notes"].append(
            f"{added:,} of {total:,} items were placed on maps that were made without them; "
            "run the set again without placing for maps made of all of them."
        )


def _complete(state: Run, vectors: np.ndarray) -> None:
    """Find neighbours and clusters of all items, make maps asked for that the set lacks, measure.

    Themes are those of the set as it is now: a theme that only new items form is found too.
    """
    request, stay = state.request, state.record["projections"]
    for dims in sorted({2, request.dims}):
        if map_name("pca", dims) not in stay:
            map_of(state, "pca", dims, vectors)
    neighbors = neighbors_of(state, vectors)
    clusters_of(state, "micro", vectors, neighbors)
    for method in request.maps:
        if method != "pca" and map_name(method, request.dims) not in stay:
            map_of(state, method, request.dims, vectors, neighbors)
    clusters_of(state, "themes", vectors, neighbors)
    for key in state.record["projections"].values():
        measure(state, key, vectors, neighbors)


def forget_placed(state: Run) -> None:
    """Leave maps that were added to out of a record that a run without placing has begun.

    Such a run makes fresh maps; of those it does not make, none is better than one that does not
    say any more which of its items were placed.
    """
    workspace, record = state.workspace, state.record
    placed = {
        name
        for name, key in record["projections"].items()
        if "placed" in workspace.read("projection", key).meta
    }
    if placed or "placement" in record:
        record["projections"] = {n: k for n, k in record["projections"].items() if n not in placed}
        record.pop("placement", None)
        state.save()


def placed_summary(state: Run) -> dict[str, int]:
    """Return how many of the set's items were placed, how many are off the map, how many went.

    All three are told against the items that the maps were made from, so that the same set gives
    the same answer, however many runs it took.
    """
    key = state.record.get("placement")
    if not key:
        return {"placed": 0, "off_map": 0, "removed": 0}
    stored = state.workspace.read("placement", key)
    status = stored.arrays["status"]
    return {
        "placed": int((status == 1).sum()),
        "off_map": int((status == 2).sum()),
        "removed": int(stored.meta["removed"]),
    }
