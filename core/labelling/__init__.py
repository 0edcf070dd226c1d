"""The job "label": propagation, linear probe, next batch."""

from collections.abc import Callable, Mapping
from typing import Any

from core.config import Settings
from core.labelling.batching import batch
from core.labelling.data import Data, data_of
from core.labelling.probing import probe
from core.labelling.propagating import propagate
from core.progress import Progress
from core.quality.label_request import LabelRequest
from core.storage.store import Workspace

__all__ = ["LabelRequest", "run_label"]

_DO: dict[str, Callable[[Data, Progress], dict[str, Any]]] = {
    "propagate": propagate, "probe": probe, "batch": batch,
}  # fmt: skip


def run_label(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Do what a request asks of the labels of a set or part; never changes a label.

    Parameters
    ----------
    request
        As `LabelRequest.to_json` returns it.
    workspace
        Where results are looked up and kept.
    progress
        Told the stage and the count; may cancel.

    Returns
    -------
    dict
        `set`, `do`, the key of what is kept as `propagation`, `probe` or `batch`, and its figures
        as docs/methods/labels.md documents them; JSON values only.

    Raises
    ------
    VitrineError
        With a message for a person: no such set or column, too few labels, cancelled.
    """
    del settings  # what it would set is in the request
    progress = progress or Progress()
    asked = LabelRequest.from_json(request)
    workspace.sweep()
    progress.report("labels")
    data = data_of(asked, workspace)
    found = _DO[asked.do](data, progress)
    return {"set": data.opened.name, "do": asked.do, **found, "seconds": progress.finish()}
