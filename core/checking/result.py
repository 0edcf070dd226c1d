"""What a check found, as JSON: counts and texts for the job, and every finding for a shell."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.checking.outliers import read_outliers
from core.quality.pictures import picture_issues
from core.quality.request import QualityRequest
from core.storage.store import Artefact, Workspace

#: Levels at which images are copies, the surest first.
LEVELS = ("identical", "pixels", "near", "turned")

#: The artefact that tells of each topic.
TOLD_BY = {"duplicates": "duplicates", "outliers": "outliers", "pictures": "pixels",
           "labels": "labelcheck"}  # fmt: skip


def result_of(
    asked: QualityRequest,
    opened: Any,
    keys: Mapping[str, str],
    workspace: Workspace,
    thresholds: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return what the job says: a part a topic that was looked for, counts and texts only.

    Parameters
    ----------
    thresholds
        Thresholds of picture issues that a person moved.

    Returns
    -------
    dict
        "set", "items", "imageset", "topics", "keys" and one entry for each topic: "duplicates"
        {threshold, source, text, counts, leaks}, "outliers" {listed, method, status, text, notice,
        …}, "pictures" {known, issues {issue: {count, threshold, unsuited}}, notice}, "labels"
        {issues, column, classes, ber, effective, status, notice, …}.
    """
    found: dict[str, Any] = {
        "set": opened.name, "items": len(opened), "imageset": opened.key,
        "topics": list(asked.topics), "keys": dict(keys),
    }  # fmt: skip
    for topic in asked.topics:
        kind = TOLD_BY[topic]
        stored = workspace.read(kind, keys[kind])
        found[topic] = (
            _count_pictures(stored, thresholds) if topic == "pictures" else _COUNTS[topic](stored)
        )
    return found


def findings_of(
    opened: Any,
    keys: Mapping[str, str],
    workspace: Workspace,
    thresholds: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return every finding, as `quality --json` prints them; see docs/methods/outliers.md.

    Parameters
    ----------
    keys
        Keys of the artefacts by kind; a topic whose artefact is not named is null.
    thresholds
        Thresholds of picture issues that a person moved.
    """
    ids = opened.items["item_id"].astype(str).to_numpy(object)
    found: dict[str, Any] = dict.fromkeys(TOLD_BY)
    if keys.get("duplicates"):
        found["duplicates"] = _duplicates(workspace.read("duplicates", keys["duplicates"]), ids)
    if keys.get("outliers"):
        found["outliers"] = _outliers(workspace, keys["outliers"], ids)
    if keys.get("pixels"):
        measures = workspace.read("pixels", keys["pixels"]).tables["measures"]
        found["pictures"] = {
            name: ids[one.rows].tolist()
            for name, one in picture_issues(measures, thresholds).items()
        }
    if keys.get("labelcheck"):
        found["labels"] = _labels(workspace.read("labelcheck", keys["labelcheck"]), ids)
    return found


# -- counts ----------------------------------------------------------------------------------------


def _count_duplicates(stored: Artefact) -> dict[str, Any]:
    meta = stored.meta
    return {
        "threshold": meta["tau"], "source": meta["source"], "text": meta["text"],
        "turned": meta["turned"], "counts": meta["counts"],
        "leaks": len(stored.tables["leaks"]), "notice": str(meta.get("notice") or ""),
    }  # fmt: skip


def _count_outliers(stored: Artefact) -> dict[str, Any]:
    told = ("listed", "listed_out", "method", "status", "text", "notice", "reference", "compared",
            "units", "k", "share", "q", "n_clean", "p_least", "per_class")  # fmt: skip
    return {name: stored.meta[name] for name in told}


def _count_pictures(stored: Artefact, thresholds: Mapping[str, float] | None) -> dict[str, Any]:
    issues = {
        name: {"count": len(one.rows), "threshold": one.threshold, "unsuited": one.unsuited}
        for name, one in picture_issues(stored.tables["measures"], thresholds).items()
    }
    meta = stored.meta
    return {
        "known": meta["known"], "without": meta["without"], "unread": meta["unread"],
        "issues": issues, "notice": meta["notice"],
    }  # fmt: skip


def _count_labels(stored: Artefact) -> dict[str, Any]:
    told = ("issues", "column", "classes", "judged", "labelled", "effective", "ratio", "ber",
            "status", "notice")  # fmt: skip
    return {name: plain(stored.meta[name]) for name in told}


_COUNTS = {"duplicates": _count_duplicates, "outliers": _count_outliers, "labels": _count_labels}


# -- every finding ---------------------------------------------------------------------------------


def _duplicates(stored: Artefact, ids: np.ndarray) -> dict[str, Any]:
    """Return groups of item ids on every level, and the rows of the same groups."""
    groups, members = stored.tables["groups"], stored.tables["members"]
    parts = members.groupby("group", sort=True)["row"].apply(list)
    rows = dict(zip(parts.index.tolist(), parts.tolist(), strict=True))
    of_level = {
        level: [rows[number] for number in groups.loc[groups["level"] == level, "group"].tolist()]
        for level in LEVELS
    }
    named = {level: [ids[one].tolist() for one in held] for level, held in of_level.items()}
    meta = stored.meta
    near = {"threshold": meta["tau"], "source": meta["source"], "groups": named.pop("near")}
    leaks = [plain(line) for line in stored.tables["leaks"].to_dict("records")]
    named = named if meta["turned"] else {k: v for k, v in named.items() if k != "turned"}
    return {**named, "near": near, "rows": of_level, "leaks": leaks}


def _outliers(workspace: Workspace, key: str, ids: np.ndarray) -> list[dict[str, Any]]:
    """Return the images listed, the most alone first."""
    found = read_outliers(workspace, key)
    table = found.table.iloc[found.rows]
    lines = table.drop(columns=["listed"]).to_dict("records")
    return [
        {"item_id": ids[row], "row": row, **plain(line)}
        for row, line in zip(found.rows.tolist(), lines, strict=True)
    ]


def _labels(stored: Artefact, ids: np.ndarray) -> dict[str, Any]:
    """Return the labels that are probably wrong, the classes, and the least error."""
    tables, meta = stored.tables, stored.meta
    issues = [
        {"item_id": ids[line["row"]], **plain(line)} for line in tables["issues"].to_dict("records")
    ]
    balance = {
        "classes": [plain(line) for line in tables["balance"].to_dict("records")],
        **{name: plain(meta[name]) for name in ("effective", "ratio", "statistic", "p")},
    }
    ber = plain(meta["ber"]) or {"lower": None, "upper": None}
    curve = [plain(line) for line in tables["ber"].to_dict("records")]
    return {"column": meta["column"], "issues": issues, "balance": balance, "ber": ber,
            "ber_curve": curve}  # fmt: skip


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: numbers of Python, null for what is missing or infinite."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value
