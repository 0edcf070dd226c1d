"""The one place where computing meets storage: from a source to a set with maps and clusters.

Each step asks the workspace first and computes only what is missing, so a second run is a look-up
and an interrupted one goes on where it stopped.
"""

from dataclasses import asdict
from typing import Any

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

#: What a map that is too small or degenerate to be measured says.
NO_SCORES: dict[str, float | None] = dict.fromkeys(
    ("trustworthiness", "continuity", "knn_recall", "knn_recall_chance", "shepard")
)


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
    with Catalog(workspace.root / "catalog.sqlite") as catalog:
        return _run(Run(request, workspace, settings, progress, catalog))


def _run(state: Run) -> dict[str, Any]:
    """Go through the stages and return the summary."""
    workspace, progress = state.workspace, state.progress
    workspace.sweep()
    progress.report("scan")
    found = scan(
        state.request.source,
        samples_folder=workspace.root / "samples",
        known_hashes=state.catalog,
        limits=state.limits,
        progress=progress,
    )
    spec, cache = encode_items(state, found)
    images = assemble(state, found)
    begin_record(state, found, images, spec)
    analyse(state, images, cache.load(list(images.items["item_id"])))
    summary = _summary(state, images, spec)
    state.record["summary"] = summary
    state.save()
    return summary


def _summary(state: Run, images: ImageSet, spec: EncoderSpec) -> dict[str, Any]:
    """Return what `run --json` prints."""
    workspace, record = state.workspace, state.record
    maps = []
    for name, key in record["projections"].items():
        scores = workspace.read("faithfulness", key).meta["scores"]
        notice = workspace.read("projection", key).meta.get("notice", "")
        maps.append({"method": name, "key": key, **NO_SCORES, **scores, "notice": notice})
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
