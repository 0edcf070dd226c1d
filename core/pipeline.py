"""The one place where computing meets storage: from a source to a set with maps and clusters.

Each step asks the workspace first and computes only what is missing, so a second run is a look-up
and an interrupted one goes on where it stopped. Maps are made afresh, or kept and added to
(`core.additions`).
"""

from dataclasses import asdict
from typing import Any

from core.additions import NO_MAP, add_items, find_standing, forget_placed, placed_summary
from core.analyse import NO_SCORES, analyse, begin_record, results_of
from core.config import Settings
from core.curation.boxes import edited_scan
from core.gather import assemble, encode_items
from core.ingest import scan
from core.model import EncoderSpec, ImageSet, Scan
from core.progress import Progress
from core.request import RunRequest
from core.run import Run
from core.storage.catalog import Catalog
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

__all__ = ["NO_SCORES", "run"]


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
        files_folder=workspace.root / "files",
        known_hashes=state.catalog,
        limits=state.limits,
        progress=progress,
        copies_bytes=state.settings.copies_mb * 2**20,
    )
    found = edited_scan(found, workspace, state.request.name)
    spec, cache = encode_items(state, found)
    images = assemble(state, found)
    before = find_standing(state, images, cache)
    if before is None:
        _map_afresh(state, found, images, spec, cache)
    else:
        add_items(state, found, images, spec, cache, before)
    summary = _summary(state, images, spec)
    if before is not None:
        summary["placed"] = placed_summary(state)
    state.record["summary"] = summary
    state.save()
    return summary


def _map_afresh(
    state: Run, found: Scan, images: ImageSet, spec: EncoderSpec, cache: VectorCache
) -> None:
    """Make the maps and clusters of all items, as if the set had none."""
    there = state.request.name in state.workspace.set_names()
    begin_record(state, found, images, spec)
    forget_placed(state)
    if state.request.place and there:
        state.record["notes"].append(NO_MAP)
    analyse(state, images, cache.load(list(images.items["item_id"])))


def _summary(state: Run, images: ImageSet, spec: EncoderSpec) -> dict[str, Any]:
    """Return what `run --json` prints."""
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
        **results_of(state),
        "notes": list(state.record["notes"]),
        "seconds": state.progress.finish(),
    }
