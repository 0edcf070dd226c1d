"""The one place where computing meets storage: from a source to a set with maps and clusters.

Each step asks the workspace first and computes only what is missing, so a second run is a look-up
and an interrupted one goes on where it stopped.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import numpy as np
import pandas as pd

from core.catalog import Catalog
from core.config import Settings
from core.decode import ItemFile, Limits
from core.embed import EncodedBatch, embed, read_pictures
from core.encoders import Encoder, describe, open_encoder
from core.encoders.base import spec_to_dict
from core.ingest import scan
from core.keys import artefact_key
from core.model import (
    BrokenFile,
    Clustering,
    EncoderSpec,
    ImageSet,
    Neighbors,
    Projection,
    ProjectionSpec,
    Scan,
)
from core.progress import Progress
from core.records import (
    imageset_key,
    pack_clustering,
    pack_neighbors,
    pack_projection,
    region_of,
    unpack_clustering,
    unpack_neighbors,
    unpack_projection,
)
from core.request import RunRequest
from core.store import Artefact, Workspace, now
from core.vectors import VectorCache

T = TypeVar("T")


@dataclass(slots=True)
class _Run:
    """One run's state, handed from step to step."""

    request: RunRequest
    workspace: Workspace
    settings: Settings
    progress: Progress
    catalog: Catalog
    record: dict[str, Any] = field(default_factory=dict)
    encoded: int = 0
    reused: int = 0
    quarantined: dict[str, str] = field(default_factory=dict)
    unreadable_now: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def limits(self) -> Limits:
        """Return the limits on one picture."""
        return Limits(self.settings.max_pixels, self.settings.max_file_mb * 2**20)

    def save(self) -> None:
        """Publish what is there so far, so that a page can show it."""
        self.record["updated"] = now()
        self.workspace.write_set(self.request.name, self.record)


def run(
    request: RunRequest,
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Bring a named set up to date: scan, encode, neighbours, maps, clusters.

    Parameters
    ----------
    request
        The source, the name and how to encode and map it.
    workspace
        Where results are looked up and kept.
    settings
        Limits, device and worker counts; none of them changes a result.
    progress
        Told the stage and the count; may cancel.

    Returns
    -------
    dict
        The summary documented in `docs/cli.md`; JSON values only.

    Raises
    ------
    VitrineError
        With a message for a person: bad source, unknown encoder, full disk, cancelled.
    """
    progress = progress or Progress()
    state = _Run(request, workspace, settings, progress, Catalog(workspace.root / "catalog.sqlite"))
    progress.report("scan")
    found = scan(
        request.source,
        samples_folder=workspace.root / "samples",
        known_hashes=state.catalog,
        limits=state.limits,
        progress=progress,
    )
    spec, cache = _encode(state, found)
    images = _image_set(state, found)
    _begin_record(state, found, images, spec)
    vectors = cache.load(list(images.items["item_id"]))
    _analyse(state, images, vectors)
    state.record["summary"] = _summary(state, images, spec)
    state.save()
    return cast(dict[str, Any], state.record["summary"])


# -- pictures and vectors ------------------------------------------------------------------------


def _files(items: pd.DataFrame, root: str, wanted: set[str] | None = None) -> list[ItemFile]:
    """Return each different item once, in the order of the table; None wants all."""
    seen: set[str] = set()
    files = []
    for row in cast(list[dict[str, Any]], items.to_dict("records")):
        key, path = row["item_id"], row["path"]
        if key in seen or not isinstance(path, str) or not path:
            continue
        seen.add(key)
        if wanted is None or key in wanted:
            files.append(ItemFile(key, Path(root) / path, region_of(row), Path(root)))
    return files


def _encode(state: _Run, found: Scan) -> tuple[EncoderSpec, VectorCache]:
    """Make sure that every readable item has a vector, and return where they are."""
    if found.given is not None:
        return _store_given(state, found)
    memo = state.workspace.root / "encoders"
    encoder: Encoder | None = None
    spec = describe(state.request.encoder, memo=memo)
    if spec is None:  # only loading can tell, the first time
        encoder = open_encoder(state.request.encoder, memo=memo, device=state.settings.device)
        spec = encoder.spec
    cache = VectorCache(state.workspace.root / "vectors" / spec.key, spec)
    ids = list(dict.fromkeys(found.items["item_id"]))
    state.progress.report("embed", 0, len(ids))
    with cache.writer(state.progress):
        facts = state.catalog.get_facts(ids)
        readable = [i for i in ids if "broken" not in facts.get(i, {})]
        missing = set(cache.missing(readable))
        state.reused = len(readable) - len(missing)
        if missing:
            encoder = encoder or open_encoder(
                state.request.encoder, memo=memo, device=state.settings.device
            )
            batches = embed(
                _files(found.items, found.root, missing),
                encoder,
                limits=state.limits,
                thumbnail_side=state.settings.thumbnail_side,
                want_thumbnail=lambda i: i not in state.workspace.thumbnails,
                workers=state.settings.n_workers,
                batch_size=state.settings.batch_size,
                progress=state.progress,
            )
            for batch in batches:
                _keep(state, batch)
                cache.append(batch.item_ids, batch.vectors)
                cache.quarantine(batch.quarantined)
                state.encoded += len(batch.item_ids)
    _read_unknown(state, found, ids)
    state.quarantined = cache.quarantined(ids)
    return spec, cache


def _keep(state: _Run, batch: EncodedBatch) -> None:
    """Store what a batch tells about its pictures."""
    lasting = {key: fact for key, fact in batch.facts.items() if not fact.get("transient")}
    state.catalog.put_facts(lasting)
    passing = batch.facts.keys() - lasting.keys()
    state.unreadable_now |= {key: batch.facts[key] for key in passing}
    for key, data in batch.thumbnails.items():
        state.workspace.thumbnails.set(key, data)


def _read_unknown(state: _Run, found: Scan, ids: Sequence[str]) -> None:
    """Decode the pictures whose facts are not known, as after the catalogue was deleted."""
    unknown = set(ids) - set(state.catalog.get_facts(ids)) - set(state.unreadable_now)
    files = _files(found.items, found.root, unknown)
    if not files:
        return
    batches = read_pictures(
        files,
        limits=state.limits,
        thumbnail_side=state.settings.thumbnail_side,
        want_thumbnail=lambda i: i not in state.workspace.thumbnails,
        workers=state.settings.n_workers,
        progress=state.progress,
    )
    for batch in batches:
        _keep(state, batch)


def _store_given(state: _Run, found: Scan) -> tuple[EncoderSpec, VectorCache]:
    """Put the source's own vectors into the cache, and look at its pictures if it has any."""
    assert found.given is not None
    spec, vectors = found.given.spec, found.given.vectors
    cache = VectorCache(state.workspace.root / "vectors" / spec.key, spec)
    ids = list(found.items["item_id"])
    first = {key: row for row, key in reversed(list(enumerate(ids)))}
    with cache.writer(state.progress):
        missing = cache.missing(ids)
        state.reused = len(first) - len(missing)
        for start in range(0, len(missing), 1024):
            part = missing[start : start + 1024]
            cache.append(part, vectors[[first[key] for key in part]])
            state.progress.report("embed", start + len(part), len(missing))
        state.encoded = len(missing)
    _read_unknown(state, found, list(first))
    return spec, cache


def _image_set(state: _Run, found: Scan) -> ImageSet:
    """Assemble and store the set: every item that has a vector, with what is known of it."""
    ids = list(found.items["item_id"])
    facts = state.catalog.get_facts(list(dict.fromkeys(ids))) | state.unreadable_now
    broken = list(found.broken)
    keep = np.ones(len(ids), bool)
    for row, (key, path) in enumerate(zip(ids, found.items["path"], strict=True)):
        reason = facts.get(key, {}).get("broken")
        if reason:
            broken.append(BrokenFile(str(path), reason))
            keep[row] = found.given is not None  # its vector is still good
        elif key in state.quarantined:
            broken.append(BrokenFile(str(path), f"quarantined: {state.quarantined[key]}"))
            keep[row] = False
    items = found.items[keep].reset_index(drop=True)
    items = _with_facts(items, facts)
    key = imageset_key(items, broken)
    if not state.workspace.has("imageset", key):
        table = pd.DataFrame([asdict(b) for b in broken], columns=["path", "reason"]).astype("str")
        state.workspace.write(
            "imageset",
            key,
            meta={"items": len(items), "broken": len(broken)},
            tables={"items": items, "broken": table},
        )
    return ImageSet(key, found.root, items, tuple(broken))


def _with_facts(items: pd.DataFrame, facts: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Add width, height, format, mode and notes of each picture, unless the source has them."""
    known = [facts.get(key, {}) for key in items["item_id"]]
    columns: dict[str, pd.Series] = {}
    for name in ("width", "height"):
        columns[name] = pd.Series([f.get(name) for f in known], dtype="Int32")
    for name in ("format", "mode"):
        columns[name] = pd.Series([f.get(name) for f in known], dtype="string")
    columns["notes"] = pd.Series(["; ".join(f.get("notes", ())) for f in known], dtype="string")
    for name, values in columns.items():
        if name not in items:
            items = items.assign(**{name: values.to_numpy(dtype=object)})
            items[name] = items[name].astype(values.dtype)
    return items


# -- maps and clusters ---------------------------------------------------------------------------


def _begin_record(state: _Run, found: Scan, images: ImageSet, spec: EncoderSpec) -> None:
    """Name the set, keeping from an earlier run what still belongs to the same vectors."""
    request, workspace = state.request, state.workspace
    old = workspace.read_set(request.name) if request.name in workspace.set_names() else {}
    embeddings = artefact_key("embeddings", list(images.items["item_id"]), spec.key)
    same = old.get("embeddings") == embeddings and old.get("imageset") == images.key
    state.record = {
        "name": request.name,
        "created": old.get("created", now()),
        "kind": found.kind,
        "root": images.root,
        "notes": list(found.notes),
        "request": request.to_json(),
        "imageset": images.key,
        "embeddings": embeddings,
        "encoder": spec_to_dict(spec),
        "neighbors": old.get("neighbors") if same else None,
        "projections": old.get("projections", {}) if same else {},
        "clusterings": old.get("clusterings", {}) if same else {},
        "summary": old.get("summary") if same else None,
    }
    state.save()


def _analyse(state: _Run, images: ImageSet, vectors: np.ndarray) -> None:
    """Make the maps and clusters that were asked for; the quick ones come first."""
    from core.clustering import find_themes
    from core.micro import find_micro_clusters

    request, record = state.request, state.record
    parent = record["embeddings"]
    _map(state, "pca", vectors, None)
    neighbors = _neighbors(state, vectors)
    key = artefact_key("clustering", parent, {"kind": "micro", "seed": request.seed})
    record["clusterings"]["micro"] = key
    _cached_clustering(
        state,
        key,
        lambda: find_micro_clusters(
            vectors, key=key, seed=request.seed, neighbors=neighbors, progress=state.progress
        ),
    )
    state.save()
    for method in request.maps:
        if method != "pca":
            _map(state, method, vectors, neighbors)
    themes = artefact_key("clustering", parent, {"kind": "themes", "seed": request.seed})
    _cached_clustering(
        state,
        themes,
        lambda: find_themes(
            vectors, neighbors, key=themes, seed=request.seed, progress=state.progress
        ),
    )
    record["clusterings"]["themes"] = themes
    state.save()
    for projection in record["projections"].values():
        _faithfulness(state, projection, vectors, neighbors)


def _cached(
    state: _Run,
    kind: str,
    key: str,
    compute: Callable[[], T],
    pack: Callable[[T], dict[str, Any]],
    unpack: Callable[[Artefact], T],
) -> T:
    """Return an artefact, computing it under its lock if no other process did so meanwhile."""
    workspace = state.workspace
    if not workspace.has(kind, key):
        with workspace.lock(f"{kind}/{key}"):
            if not workspace.has(kind, key):
                workspace.write(kind, key, **pack(compute()))
    return unpack(workspace.read(kind, key))


def _cached_clustering(state: _Run, key: str, compute: Callable[[], Clustering]) -> Clustering:
    """Return a clustering, stored or computed."""
    return _cached(state, "clustering", key, compute, pack_clustering, unpack_clustering)


def _neighbors(state: _Run, vectors: np.ndarray) -> Neighbors:
    """Return the set's one neighbour graph."""
    from core.neighbors import find_neighbors

    settings = state.settings
    k = min(settings.neighbors, max(0, len(vectors) - 1))
    exact = len(vectors) <= settings.exact_neighbors_up_to
    spec = {"k": k, "exact": exact, "seed": state.request.seed if not exact else 0}
    key = artefact_key("neighbors", state.record["embeddings"], spec)
    found = _cached(
        state,
        "neighbors",
        key,
        lambda: find_neighbors(
            vectors,
            key=key,
            k=settings.neighbors,
            exact_up_to=settings.exact_neighbors_up_to,
            seed=state.request.seed,
            progress=state.progress,
        ),
        pack_neighbors,
        unpack_neighbors,
    )
    state.record["neighbors"] = key
    return found


def _map(state: _Run, method: str, vectors: np.ndarray, neighbors: Neighbors | None) -> Projection:
    """Return one map, stored or computed, and publish it."""
    from core.projection import project

    request = state.request
    spec = ProjectionSpec(cast(Literal["pca", "tsne", "umap"], method), request.dims, request.seed)
    if method == "pca":
        spec = replace(spec, seed=0)
    key = artefact_key("projection", state.record["embeddings"], asdict(spec))
    found = _cached(
        state,
        "projection",
        key,
        lambda: project(vectors, neighbors, spec, key=key, progress=state.progress),
        pack_projection,
        unpack_projection,
    )
    name = method if request.dims == 2 else f"{method}3d"
    state.record["projections"] = {**state.record["projections"], name: key}
    state.save()
    return found


def _faithfulness(state: _Run, key: str, vectors: np.ndarray, neighbors: Neighbors) -> None:
    """Measure how far a map may be believed; stored beside it, since a PCA map comes earlier."""
    from core.faithfulness import measure_faithfulness

    if state.workspace.has("faithfulness", key):
        return
    projection = unpack_projection(state.workspace.read("projection", key))
    state.progress.report("faithfulness")
    result = measure_faithfulness(
        vectors, projection.coordinates, neighbors, seed=state.request.seed
    )
    state.workspace.write(
        "faithfulness",
        key,
        meta={"scores": result.scores, "n_scored": result.n_scored},
        arrays={"per_point": result.per_point},
    )


# -- the summary ---------------------------------------------------------------------------------


def _summary(state: _Run, images: ImageSet, spec: EncoderSpec) -> dict[str, Any]:
    """Return what `run --json` prints."""
    workspace, record = state.workspace, state.record
    maps = []
    for name, key in record["projections"].items():
        scores = workspace.read("faithfulness", key).meta["scores"]
        notice = workspace.read("projection", key).meta.get("notice", "")
        maps.append({"method": name, "key": key, **scores, "notice": notice})
    themes = unpack_clustering(workspace.read("clustering", record["clusterings"]["themes"]))
    micro = unpack_clustering(workspace.read("clustering", record["clusterings"]["micro"]))
    noise = int((themes.labels < 0).sum())
    sizes = [int(s) for s in themes.table["size"]]
    graph = workspace.read("neighbors", record["neighbors"]).meta
    return {
        "set": state.request.name,
        "source": state.request.source,
        "key": images.key,
        "items": len(images),
        "broken": [asdict(b) for b in images.broken],
        "quarantined": len(state.quarantined),
        "encoder": spec.name,
        "encoder_key": spec.key,
        "dims": spec.dims,
        "encoded": state.encoded,
        "reused": state.reused,
        "neighbors": {"k": graph["k"], "exact": graph["exact"], "recall": graph["recall"]},
        "maps": maps,
        "clusters": {
            "count": len(sizes),
            "noise_share": round(noise / len(images), 6) if len(images) else 0.0,
            "sizes": sizes,
            "notice": themes.notice,
        },
        "micro_clusters": {
            "count": len(micro.table),
            "singletons": int((micro.table["size"] == 1).sum()),
        },
        "notes": list(record["notes"]),
        "seconds": state.progress.finish(),
    }
