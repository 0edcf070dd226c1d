"""The check of a report: it is made again from the set, and every number compared."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.config import Settings
from core.errors import InputError, NotFoundError
from core.library import Library
from core.progress import Progress
from core.reporting.chosen import Chosen
from core.reporting.data import Data, data_of
from core.reporting.making import make_report
from core.reports import ReportRequest
from core.storage.store import Workspace


def verify(
    report: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Make a report again from the set, and compare it with the one given.

    Parameters
    ----------
    report
        A report as JSON, from any workspace that has the same set.

    Returns
    -------
    dict
        {"same": whether nothing differs, "intact": whether the file is as it was written,
        "differences": [{"field", "kept", "now"}], "tolerance": {"relative", "absolute"}}. Numbers
        may differ by rounding: 1e-6 of them, or 1e-9.

    Raises
    ------
    InputError
        It is not a report, or lacks what is needed to make it again.
    NotFoundError
        No set here has the same images and vectors.
    """
    from core.report.build import FORMAT, KIND
    from core.report.check import checked

    progress = progress or Progress()
    if not isinstance(report, Mapping) or report.get("kind") != KIND:
        raise InputError("this is not a report of Vitrine: give the JSON file of one")
    if report.get("format") != FORMAT:
        raise InputError(f"this report has format {report.get('format')!r:.20}; {FORMAT} is known")
    try:
        data, chosen, seed, draws = _again(report, workspace)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, InputError | NotFoundError):
            raise
        raise InputError(f"the report is damaged: {error!r:.100}") from error
    found = make_report(str(report.get("id")), seed, draws, data, chosen, progress)
    return checked(report, dict(report), found)


def _again(report: Mapping[str, Any], workspace: Workspace) -> tuple[Data, Chosen, int, int]:
    """Return what a report is to be made from once more, as the report itself tells it."""
    from core.report.build import rows_of

    asked, hashes = report["choice"], report["hashes"]
    data = data_of(_where(report["set"]["name"], hashes, workspace), workspace)
    rows = np.asarray(asked["rows"], np.int64)
    ranges = asked["pool"]["ranges"]
    already = rows_of(asked["already_ranges"], len(data.opened))
    total = len(data.opened)
    pool = np.arange(total) if ranges is None else rows_of(ranges, total)
    told = ("key", "slice", "strategy", "strategy_title", "budget", "scenario", "seed", "taken_out")
    kept = {name: asked[name] for name in told} | {"pool": {"title": asked["pool"]["title"]}}
    ordered = bool(report["curve"]["ordered"])
    settings = report["settings"]
    checked = ReportRequest(data.opened.name, slice="-", seed=settings["seed"],
                            draws=settings["draws"])  # fmt: skip
    return data, Chosen(rows, pool, already, ordered, kept), checked.seed, checked.draws


def _where(name: str, hashes: Mapping[str, Any], workspace: Workspace) -> str:
    """Return the name of a set or part with the same images and vectors."""
    vectors = hashes["embeddings"]
    return Library(workspace).name_of(
        name, hashes["imageset"], lambda opened: opened.embeddings == vectors, "this report"
    )
