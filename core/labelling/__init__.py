"""The job "label": propagation, labels by words, linear probe, next batch."""

from collections.abc import Callable, Mapping
from typing import Any

from core.config import Settings
from core.labelling.batching import batch
from core.labelling.by_words import by_words
from core.labelling.data import Data, data_of
from core.labelling.probing import probe
from core.labelling.propagating import propagate
from core.progress import Progress
from core.quality.label_request import LabelRequest
from core.quality.words_request import WordsRequest
from core.storage.store import Workspace

__all__ = ["LabelRequest", "WordsRequest", "run_label"]

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
        As `LabelRequest.to_json` or `WordsRequest.to_json` returns it.
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
    progress = progress or Progress()
    if request.get("do") == "words":
        return _by_words(WordsRequest.from_json(request), workspace, settings, progress)
    asked = LabelRequest.from_json(request)
    workspace.sweep()
    progress.report("labels")
    data = data_of(asked, workspace)
    found = _DO[asked.do](data, progress)
    return {"set": data.opened.name, "do": asked.do, **found, "seconds": progress.finish()}


def _by_words(
    asked: WordsRequest, workspace: Workspace, settings: Settings, progress: Progress
) -> dict[str, Any]:
    """Propose labels by words; what a job says of it is that of a propagation."""
    workspace.sweep()
    progress.report("labels")
    data = data_of(asked.base(), workspace)
    found = by_words(asked, data, settings, progress)
    name = data.opened.name
    return {"set": name, "do": "propagate", **found, "seconds": progress.finish()}
