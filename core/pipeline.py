"""The one place where computing meets storage: from a source to a set with maps and clusters.

Each step asks the workspace first and computes only what is missing, so a second run is a look-up
and an interrupted one goes on where it stopped.
"""

from dataclasses import asdict
from typing import Any, cast

from core.analyse import analyse, begin_record
from core.config import Settings
from core.gather import assemble, encode_items
from core.ingest import scan
from core.model import EncoderSpec, ImageSet
from core.progress import Progress
from core.request import RunRequest
from core.run import Run
from core.storage.catalog import Catalog
from core.storage.records import unpack_clustering
from core.storage.store import Workspace


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
    state = Run(request, workspace, settings, progress, Catalog(workspace.root / "catalog.sqlite"))
    progress.report("scan")
    found = scan(
        request.source,
        samples_folder=workspace.root / "samples",
        known_hashes=state.catalog,
        limits=state.limits,
        progress=progress,
    )
    spec, cache = encode_items(state, found)
    images = assemble(state, found)
    begin_record(state, found, images, spec)
    vectors = cache.load(list(images.items["item_id"]))
    analyse(state, images, vectors)
    state.record["summary"] = _summary(state, images, spec)
    state.save()
    return cast(dict[str, Any], state.record["summary"])


def _summary(state: Run, images: ImageSet, spec: EncoderSpec) -> dict[str, Any]:
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
