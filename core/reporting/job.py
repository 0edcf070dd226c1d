"""The job that makes a report on a choice and keeps it."""

from typing import Any

from core.config import Settings
from core.keys import artefact_key
from core.progress import Progress
from core.reporting.chosen import Chosen, chosen_of
from core.reporting.data import Data, data_keys, data_of
from core.reporting.making import make_report
from core.reports import ReportRequest, Reports, pack_report
from core.storage.store import Workspace


def run_report(
    request: dict[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Make a report on a choice, a slice or a selection, and keep it.

    Parameters
    ----------
    request
        As `ReportRequest.to_json` returns it.

    Returns
    -------
    dict
        {"set", "report": its id, "slice", "count", "verdict": {"level", "sentence", "detail"},
        "figures", "seconds"}.

    Raises
    ------
    VitrineError
        What is asked for does not exist or is empty, or the set has no clusters yet.
    """
    progress = progress or Progress()
    asked = ReportRequest.from_json(request)
    progress.report("choice")
    data = data_of(asked.name, workspace)
    chosen = chosen_of(asked, data)
    key = _key(asked, data, chosen)
    if not workspace.has("report", key):
        with workspace.lock(f"report/{key}", progress):
            if not workspace.has("report", key):
                report = make_report(key, asked.seed, asked.draws, data, chosen, progress)
                workspace.write("report", key, **pack_report(report, asked.to_json()))
    report = Reports(workspace).open(key)
    return {
        "set": asked.name, "report": key, "slice": report["choice"]["slice"],
        "count": report["choice"]["count"], "verdict": report["verdict"],
        "figures": report["figures"], "seconds": progress.finish(),
    }  # fmt: skip


def _key(asked: ReportRequest, data: Data, chosen: Chosen) -> str:
    """Return the key of a report: of all that its numbers are made from."""
    labels = data.labels
    return artefact_key(
        "report", asked.to_json(), data_keys(data), chosen.rows, chosen.pool, chosen.already,
        None if labels is None else [labels[0], *map(str, labels[1])],
    )  # fmt: skip
