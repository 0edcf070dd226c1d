"""Sets of pictures, gathered as a run gathers them, without maps and clusters: seconds less."""

from pathlib import Path

from core.analyse import begin_record
from core.config import Settings, load_settings
from core.gather import assemble, encode_items
from core.ingest import scan
from core.library import Library
from core.opened.openset import OpenSet
from core.progress import Progress
from core.request import RunRequest
from core.run import Run
from core.storage.catalog import Catalog
from core.storage.store import Workspace


def settings_of(workspace: Workspace, **more: object) -> Settings:
    """Return the settings of a workspace."""
    return load_settings({"workspace": str(workspace.root), "workers": 2, **more}, {})


def gathered(
    workspace: Workspace, source: Path, name: str = "set", encoder: str = "pixels"
) -> OpenSet:
    """Scan and encode a source, store its image set under a name, and open it."""
    request, progress = RunRequest(str(source), name, encoder, maps=()), Progress()
    with Catalog(workspace.root / "catalog.sqlite") as catalog:
        run = Run(request, workspace, settings_of(workspace), progress, catalog)
        found = scan(
            str(source), samples_folder=workspace.root / "samples", known_hashes=catalog,
            limits=run.limits, progress=progress,
        )  # fmt: skip
        spec, _ = encode_items(run, found)
        begin_record(run, found, assemble(run, found), spec)
    return Library(workspace).open(name)
